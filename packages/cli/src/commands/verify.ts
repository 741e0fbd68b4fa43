/** `toprung verify`: runs a scenario on several numbers of threads and says whether every digest is the same. */
import { catalogue, marketDigests } from 'toprung';
import type { CommandSpec } from '../command-line.js';
import { usageError } from '../errors.js';
import { ExitCode } from '../exit-codes.js';
import { table } from '../format.js';
import type { Arguments } from '../main.js';
import type { Terminal } from '../terminal.js';
import { findMarketScenario } from './scenarios.js';

const defaultThreads = '1,2,3,7';

export function spec(): CommandSpec {
  return {
    name: 'verify',
    usage: '[scenario]',
    summary: 'Run a scenario on several numbers of threads, and twice, and compare the digests',
    positionals: { scenario: { describe: 'The scenario; all of them if none is named' } },
    options: {
      threads: {
        describe: `Numbers of threads, separated by commas (${defaultThreads} if not given)`,
        type: 'string',
        requiresArg: true,
      },
    },
    examples: [
      ['verify flash-crash', 'one scenario on 1, 2, 3 and 7 threads, and again on 1'],
      ['verify', 'every scenario of the catalogue'],
    ],
  };
}

export async function run(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const { scenario: name, threads: typed = defaultThreads } = args as Record<string, string | undefined>;
  const threads = typed.split(',').map(Number);
  if (threads.some((n) => !Number.isInteger(n) || n < 1 || n > 1024))
    throw usageError(`--threads: expected numbers from 1 to 1024 separated by commas, got "${typed}"`);
  const chosen = name === undefined ? catalogue.list() : [findMarketScenario(name)];
  const results = [];
  for (const scenario of chosen) {
    const digests = await marketDigests(scenario.market, threads);
    results.push({ scenario: scenario.name, same: new Set(digests.map((d) => d.digest)).size === 1, digests });
  }
  const same = results.every((r) => r.same);
  if (terminal.options.json) {
    terminal.printJson({ schema: 'toprung.verify/1', same, results });
  } else {
    const runs = `${threads.join(', ')} threads, and again on ${threads[0]}`;
    for (const row of table(results.map((r) => [r.scenario, r.digests[0]!.digest, r.same ? 'same' : 'DIFFERS'])))
      terminal.print(row);
    for (const { scenario, digests } of results.filter((r) => !r.same)) {
      terminal.print(scenario);
      for (const d of digests) terminal.print(`  ${d.threads} threads: ${d.digest}`);
    }
    terminal.print(same ? `deterministic on ${runs}` : `NOT deterministic on ${runs}`);
  }
  return same ? ExitCode.ok : ExitCode.nondeterministic;
}
