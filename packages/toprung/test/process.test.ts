/**
 * Processes and workers, on the built package (`dist`): no run keeps node from ending, and memory is shared between
 * threads.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { COMMAND_BYTES, CommandBatch, EVENT_BYTES, EventBatch, OrderBook } from '../src/index.js';

const built = new URL('../dist/index.js', import.meta.url);
const load = `const { simulate, OrderBook, CommandBatch } = await import(${JSON.stringify(built.href)});`;
const endless = `simulate({ books: 64, horizon: { events: 10_000_000_000 }, samples: { rows: 0 } })`;

/** A worker that runs a script. */
const worker = (script: string, workerData?: unknown) =>
  new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), { workerData });

/** Runs a script in a process of its own. */
function run(script: string): { code: number | null; signal: string | null; seconds: number; output: string } {
  const began = performance.now();
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  const { status, signal, stdout, stderr } = child;
  return { code: status, signal, seconds: (performance.now() - began) / 1000, output: stdout + stderr };
}

describe.skipIf(!existsSync(built))('a run that goes on', () => {
  it('does not keep process.exit waiting', () => {
    const { code, seconds } = run(`${load} ${endless}; setTimeout(() => process.exit(7), 100)`);
    expect(code).toBe(7);
    expect(seconds).toBeLessThan(10);
  });

  it('does not keep an uncaught error waiting', () => {
    const { code, output } = run(`${load} ${endless}; setTimeout(() => { throw new Error('boom'); }, 100)`);
    expect(code).toBe(1);
    expect(output).toContain('boom');
  });

  it('does not keep worker.terminate waiting', async () => {
    const w = worker(
      `import { parentPort } from 'node:worker_threads'; ${load} ${endless}; parentPort.postMessage(1);`,
    );
    await new Promise((resolve) => w.once('message', resolve));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const began = performance.now();
    await w.terminate();
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

describe.skipIf(!existsSync(built))('a worker', () => {
  it('writes commands into memory that another thread’s book reads', async () => {
    const buffer = new SharedArrayBuffer(COMMAND_BYTES * 100);
    const w = worker(
      `import { parentPort, workerData } from 'node:worker_threads'; ${load}
       const batch = new CommandBatch({ buffer: workerData });
       for (let i = 0; i < 100; i++) batch.limit(i, i % 2 ? 'buy' : 'sell', 100 + (i % 2), 1);
       parentPort.postMessage(batch.length);`,
      buffer,
    );
    const length = await new Promise<number>((resolve, reject) => w.once('message', resolve).once('error', reject));
    const events = new EventBatch({ buffer: new SharedArrayBuffer(EVENT_BYTES * 400) });
    new OrderBook().submit(new CommandBatch({ buffer, length }), events);
    expect([...events.rows()].filter((e) => e.kind === 'trade')).toHaveLength(50);
    await w.terminate();
  });
});
