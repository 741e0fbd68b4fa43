/**
 * Results of benchmarks, as they lie in folders: toprung's own records (`bench/record/`), what criterion left in
 * `target/criterion`, and what vitest wrote with `--outputJson`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { CliError } from '../errors.js';
import { ExitCode } from '../exit-codes.js';

const numbers = z.array(z.number());
const head = {
  date: z.string(),
  commit: z.string(),
  machine: z.record(z.string(), z.union([z.string(), z.number()])),
};
const row = z.object({
  name: z.string(),
  unit: z.string(),
  best: z.number(),
  median: z.number(),
  promise: z.number().optional(),
  /** Whether the promise is a floor; otherwise it is a ceiling. */
  atLeast: z.boolean(),
  holds: z.boolean().optional(),
});
const latency = z.object({ p50: z.number(), p99: z.number(), p999: z.number(), max: z.number() });
const outcome = { trades: z.number(), volume: z.number() };

/** A record of each kind, by its schema; the programs in `bench/node` write them. */
const records = {
  'toprung.bench/1': z.object({ ...head, schema: z.literal('toprung.bench/1'), rows: z.array(row) }),
  'toprung.bench-peers/1': z.object({
    ...head,
    schema: z.literal('toprung.bench-peers/1'),
    engines: z.array(
      z.object({
        name: z.string(),
        version: z.string(),
        language: z.string(),
        supports: z.array(z.string()),
        note: z.string(),
      }),
    ),
    skipped: z.array(z.object({ name: z.string(), workload: z.string().optional(), reason: z.string() })),
    workloads: z.array(
      z.object({
        name: z.string(),
        what: z.string(),
        results: z.array(
          z.object({
            engine: z.string(),
            commands: z.number(),
            best: z.number(),
            median: z.number(),
            ...outcome,
            expected: z.object(outcome),
            agrees: z.boolean(),
            refused: z.number(),
            /** Messages of kinds that it does not have. */
            lost: z.number(),
          }),
        ),
      }),
    ),
  }),
  'toprung.bench-curves/1': z.object({
    ...head,
    schema: z.literal('toprung.bench-curves/1'),
    depth: z.array(z.object({ orders: z.number(), rates: numbers, bytesPerOrder: z.number(), latency })),
    load: z.object({
      clockOverheadNs: z.number(),
      closed: latency,
      open: z.array(z.object({ due: z.number(), done: numbers, latency })),
    }),
    threads: z.array(z.object({ threads: z.number(), rates: numbers })),
    books: z.array(z.object({ books: z.number(), rates: numbers, bytesPerBook: z.number() })),
    boundary: z.array(z.object({ size: z.number(), rates: numbers })),
  }),
  'toprung.bench-against/1': z.object({
    ...head,
    schema: z.literal('toprung.bench-against/1'),
    /** The other commit. */
    against: z.string(),
    /** Nanoseconds of every round: of the other commit, of this one, of this one again. */
    rows: z.array(
      z.object({
        workload: z.string(),
        commands: z.number(),
        there: numbers,
        here: numbers,
        again: numbers,
        sameEvents: z.boolean(),
      }),
    ),
  }),
} as const;

type Records = typeof records;
/** One file of `bench/record/`. */
export type BenchRecord = z.infer<Records['toprung.bench/1']>;
/** One line of its table. */
export type BenchRow = BenchRecord['rows'][number];
/** Engines side by side. */
export type PeersRecord = z.infer<Records['toprung.bench-peers/1']>;
/** How speed depends on what is given. */
export type CurvesRecord = z.infer<Records['toprung.bench-curves/1']>;

/** The book beside that of another commit. */
export type AgainstRecord = z.infer<Records['toprung.bench-against/1']>;

/** A benchmark of criterion or vitest. */
export interface Timed {
  readonly group: string;
  readonly name: string;
  /** Mean of one iteration, ns, with its interval, 95 %. */
  readonly meanNs: number;
  readonly interval: readonly [number, number];
  /** Elements of an iteration, where they were told. */
  readonly elements: number | undefined;
  /** Relative change to the run before, with its interval; criterion alone keeps one. */
  readonly change: { readonly value: number; readonly interval: readonly [number, number] } | undefined;
  readonly by: 'criterion' | 'vitest';
}

/** Everything that was found, records oldest first. */
export interface BenchResults {
  readonly records: readonly BenchRecord[];
  readonly peers: readonly PeersRecord[];
  readonly curves: readonly CurvesRecord[];
  readonly against: readonly AgainstRecord[];
  readonly timed: readonly Timed[];
}

/** Folders that hold many files and no results. */
const passedBy = new Set(['node_modules', '.git', 'release', 'debug', 'deps', 'build', 'incremental', 'src']);
/** As deep as criterion puts a benchmark with a parameter below `target`. */
const depthMax = 6;

/**
 * Reads every result at or below the folders.
 *
 * @throws CliError `ERR_TOPRUNG_BENCH_RESULTS` when there is none, or one that cannot be read
 */
export function readResults(folders: readonly string[]): BenchResults {
  const [own, timed]: [{ schema: string; date: string }[], Timed[]] = [[], []];
  for (const folder of folders) {
    if (!existsSync(folder)) throw problem(folder, 'there is no such folder');
    for (const file of filesBelow(folder, 0)) {
      if (path.basename(file) === 'estimates.json') timed.push(...criterion(file));
      else if (file.endsWith('.json')) {
        const value = parsed(file);
        if (isRecord(value)) own.push(checked(value, file));
        else timed.push(...vitest(value));
      }
    }
  }
  own.sort((a, b) => a.date.localeCompare(b.date));
  const of = <S extends keyof Records>(schema: S) =>
    own.filter((record) => record.schema === schema) as z.infer<Records[S]>[];
  const found = {
    records: of('toprung.bench/1'),
    peers: of('toprung.bench-peers/1'),
    curves: of('toprung.bench-curves/1'),
    against: of('toprung.bench-against/1'),
    timed: timed.sort((a, b) => a.group.localeCompare(b.group)),
  };
  if (Object.values(found).every((list) => list.length === 0)) {
    throw problem(folders.join(', '), 'expected results of `npm run bench`, criterion or vitest, found none');
  }
  return found;
}

function problem(where: string, message: string): CliError {
  return new CliError('ERR_TOPRUNG_BENCH_RESULTS', ExitCode.invalid, message, {
    where,
    fix: [
      'name folders with records of `npm run bench`, a target/criterion, or what `vitest bench --outputJson FILE` wrote',
    ],
  });
}

function filesBelow(folder: string, depth: number): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => a.name.localeCompare(b.name))
    .flatMap((entry) => {
      const full = path.join(folder, entry.name);
      if (entry.isDirectory()) return depth === depthMax || passedBy.has(entry.name) ? [] : filesBelow(full, depth + 1);
      return entry.isFile() ? [full] : [];
    });
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw problem(file, `cannot be read: ${(error as Error).message}`);
  }
}

function isRecord(value: unknown): value is { schema: string } {
  const { schema } = Object(value) as { schema?: unknown };
  return typeof schema === 'string' && schema in records;
}

function checked(value: { schema: string }, file: string): { schema: string; date: string } {
  const result = records[value.schema as keyof Records].safeParse(value);
  if (result.success) return result.data;
  const { path: at, message } = result.error.issues[0]!;
  throw problem(file, `not a record of ${value.schema}: ${at.join('.')}: ${message}`);
}

const estimate = z.object({
  point_estimate: z.number(),
  confidence_interval: z.object({ lower_bound: z.number(), upper_bound: z.number() }),
});
const criterionFiles = {
  estimates: z.object({ mean: estimate }),
  benchmark: z.object({
    group_id: z.string(),
    function_id: z.string().nullable(),
    value_str: z.string().nullable(),
    throughput: z.record(z.string(), z.number()).nullable(),
  }),
};

/** The newest run of a benchmark of criterion: `…/new/estimates.json`, with what is beside it. */
function criterion(file: string): Timed[] {
  const folder = path.dirname(file);
  const about = path.join(folder, 'benchmark.json');
  if (path.basename(folder) !== 'new' || !existsSync(about)) return [];
  const told = criterionFiles.benchmark.safeParse(parsed(about));
  const { success, data } = criterionFiles.estimates.safeParse(parsed(file));
  if (!success || !told.success) throw problem(folder, 'not what criterion writes');
  const changes = path.join(folder, '../change/estimates.json');
  const change = existsSync(changes) ? criterionFiles.estimates.safeParse(parsed(changes)) : undefined;
  const bounds = ({ confidence_interval: c }: z.infer<typeof estimate>) => [c.lower_bound, c.upper_bound] as const;
  const { group_id: group, function_id: name, value_str: value, throughput } = told.data;
  return [
    {
      group,
      name: [name, value].filter((part) => part !== null).join(' ') || group,
      meanNs: data.mean.point_estimate,
      interval: bounds(data.mean),
      elements: throughput?.Elements,
      change:
        change?.success === true
          ? { value: change.data.mean.point_estimate, interval: bounds(change.data.mean) }
          : undefined,
      by: 'criterion',
    },
  ];
}

const vitestFile = z.object({
  files: z.array(
    z.object({
      groups: z.array(
        z.object({
          fullName: z.string(),
          benchmarks: z.array(z.object({ name: z.string(), mean: z.number(), moe: z.number() })),
        }),
      ),
    }),
  ),
});

/** The benchmarks of a file that `vitest bench --outputJson` wrote; nothing of any other. */
function vitest(value: unknown): Timed[] {
  const result = vitestFile.safeParse(value);
  if (!result.success) return [];
  return result.data.files.flatMap(({ groups }) =>
    groups.flatMap(({ fullName, benchmarks }) =>
      benchmarks.map(({ name, mean, moe }): Timed => {
        // Milliseconds; the margin is that of 95 %.
        const [meanNs, margin] = [mean * 1e6, moe * 1e6];
        const group = fullName.replace(/^\S+\.bench\.\w+ > /, '');
        const interval = [meanNs - margin, meanNs + margin] as const;
        return { group, name, meanNs, interval, elements: undefined, change: undefined, by: 'vitest' };
      }),
    ),
  );
}
