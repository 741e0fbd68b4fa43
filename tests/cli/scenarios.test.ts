/** `toprung scenarios run` and `check`, `toprung verify`, and the pages that are made from the same data. */
import path from 'node:path';
import type { ScenarioReport } from 'toprung';
import { expect, test } from 'vitest';
import { runCommand, toprung } from '../lib/command.js';
import { repository } from '../lib/shared-data.js';

test('check prints both arms and the verdict', async () => {
  const { code, stdout } = await toprung(['scenarios', 'check', 'self-match', '--seeds', '4', '--quiet']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/measure\s+treatment\s+control/);
  expect(stdout).toMatch(/ {2}limit +\d[\d,]* +\d/);
  expect(stdout).toMatch(/self ≤ 0\s+0\s+4\/4/);
  expect(stdout).toContain('passes: the treatment meets every rule in 4 of 4 seeds, the control in 0');
});

test('run prints every arm of one seed, the same each time', async () => {
  const once = await toprung(['scenarios', 'run', 'self-match', '--seed', '3', '--json']);
  expect(once.code).toBe(0);
  const { latencyByKind, ...report } = JSON.parse(once.stdout) as ScenarioReport;
  expect(report.arms.map((a) => a.arm)).toEqual(['treatment', 'control']);
  expect(latencyByKind.limit!.count).toBeGreaterThan(0);
  const again = await toprung(['scenarios', 'run', 'self-match', '--seed', '3', '--json']);
  // All but the machine's part.
  expect({ ...(JSON.parse(again.stdout) as ScenarioReport), latencyByKind: undefined }).toEqual(report);
});

test('a scenario that does not do what it claims ends with 4', async () => {
  // One seed of a rule over all seeds has no statistic, so it cannot hold.
  const { code, stdout } = await toprung(['scenarios', 'check', 'spoofing', '--seeds', '1', '--quiet']);
  expect(code).toBe(4);
  expect(stdout).toContain('FAILS');
});

test('verify compares digests on several numbers of threads', async () => {
  const { code, stdout } = await toprung(['verify', 'self-match', '--threads', '1,2,3']);
  expect(code).toBe(0);
  expect(stdout).toContain('deterministic on 1, 2, 3 threads, and again on 1');
});

test.each([
  [['scenarios', 'check', 'flash-carsh'], /did you mean flash-crash\?/],
  [['scenarios', 'check'], /which scenario\?/],
  [['scenarios', 'check', 'flash-crash', '--seeds', '0'], /--seeds: expected an integer of at least 1/],
  [['verify', 'flash-crash', '--threads', 'many'], /--threads: expected numbers/],
])('%j is an error of the command line', async (args, message) => {
  const { code, stdout, stderr } = await toprung(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
});

test('docs/scenarios.md and docs/agents.md say what the data says', async () => {
  const script = path.join(repository, 'scripts/gen-scenario-docs.mjs');
  expect(await runCommand(process.execPath, [script, '--check'])).toMatchObject({ code: 0 });
});
