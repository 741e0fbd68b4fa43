/** `toprung policies`: the table, the comparison against the reference's own, errors, and docs that quote it. */
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCommand, toprung } from '../lib/command.js';
import { repository } from '../lib/shared-data.js';

const example = ['policies', '--book', '10T,5,20,50,75', '--aggressor', '60'];

/** The rows of a comparison: label and fills. */
function rowsOf(stdout: string): Record<string, number[]> {
  const lines = stdout.trimEnd().split('\n').slice(1);
  return Object.fromEntries(
    lines.map((line) => {
      const [label = '', ...fills] = line.trim().split(/ {2,}/);
      return [label, fills.map(Number)];
    }),
  );
}

describe('the table', () => {
  test('names every preset with its steps', async () => {
    const { code, stdout } = await toprung(['policies']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^policy +title +steps +used for\n/);
    expect(stdout).toMatch(
      /\ncme\.A +Allocation: pro-rata with TOP +top → pro-rata min 2 → fifo +SR3 and SR1 futures\n/,
    );
  });

  test('is one JSON document under --json', async () => {
    const { stdout } = await toprung(['policies', '--json']);
    const { schema, policies } = JSON.parse(stdout);
    expect(schema).toBe('toprung.policies/1');
    expect(policies.find(({ name }: { name: string }) => name === 'cme.A')).toMatchObject({
      steps: [{ kind: 'top' }, { kind: 'pro-rata', minLot: 2 }, { kind: 'fifo' }],
    });
  });
});

describe('the comparison', () => {
  test('gives the reference’s own table', async () => {
    const { code, stdout } = await toprung(example);
    expect(code).toBe(0);
    // MATCHING-POLICIES.md, "Same book, every policy".
    expect(rowsOf(stdout)).toMatchObject({
      'cme.F': [10, 5, 20, 25, 0],
      'cme.C': [7, 0, 7, 18, 28],
      'cme.C:minLot=1': [6, 1, 7, 18, 28],
      'cme.A': [10, 3, 6, 16, 25],
      'cme.O:topMaxQty=5': [9, 1, 7, 17, 26],
      'cme.Q:lmm=4@40': [10, 3, 4, 26, 17],
      'cme.S': [10, 5, 20, 25, 0],
      'cme.T': [10, 5, 20, 25, 0],
      'cme.K': [10, 5, 17, 11, 17],
      'cme.K:fifoPercent=20': [10, 5, 10, 14, 21],
      'eurex.tpr': [9, 3, 12, 23, 13],
    });
  });

  test('shows each step', async () => {
    const { stdout } = await toprung([...example, '--policy', 'cme.A', '--steps']);
    expect(rowsOf(stdout)).toEqual({
      'cme.A': [10, 3, 6, 16, 25],
      top: [10, 0, 0, 0, 0],
      'pro-rata min 2': [0, 0, 6, 16, 25],
      fifo: [0, 3, 0, 0, 0],
    });
  });

  test('takes several policies, and is one JSON document under --json', async () => {
    const { stdout } = await toprung([...example, '--policy', 'cme.F', '--policy', 'cme.Q:lmm=4@40', '--json']);
    const { schema, aggressor, allocations } = JSON.parse(stdout);
    expect({ schema, aggressor }).toEqual({ schema: 'toprung.allocations/1', aggressor: 60 });
    expect(allocations).toMatchObject([
      { label: 'cme.F', fills: [10, 5, 20, 25, 0] },
      { label: 'cme.Q:lmm=4@40', fills: [10, 3, 4, 26, 17], policy: { kind: 'preset', name: 'cme.Q' } },
    ]);
  });

  test('leaves out what the level has no order for', async () => {
    const { stdout } = await toprung(['policies', '--book', '10,5', '--aggressor', '3']);
    expect(stdout).not.toContain('lmm=4');
  });

  test.each([
    [['--book', '10x', '--aggressor', '1'], /order 1 of the book: expected the marks/],
    [['--book', '10,5T', '--aggressor', '1'], /the oldest order alone/],
    [['--book', '', '--aggressor', '1'], /expected a size from 1/],
    [['--book', '10', '--aggressor', '0'], /aggressor: expected an integer in 1\.\.=/],
    [['--book', '10', '--aggressor', 'x'], /expected a number, got "x"/],
    [['--book', '10'], /--aggressor is missing/],
    [['--steps'], /needs a level and an aggressor/],
    [['--book', '10', '--aggressor', '1', '--policy', 'cme.Z'], /there is no policy cme\.Z/],
    [['--book', '10', '--aggressor', '1', '--policy', 'cme.K:fifoPercent'], /expected NAME:PARAMETER=VALUE/],
    [['--book', '10', '--aggressor', '1', '--policy', 'cme.K:fifoPercent=101'], /at most 100, got 101/],
    [['--book', '10', '--aggressor', '1', '--policy', 'cme.K:fifo=1'], /there is no such setting/],
    [['--book', '10', '--aggressor', '1', '--policy', 'cme.Q:lmm=2@40'], /there is no order 2/],
  ])('%j is an error of the command line', async (args, message) => {
    const { code, stdout, stderr } = await toprung(['policies', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toContain('ERR_TOPRUNG_USAGE');
  });
});

test('docs/policies.md and docs/policies quote the command as it is', async () => {
  const script = path.join(repository, 'scripts/gen-policy-docs.mjs');
  expect(await runCommand(process.execPath, [script, '--check'])).toMatchObject({ code: 0 });
}, 60_000);
