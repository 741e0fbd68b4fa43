/** `toprung export` and `toprung query`: the same values for every reader, and nothing half-written. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { readTable } from 'toprung';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { toprung, toprungScript } from '../lib/command.js';
import { fixture } from '../lib/shared-data.js';

// Processes and files on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const root = mkdtempSync(path.join(tmpdir(), 'toprung-export-'));
const run = path.join(root, 'run');
const trades = `select count(*) as n, sum(price_ticks) as p, sum(qty_lots) as q, sum(epoch_ns(ts)) as t,
  count(*) filter (where aggressor_side = 'buy') as b from trades`;

beforeAll(async () => {
  const args = ['simulate', '--books', '3', '--events', '20000', '--warmup-events', '1000', '--order-size', '3'];
  expect(await toprung([...args, '--out', run, '--quiet'])).toMatchObject({ code: 0, stderr: '' });
  expect(await toprung(['export', run])).toMatchObject({ code: 0 });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The sums of the query above, read through Rust and apache-arrow. */
async function sums(): Promise<number[]> {
  const all = { n: 0n, p: 0n, q: 0n, t: 0n, b: 0n };
  for await (const bytes of readTable(path.join(run, 'data'), 'trades')) {
    const batch = tableFromIPC(bytes);
    const values = (name: string) => [...(batch.getChild(name)!.data[0]!.values as BigInt64Array)];
    const side = batch.getChild('aggressor_side')!;
    all.n += BigInt(batch.numRows);
    for (const [i, price] of values('price_ticks').entries()) {
      all.p += price;
      if (side.get(i) === 'buy') all.b += 1n;
    }
    for (const qty of values('qty_lots')) all.q += qty;
    for (const ts of values('ts')) all.t += ts;
  }
  return Object.values(all).map(Number);
}

describe('query', () => {
  test('DuckDB reads what Rust wrote', async () => {
    const { code, stdout, stderr } = await toprung(['query', run, trades, '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { columns, rows } = JSON.parse(stdout);
    expect(columns).toEqual(['n', 'p', 'q', 't', 'b']);
    const expected = await sums();
    expect(expected[0]).toBeGreaterThan(1_000);
    expect(rows).toEqual([expected]);
  });

  test('orders and trades give the book that l2 gives', async () => {
    const sql = `with last as (select book, side, price_ticks, arg_max(qty_lots, seq) as q from l2 group by all)
      select (select sum(q) from last)
        = (select sum(case kind when 'accepted' then qty_lots when 'cancelled' then -qty_lots end)
           from (select kind, qty_lots::bigint as qty_lots from orders))
        - (select 2 * sum(qty_lots) from trades) as agree`;
    expect(JSON.parse((await toprung(['query', run, sql, '--json'])).stdout).rows).toEqual([[true]]);
  });

  test.each([
    ['table', 'book  n\n   0  1\n   1  1\n   2  1\n'],
    ['csv', 'book,n\n0,1\n1,1\n2,1\n'],
    ['ndjson', '{"book":0,"n":1}\n{"book":1,"n":1}\n{"book":2,"n":1}\n'],
    ['markdown', '| book | n |\n| --- | --- |\n| 0 | 1 |\n| 1 | 1 |\n| 2 | 1 |\n'],
  ])('as %s', async (format, expected) => {
    const sql = 'select book, count(*) as n from metrics group by book order by book';
    expect(await toprung(['query', run, sql, '--format', format])).toMatchObject({ code: 0, stdout: expected });
  });

  test('a query that is wrong says why, and which tables there are', async () => {
    const { code, stderr } = await toprung(['query', run, 'select * from fills']);
    expect(code).toBe(3);
    expect(stderr).toContain('ERR_TOPRUNG_QUERY');
    expect(stderr).toMatch(/fills does not exist/);
    expect(stderr).toContain('depth, l1, l2, latency, metrics, orders, trades');
  });

  test('without DuckDB it says what to install', async () => {
    const hook = `export async function resolve(s, c, next) {
      if (s === '@duckdb/node-api') throw Object.assign(new Error('x'), { code: 'ERR_MODULE_NOT_FOUND' });
      return next(s, c);
    }`;
    const url = `data:text/javascript,${encodeURIComponent(hook)}`;
    const register = `import { register } from 'node:module'; register(${JSON.stringify(url)})`;
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(register)}` };
    const { code, stderr } = await toprung(['query', run, 'select 1'], { env });
    expect(code).toBe(3);
    expect(stderr).toContain('npm install @duckdb/node-api');
    expect(stderr).toContain('ERR_TOPRUNG_QUERY_ENGINE');
  });
});

/** A Python that has pandas and pyarrow: `TOPRUNG_PYTHON`, or `python3`. */
const python = process.env.TOPRUNG_PYTHON ?? 'python3';
const hasPandas = spawnSync(python, ['-c', 'import pandas, pyarrow.dataset']).status === 0;
if (!hasPandas) console.log('SKIPPED: pandas and pyarrow read the export (not installed; set TOPRUNG_PYTHON)');

test.runIf(hasPandas)('pandas and pyarrow read the same values', async () => {
  const program = `
import json, sys
import pandas as pd, pyarrow.dataset as ds, pyarrow.parquet as pq
folder = sys.argv[1] + '/data/trades'
a = pd.read_parquet(folder)
b = ds.dataset(folder, format='parquet').to_table().to_pandas()
assert a.equals(b)
assert str(a.ts.dtype) == 'datetime64[ns]' and str(a.price_ticks.dtype) == 'int64', a.dtypes
meta = pq.read_metadata(folder + '/part-00000-000.parquet').metadata
assert meta[b'toprung.tick_size'] == b'0.01' and meta[b'toprung.table'] == b'trades', meta
t = a.ts.astype('int64')
print(json.dumps([len(a), int(a.price_ticks.sum()), int(a.qty_lots.sum()), sum(int(x) for x in t), int((a.aggressor_side == 'buy').sum())]))
`;
  expect(JSON.parse(execFileSync(python, ['-c', program, run], { encoding: 'utf8' }))).toEqual(await sums());
});

describe('export', () => {
  test('gives the same dataset again, and adds to what the run kept', async () => {
    const manifest = readFileSync(path.join(run, 'data/_manifest.json'), 'utf8');
    const { code, stdout } = await toprung(['export', run, '--json']);
    expect(code).toBe(0);
    const again = JSON.parse(stdout).manifest.tables;
    const { latency: _, ...before } = JSON.parse(manifest).tables;
    expect(again).toMatchObject(before);
    expect(Object.keys(again)).toContain('latency');
    expect(readdirSync(run).sort()).toEqual(['config.json', 'data', 'result.json']);
  });

  test('LOBSTER files replay to the same fills', async () => {
    const out = path.join(root, 'lobster');
    expect((await toprung(['export', run, '--format', 'lobster', '--levels', '5', '--out', out])).code).toBe(0);
    const day = path.join(out, 'lobster/book-00001_message_5.csv');
    const { code, stdout } = await toprung(['replay', day, '--verify', '--checkpoint-every', '1', '--json']);
    expect(code).toBe(0);
    const [[fills]] = JSON.parse(
      (await toprung(['query', run, 'select count(*) from trades where book = 1', '--json'])).stdout,
    ).rows;
    expect(JSON.parse(stdout)).toMatchObject({ agrees: true, fills });
  });

  test('NDJSON has a line a row', async () => {
    const out = path.join(root, 'lines');
    const args = ['export', run, '--format', 'ndjson', '--tables', 'trades', '--out', out, '--json'];
    const { rows } = JSON.parse((await toprung(args)).stdout).manifest.tables.trades;
    const lines = readdirSync(path.join(out, 'trades')).flatMap((file) =>
      readFileSync(path.join(out, 'trades', file), 'utf8')
        .trim()
        .split('\n'),
    );
    expect(lines).toHaveLength(rows);
    expect(JSON.parse(lines[0]!)).toHaveProperty('price_ticks');
  });

  test('a replay that was kept can be exported, too', async () => {
    const kept = path.join(root, 'day');
    const file = fixture('replay/small.replay.csv');
    expect((await toprung(['replay', file, '--out', kept])).code).toBe(0);
    expect((await toprung(['export', kept, '--tables', 'trades'])).code).toBe(0);
    const { stdout } = await toprung(['query', kept, 'select count(*) from trades', '--format', 'csv']);
    expect(stdout).toBe('count_star()\n2\n');
  });
});

describe('what goes wrong', () => {
  const copy = (name: string, change: (result: Record<string, unknown>) => void): string => {
    const folder = path.join(root, name);
    mkdirSync(folder);
    const result = JSON.parse(readFileSync(path.join(run, 'result.json'), 'utf8')) as Record<string, unknown>;
    change(result);
    writeFileSync(path.join(folder, 'result.json'), JSON.stringify(result));
    return folder;
  };
  const fails = async (args: string[], code: number, id: string, text: string | RegExp): Promise<void> => {
    const found = await toprung(args);
    expect(found.stderr).toContain(`${id} (exit ${code})`);
    expect(found.stderr).toMatch(text);
    expect(found).toMatchObject({ code, stdout: '' });
  };

  test('a run that is not there, not finished, or interrupted', async () => {
    for (const command of [['export'], ['report'], ['query']]) {
      const args = [...command, path.join(root, 'nowhere'), ...(command[0] === 'query' ? ['select 1'] : [])];
      await fails(args, 3, 'ERR_TOPRUNG_RUN_NOT_FOUND', 'no result.json');
    }
    const begun = path.join(root, 'begun');
    mkdirSync(path.join(begun, 'data.1234.tmp'), { recursive: true });
    writeFileSync(path.join(begun, 'config.json'), '{}');
    await fails(['report', begun], 3, 'ERR_TOPRUNG_RUN_PARTIAL', /may be removed: data\.1234\.tmp/);
    const partial = copy('partial', (result) => Object.assign(result, { partial: true }));
    await fails(['export', partial], 3, 'ERR_TOPRUNG_RUN_PARTIAL', 'interrupted');
  });

  test('a run of another version, or one that gives other events', async () => {
    const schema = copy('schema', (result) => Object.assign(result, { schema: 'toprung.simulation/9' }));
    await fails(['report', schema], 3, 'ERR_TOPRUNG_RUN_VERSION', 'got toprung.simulation/9');
    const digest = '0'.repeat(32);
    const other = copy('other', (result) => Object.assign(result, { digest, version: '9.9.9' }));
    await fails(['export', other], 3, 'ERR_TOPRUNG_RUN_VERSION', 'made by toprung 9.9.9');
    const same = copy('same', (result) => Object.assign(result, { digest }));
    await fails(['export', same], 4, 'ERR_TOPRUNG_DATASET_DIVERGED', /expected a run of digest 0+, got/);
    expect(readdirSync(same)).toEqual(['result.json']);
  });

  test('tables of another version', async () => {
    const folder = path.join(root, 'later');
    await toprung(['simulate', '--events', '2000', '--warmup-events', '0', '--out', folder]);
    const file = path.join(folder, 'data/_manifest.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...manifest, schema: 'toprung.dataset/9' }));
    for (const args of [
      ['report', folder],
      ['query', folder, 'select 1'],
    ]) {
      await fails(args, 3, 'ERR_TOPRUNG_DATASET_VERSION', 'toprung.dataset/9');
    }
  });

  test('a file that is cut', async () => {
    const broken = path.join(root, 'broken');
    await toprung(['simulate', '--events', '2000', '--warmup-events', '0', '--out', broken]);
    const file = path.join(broken, 'data/l1/part-00000-000.parquet');
    writeFileSync(file, readFileSync(file).subarray(0, -10));
    await fails(['report', broken], 3, 'ERR_TOPRUNG_DATASET_CORRUPT', 'the manifest says');
  });

  test('an export that is killed leaves nothing under the name', { timeout: 60_000 }, async () => {
    const long = path.join(root, 'long');
    mkdirSync(long);
    const config = { horizon: { events: 2_000_000_000 } };
    const { stdout } = await toprung(['simulate', '--events', '1000', '--out', path.join(root, 'short'), '--json']);
    const result = { ...JSON.parse(stdout), config: { ...JSON.parse(stdout).config, ...config } };
    writeFileSync(path.join(long, 'result.json'), JSON.stringify(result));
    const child = spawn(process.execPath, [toprungScript, 'export', long], { stdio: 'ignore' });
    const leftover = `data.${child.pid}.tmp`;
    const part = path.join(long, leftover, 'orders/part-00000-000.parquet');
    while (!existsSync(part)) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.on('close', resolve));
    expect(readdirSync(long).sort()).toEqual([leftover, 'result.json']);
    expect((await toprung(['query', long, 'select 1'])).stderr).toContain('has no tables to ask');
  });

  const mounted = path.join(root, 'mounted');
  mkdirSync(mounted);
  const mount = (options: string): boolean =>
    process.platform === 'linux' && spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', mounted]).status === 0;
  const canMount = mount('size=1m') && spawnSync('umount', [mounted]).status === 0;
  if (!canMount) console.log('SKIPPED: a full disk and a read-only one (this process may not mount a tmpfs)');

  test.runIf(canMount)('a full disk', async () => {
    expect(mount('size=400k')).toBe(true);
    try {
      const args = ['export', run, '--out', path.join(mounted, 'data')];
      await fails(args, 3, 'ERR_TOPRUNG_OUTPUT', /cannot write: .*No space left/i);
      expect(readdirSync(mounted)).toEqual([]);
    } finally {
      spawnSync('umount', [mounted]);
    }
  });

  test.runIf(canMount)('a disk that fills up while a run or a report is kept on it', async () => {
    expect(mount('size=100k')).toBe(true);
    try {
      const kept = path.join(mounted, 'run');
      const args = ['simulate', '--events', '50000', '--tables', 'all', '--out', kept, '--quiet'];
      await fails(args, 3, 'ERR_TOPRUNG_OUTPUT', /cannot write/);
      // What was to be run is there, and no more: without a result it is no run.
      expect(readdirSync(kept)).toEqual(['config.json']);
      await fails(['report', kept], 3, 'ERR_TOPRUNG_RUN_PARTIAL', 'never came to its end');
      rmSync(kept, { recursive: true });
      await fails(['report', run, '--out', mounted], 3, 'ERR_TOPRUNG_OUTPUT', /ENOSPC/);
      expect(readdirSync(mounted)).toEqual([]);
    } finally {
      spawnSync('umount', [mounted]);
    }
  });

  test.runIf(canMount)('a read-only folder', async () => {
    expect(mount('size=1m,ro')).toBe(true);
    try {
      const args = ['export', run, '--out', path.join(mounted, 'data')];
      await fails(args, 3, 'ERR_TOPRUNG_OUTPUT', /cannot create the folder: .*Read-only/i);
      await fails(['report', run, '--out', mounted], 3, 'ERR_TOPRUNG_OUTPUT', /EROFS/);
      const kept = ['simulate', '--events', '2000', '--out', path.join(mounted, 'run')];
      await fails(kept, 3, 'ERR_TOPRUNG_OUTPUT', /EROFS/);
    } finally {
      spawnSync('umount', [mounted]);
    }
  });
});
