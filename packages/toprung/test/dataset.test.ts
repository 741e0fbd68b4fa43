/** What a run writes down, and how it is read back. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, describe, expect, test, vi } from 'vitest';
import {
  AbortError,
  DATASET_TABLES,
  type DatasetOptionsInput,
  readManifest,
  readTable,
  replay,
  type SimulationResult,
  simulate,
  ToprungError,
  tableDefinitions,
} from '../src/index.js';

// Processes and files on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const root = mkdtempSync(path.join(tmpdir(), 'toprung-dataset-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const config = { books: 40, horizon: { events: 3_000 }, warmupEvents: 500, latencySampling: 4 } as const;

function record(name: string, threads: number, options: Partial<DatasetOptionsInput> = {}): Promise<SimulationResult> {
  return simulate({ ...config, threads }, { record: { folder: path.join(root, name), ...options } });
}

async function rejection(promise: Promise<unknown>): Promise<ToprungError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ToprungError);
  return error as ToprungError;
}

describe('simulate() with record', () => {
  test('the same bytes for any number of threads, and the digest of a run without', async () => {
    const [one, two, plain] = await Promise.all([record('one', 1), record('two', 2), simulate(config)]);
    expect([one.digest, two.digest]).toEqual([plain.digest, plain.digest]);
    const { latency: _, ...tables } = one.dataset!.tables;
    const { latency: __, ...others } = two.dataset!.tables;
    expect(tables).toEqual(others);
    expect(Object.keys(one.dataset!.tables).sort()).toEqual([...DATASET_TABLES].sort());
    // Forty books are twenty parts of two, whatever the threads.
    expect(tables.orders!.files).toHaveLength(20);
    expect(readManifest(path.join(root, 'one'))).toEqual(one.dataset);
    expect(one.dataset).toMatchObject({
      schema: 'toprung.dataset/1',
      format: 'parquet',
      tickSize: '0.01',
      run: { kind: 'simulation', seed: 1, digest: one.digest, events: 140_000, partial: false },
    });
    expect(plain.dataset).toBeUndefined();
  });

  test('the tables have the run’s numbers', async () => {
    const { dataset, metrics } = await record('numbers', 2, { tables: ['trades', 'metrics', 'orders'] });
    expect(Object.keys(dataset!.tables)).toEqual(['metrics', 'orders', 'trades']);
    let [volume, trades] = [0, 0];
    for await (const bytes of readTable(path.join(root, 'numbers'), 'metrics')) {
      const books = tableFromIPC(bytes);
      for (let i = 0; i < books.numRows; i++) {
        volume += Number(books.getChild('volume_lots')!.get(i));
        trades += Number(books.getChild('trades')!.get(i));
        expect(String(books.getChild('digest')!.get(i))).toMatch(/^[0-9a-f]{32}$/);
      }
    }
    expect([volume, trades]).toEqual([metrics.volume, metrics.trades]);
    // The table has the warm-up's trades too.
    expect(dataset!.tables.trades!.rows).toBeGreaterThan(trades);
  });

  test('a run that is stopped leaves a whole dataset that says so', async () => {
    const controller = new AbortController();
    const folder = path.join(root, 'stopped');
    const run = simulate(
      { horizon: { events: 100_000_000 } },
      { record: { folder }, signal: controller.signal, onProgress: () => controller.abort() },
    );
    const error = await run.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AbortError);
    const { dataset, digest } = (error as AbortError<SimulationResult>).partial!;
    expect(dataset!.run).toMatchObject({ partial: true, digest });
    expect(readManifest(folder)).toEqual(dataset);
  });

  test('a run that is not the expected one leaves nothing', async () => {
    const error = await rejection(record('unexpected', 1, { expectedDigest: '0'.repeat(32) }));
    expect(error.code).toBe('ERR_TOPRUNG_DATASET_DIVERGED');
    expect(readdirSync(root).filter((name) => name.startsWith('unexpected'))).toEqual([]);
  });

  test('what cannot be is refused before anything runs', async () => {
    const refused = async (options: object): Promise<[string, string | undefined]> => {
      const error = await rejection(simulate({}, { record: options as DatasetOptionsInput }));
      return [error.code, error.path];
    };
    expect(await refused({})).toEqual(['ERR_TOPRUNG_CONFIG', 'folder']);
    expect(await refused({ folder: 'x', tables: ['order'] })).toEqual(['ERR_TOPRUNG_CONFIG', 'tables[0]']);
    expect(await refused({ folder: 'x', levels: 0 })).toEqual(['ERR_TOPRUNG_CONFIG', 'levels']);
    writeFileSync(path.join(root, 'file'), '');
    expect(await refused({ folder: path.join(root, 'file') })).toEqual(['ERR_TOPRUNG_DATASET_TAKEN', undefined]);
    expect(await refused({ folder: path.join(root, 'no/such/folder') })).toEqual(['ERR_TOPRUNG_OUTPUT', undefined]);
  });
});

describe('replay() with record', () => {
  test('writes the day, at the day’s times', async () => {
    const file = new URL('../../../tests/fixtures/replay/small.replay.csv', import.meta.url);
    const folder = path.join(root, 'day');
    const report = await replay(file, { record: { folder } });
    expect(report.dataset).toMatchObject({ run: { kind: 'replay', digest: report.digest } });
    expect(report.dataset!.tables.trades!.rows).toBe(report.fills);
    expect((await replay(file)).dataset).toBeNull();
    for await (const bytes of readTable(folder, 'orders')) {
      const ts = tableFromIPC(bytes).getChild('ts')!.data[0]!.values as BigInt64Array;
      expect(Number(ts[0])).toBe(report.firstTimeNs);
    }
  });
});

describe('readTable()', () => {
  test('hands memory over: apache-arrow looks at the bytes that Rust wrote, in bounded batches', async () => {
    await record('handed', 2);
    let rows = 0;
    for await (const bytes of readTable(path.join(root, 'handed'), 'orders', { batchRows: 1_000 })) {
      const batch = tableFromIPC(bytes);
      expect(batch.numRows).toBeLessThanOrEqual(1_000);
      const { values } = batch.getChild('price_ticks')!.data[0]!;
      expect((values as BigInt64Array).buffer).toBe(bytes.buffer);
      rows += batch.numRows;
    }
    expect(rows).toBe(readManifest(path.join(root, 'handed')).tables.orders!.rows);
  });

  test('reads Arrow files as it reads Parquet', async () => {
    const all = async (name: string): Promise<string[]> => {
      const found: string[] = [];
      for await (const bytes of readTable(path.join(root, name), 'l2'))
        found.push(...tableFromIPC(bytes).toArray().map(String));
      return found;
    };
    await record('as-arrow', 2, { format: 'arrow', tables: ['l2'] });
    await record('as-parquet', 2, { tables: ['l2'] });
    const rows = await all('as-arrow');
    expect(rows.length).toBeGreaterThan(1_000);
    expect(await all('as-parquet')).toEqual(rows);
  });

  test('says what is missing', async () => {
    await record('some', 1, { tables: ['l1'] });
    await record('lines', 1, { format: 'ndjson' });
    const code = async (name: string, table: string, options = {}): Promise<string> =>
      (await rejection(readTable(path.join(root, name), table, options).next())).code;
    expect(await code('nowhere', 'l1')).toBe('ERR_TOPRUNG_DATASET_NOT_FOUND');
    expect(await code('some', 'trades')).toBe('ERR_TOPRUNG_DATASET_NO_TABLE');
    expect(await code('lines', 'l1')).toBe('ERR_TOPRUNG_DATASET_VERSION');
    expect(await code('some', 'l1', { batchRows: 0 })).toBe('ERR_TOPRUNG_OUT_OF_RANGE');
    expect(existsSync(path.join(root, 'nowhere'))).toBe(false);
  });

  test('every table is defined, each column with what it says', () => {
    const definitions = tableDefinitions();
    expect(definitions.map(({ name }) => name)).toEqual([...DATASET_TABLES]);
    for (const { columns } of definitions)
      expect(columns.every(({ description }) => description.length > 3)).toBe(true);
  });
});
