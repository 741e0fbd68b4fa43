/** `toprung orders`: the truth table, and docs that quote it and run their examples. */
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCommand, toprung } from '../lib/command.js';
import { repository } from '../lib/shared-data.js';

describe('the table', () => {
  test('has a row for the times in force that are answered alike, and a column for each phase', async () => {
    const { code, stdout } = await toprung(['orders']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^order +time in force +pre-open +opening-auction +continuous +volatility-interruption +halt /,
    );
    expect(stdout).toMatch(/\nlimit +at-close +held +held +held +held +wrong-phase +accepted +wrong-phase\n/);
    expect(stdout).toMatch(/\nbudget +ioc, fok +wrong-phase +wrong-phase +accepted +wrong-phase /);
  });

  test('is one JSON document under --json', async () => {
    const { stdout } = await toprung(['orders', '--json']);
    const { schema, phases, rows } = JSON.parse(stdout);
    expect({ schema, phases: phases.length }).toEqual({ schema: 'toprung.orders/1', phases: 7 });
    const stop = rows.find(({ order }: { order: string }) => order === 'stop');
    expect(stop).toMatchObject({
      timesInForce: ['gtc', 'ioc', 'fok', 'gtd', 'day'],
      answers: { continuous: 'held', closed: 'wrong-phase' },
    });
    // Each type and option has each of the seven times in force once.
    const times = rows.flatMap((row: { timesInForce: string[] }) => row.timesInForce);
    expect(times.length).toBe(7 * new Set(rows.map(({ order }: { order: string }) => order)).size);
  });

  test('takes no arguments', async () => {
    expect(await toprung(['orders', '--type', 'stop'])).toMatchObject({ code: 2, stdout: '' });
  });
});

test('docs/orders quote the table, and what the venue answers to their examples', async () => {
  const script = path.join(repository, 'scripts/gen-order-docs.mjs');
  expect(await runCommand(process.execPath, [script, '--check'])).toMatchObject({ code: 0 });
}, 60_000);
