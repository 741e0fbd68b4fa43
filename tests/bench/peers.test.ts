/** The adapters of other engines: on a few commands everybody trades what toprung trades, and says what it does not have. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { COMMAND_BYTES, CommandBatch } from 'toprung';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repository } from '../lib/shared-data.js';

const folder = mkdtempSync(path.join(tmpdir(), 'toprung-peers-test-'));
const file = path.join(folder, 'workload');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => {
  const batch = new CommandBatch({ capacity: 64 });
  // The preload: asks of ten lots at 101 to 105, bids at 100 to 96.
  for (let i = 0; i < 5; i++) {
    batch.limit(1 + 2 * i, 'sell', 101 + i, 10);
    batch.limit(2 + 2 * i, 'buy', 100 - i, 10);
  }
  const preload = batch.length;
  batch.limit(11, 'sell', 101, 5);
  batch.cancel(3);
  batch.market(12, 'buy', 12); // 10 of the first at 101, 2 of the eleventh
  batch.limit(13, 'buy', 103, 20); // 3 at 101, 10 at 103; 7 rest at 103
  batch.market(14, 'sell', 9); // 7 at 103, 2 at 100
  const known = batch.length;
  batch.reduce(2, 3); // 5 of 8 are left of the bid at 100
  const bytes = Buffer.from(batch.bytes.subarray(0, batch.length * COMMAND_BYTES));
  // What is open afterwards stands where the price of others does.
  bytes.writeDoubleLE(5, known * COMMAND_BYTES + 8);
  const head = Buffer.alloc(16);
  head.writeBigUInt64LE(BigInt(preload), 0);
  head.writeBigUInt64LE(BigInt(batch.length - preload), 8);
  writeFileSync(file, Buffer.concat([head, bytes]));
});

const expected = { trades: 6, volume: 34, notional: 10 * 101 + 2 * 101 + 3 * 101 + 10 * 103 + 7 * 103 + 2 * 100 };

interface Greeting {
  engines: { name: string; supports: string[] }[];
}

/** Asks a program for its engines, and each for a run. */
async function runAll(command: string, script: string): Promise<Map<string, Record<string, unknown>>> {
  const child: ChildProcess = spawn(command, [script], { cwd: repository, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value as string);
  const { engines } = (await next()) as Greeting;
  const found = new Map<string, Record<string, unknown>>();
  for (const { name, supports } of engines) {
    child.stdin!.write(`${JSON.stringify({ engine: name, file, count: 100 })}\n`);
    found.set(name, { supports, ...(await next()) });
  }
  child.stdin!.end();
  return found;
}

function agrees(found: Map<string, Record<string, unknown>>): void {
  for (const [name, { supports, ...outcome }] of found) {
    const lost = (supports as string[]).includes('reduce') ? 0 : 1;
    expect({ name, ...outcome }).toMatchObject({
      ...{ name, ...expected, commands: 6 - lost, refused: 0 },
      unsupported: { market: 0, cancel: 0, reduce: lost },
    });
  }
}

describe('engines', () => {
  test('from npm', async () => {
    const found = await runAll(process.execPath, 'bench/peers/node.mjs');
    expect([...found.keys()]).toEqual([
      'toprung from Node',
      'toprung from Node, one by one',
      'nodejs-order-book',
      'hft-limit-order-book',
      'limit-order-book',
    ]);
    agrees(found);
  });

  const python = process.env.TOPRUNG_PYTHON ?? 'python3';
  const hasPython = spawnSync(python, ['--version']).status === 0;
  if (!hasPython) console.log(`SKIPPED: engines in Python (no ${python})`);
  test.runIf(hasPython)('from PyPI, where they are installed', async () => {
    const found = await runAll(python, 'bench/peers/engines.py');
    if (found.size === 0) console.log('SKIPPED: bourse and LightMatchingEngine (not installed; set TOPRUNG_PYTHON)');
    agrees(found);
    expect(found.size).toBeLessThanOrEqual(2);
  });
});
