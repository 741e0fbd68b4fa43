/** Records of benchmarks as `npm run bench` keeps them, small. */

const head = {
  date: '2026-11-22T20:00:00.000Z',
  commit: 'abc1234',
  machine: { cpu: 'a processor', cores: 2, load: 0.5 },
};

/** The table of promises: one that holds, one without. */
export const tableRecord = {
  ...head,
  schema: 'toprung.bench/1',
  rows: [
    { name: 'balanced', unit: 'M commands/s', best: 60, median: 50, promise: 40, atLeast: true, holds: true },
    { name: 'memory of an order', unit: 'bytes', best: 56, median: 56, promise: 64, atLeast: false, holds: true },
    { name: 'aggressive', unit: 'M commands/s', best: 36, median: 35, atLeast: true },
  ],
};

const engine = (name: string, language: string) => ({
  name,
  version: '1.0.0',
  language,
  supports: ['limit', 'market', 'cancel'],
  note: 'a note',
});
const result = (name: string, median: number, volume: number, lost: number) => ({
  engine: name,
  commands: 1000,
  best: median * 1.1,
  median,
  trades: 10,
  volume,
  expected: { trades: 10, volume: 100 },
  agrees: volume === 100,
  refused: 0,
  lost,
});

/** Three engines on one workload: one that differs, one that was left out. */
export const peersRecord = {
  ...head,
  schema: 'toprung.bench-peers/1',
  engines: [engine('toprung', 'Rust'), engine('fast', 'Rust'), engine('wrong', 'Python')],
  skipped: [
    { name: 'stuck', workload: 'balanced', reason: 'no answer in 20 s' },
    { name: 'absent', reason: 'not installed' },
  ],
  workloads: [
    {
      name: 'balanced',
      what: 'half adds',
      results: [result('toprung', 40, 100, 0), result('fast', 8, 100, 0), result('wrong', 0.05, 97, 250)],
    },
  ],
};

/** How speed depends on what is given, two points each. */
export const curvesRecord = {
  ...head,
  schema: 'toprung.bench-curves/1',
  depth: [100, 1_000_000].map((orders, i) => ({
    orders,
    rates: [30, 20, 25].map((rate) => rate / (i + 1)),
    bytesPerOrder: 80 - 30 * i,
    latency: { p50: 40, p99: 100 * (i + 1), p999: 300, max: 1000 },
  })),
  load: {
    clockOverheadNs: 20,
    closed: { p50: 40, p99: 90, p999: 200, max: 900 },
    open: [1, 100].map((due) => ({
      due,
      done: [Math.min(due, 20)],
      latency: { p50: 60 * due, p99: 200 * due, p999: 900 * due, max: 5000 * due },
    })),
  },
  threads: [1, 2].map((threads) => ({ threads, rates: [10 * threads] })),
  books: [1, 1000].map((books) => ({ books, rates: [50 / books], bytesPerBook: 2500 })),
  boundary: [1, 4096].map((size) => ({ size, rates: [size === 1 ? 2 : 40] })),
};

/** The book of another commit, which was slower by a quarter, and differs. */
export const againstRecord = {
  ...head,
  schema: 'toprung.bench-against/1',
  against: 'def5678',
  rows: [
    {
      workload: 'balanced',
      commands: 1000,
      there: [20_000, 20_000, 20_000],
      here: [15_000, 15_000, 15_000],
      again: [15_000, 15_300, 15_300],
      sameEvents: false,
    },
  ],
};
