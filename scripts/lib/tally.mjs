// Reads the summaries that the test runners print, so that one line can add them up.

/** @typedef {{ passed: number, failed: number, skipped: string[], failures: string[] }} Tally */

/** The sum of a `cargo test` run: every `test result:` line, and the names of what failed or was ignored. */
export function tallyCargo(output) {
  const text = stripColors(output);
  const tally = { passed: 0, failed: 0, skipped: [], failures: [] };
  for (const [, passed, failed] of text.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm)) {
    tally.passed += Number(passed);
    tally.failed += Number(failed);
  }
  for (const [, name, outcome] of text.matchAll(/^test (.+?) \.\.\. (ignored|FAILED)/gm)) {
    (outcome === 'ignored' ? tally.skipped : tally.failures).push(name);
  }
  // Tests whose data is absent say so themselves: `SKIPPED: <what and why>`.
  for (const [, what] of text.matchAll(/^SKIPPED:? (.+)$/gm)) tally.skipped.push(what.trim());
  return tally;
}

/** The sum of a vitest run, from its JSON report. */
export function tallyVitest(report, root) {
  const tally = { passed: 0, failed: 0, skipped: [], failures: [] };
  for (const file of report.testResults) {
    const where = file.name.startsWith(root) ? file.name.slice(root.length + 1) : file.name;
    if (file.status === 'failed' && file.assertionResults.length === 0) {
      tally.failed += 1;
      tally.failures.push(`${where} (did not load)`);
    }
    for (const test of file.assertionResults) {
      const name = `${where} > ${test.title}`;
      if (test.status === 'passed') tally.passed += 1;
      else if (test.status === 'failed') {
        tally.failed += 1;
        tally.failures.push(name);
      } else tally.skipped.push(name);
    }
  }
  return tally;
}

function stripColors(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
  return text.replace(/\u001b\[[0-9;]*m/g, '');
}
