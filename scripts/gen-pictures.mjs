// `node scripts/gen-pictures.mjs [NAME...]`: what each flow model and each kind of agent produces, as pictures in docs/images
// that suit both themes. The same bytes whenever it is run; `--check` fails if the kept ones are others.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureReady } from './lib/ready.mjs';
import { root } from './lib/workspace.mjs';

await ensureReady();
const { agentKinds, readTable, runMarket, simulate } = await import('../packages/toprung/dist/index.js');
const { htmlText, svgOf } = await import('../packages/cli/dist/report/plots.js');
const { decimal } = await import('../packages/cli/dist/format.js');
const { autocorrelation } = await import('../packages/cli/dist/report/statistics.js');
const { tableFromIPC } = createRequire(path.join(root, 'packages/cli/package.json'))('apache-arrow');

const bytesMax = 60_000;
const names = process.argv.slice(2).filter((a) => !a.startsWith('--'));
const check = process.argv.includes('--check');
let stale = 0;

/** Flow models in the order of the guide; those that no name asks for are left out. */
const flows = {
  'santa-fe': { model: 'santa-fe' },
  'santa-fe-splitting': { model: 'santa-fe', splitting: {} },
  cst: { model: 'cst' },
  'queue-reactive': { model: 'queue-reactive' },
  'imbalance-spread': { model: 'imbalance-spread' },
  hawkes: { model: 'hawkes' },
  'mike-farmer': { model: 'mike-farmer' },
  correlated: { model: 'correlated' },
  'realistic-day': { model: 'realistic-day' },
};
for (const [name, flow] of Object.entries(flows))
  if (wanted(name)) keep(`flow-${name}.svg`, await flowPicture(name, flow));
for (const kind of agentKinds()) {
  if (kind.kind !== 'outside' && wanted(kind.kind)) keep(`agent-${kind.kind}.svg`, await agentPicture(kind));
}
if (stale > 0) process.exit(1);

function wanted(name) {
  return names.length === 0 || names.includes(name);
}

function keep(file, svg) {
  const target = path.join(root, 'docs/images', file);
  if (svg.length > bytesMax) throw new Error(`${file} is of ${svg.length} bytes, expected at most ${bytesMax}`);
  if (existsSync(target) && readFileSync(target, 'utf8') === svg) return;
  stale += check ? 1 : 0;
  if (check) console.error(`docs/images/${file} is out of date: node scripts/gen-pictures.mjs`);
  else {
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, svg);
    console.error(`docs/images/${file}: ${svg.length} bytes`);
  }
}

/** Rows of a table of a run as columns of numbers. */
async function columns(folder, table, wantedColumns) {
  const found = Object.fromEntries(wantedColumns.map((name) => [name, []]));
  for await (const bytes of readTable(folder, table)) {
    const batch = tableFromIPC(bytes);
    for (const name of wantedColumns) {
      const column = batch.getChild(name);
      for (let i = 0; i < batch.numRows; i++) found[name].push(column.get(i));
    }
  }
  return found;
}

/** The model about a price that an axis has room for. */
function priced(flow) {
  const at = { referencePrice: 10_000 };
  if (flow.model === 'hawkes') return { ...flow, placement: at };
  if (flow.model === 'realistic-day') return { ...flow, excitation: { placement: at } };
  return { ...flow, ...at };
}

/** Prices, activity and memory of one model. */
async function flowPicture(name, flow) {
  const temporary = mkdtempSync(path.join(tmpdir(), 'toprung-pictures-'));
  const folder = path.join(temporary, 'data');
  try {
    const shown = 12_000;
    const books = name === 'correlated' ? 2 : 1;
    const record = { folder, tables: ['orders', 'trades', 'l1'], sampleRows: 65_536, sampledBooks: books };
    const result = await simulate(
      { books, horizon: { events: 400_000 }, warmupEvents: 20_000, flow: priced(flow), seed: 4 },
      { record },
    );
    const orders = await columns(folder, 'orders', ['book', 'ts', 'seq']);
    const trades = await columns(folder, 'trades', ['book', 'ts', 'seq', 'aggressor_side', 'taker_id']);
    const l1 = await columns(folder, 'l1', ['book', 'ts', 'bid_ticks', 'ask_ticks']);
    const second = (ms) => ms / 1e3;

    // Activity is shown over a part of the run, prices over all of it.
    const times = orders.ts.map(second).filter((_, i) => orders.book[i] === 0);
    const start = times[times.length >> 1];
    const end = times[Math.min((times.length >> 1) + shown, times.length - 1)];
    const inside = (t) => t >= start && t < end;
    const line = (book, column) => {
      const rows = l1.ts.map((ts, i) => [second(ts), l1[column][i], l1.book[i]]);
      const own = rows.filter(([, price, of]) => of === book && price !== null);
      return thinned(own, 300).map(([x, price]) => [x - own[0][0], Number(price)]);
    };
    const prices =
      name === 'correlated'
        ? [
            { name: 'one asset', color: 0, shape: 'step', points: line(0, 'bid_ticks') },
            { name: 'another of its group', color: 1, shape: 'step', points: line(1, 'bid_ticks') },
          ]
        : [
            { name: 'best bid', color: 0, shape: 'step', points: line(0, 'bid_ticks') },
            { name: 'best ask', color: 1, shape: 'step', points: line(0, 'ask_ticks') },
          ];

    const bins = 120;
    const counts = Array.from({ length: bins }, () => 0);
    for (const t of times)
      if (inside(t)) counts[Math.min(bins - 1, Math.floor((bins * (t - start)) / (end - start)))] += 1;
    const mean = counts.reduce((a, b) => a + b, 0) / bins;
    const width = (end - start) / bins;
    const activity = counts.map((n, k) => [k * width, n]);

    const signs = [];
    for (let i = 0, last; i < trades.ts.length; i++) {
      if (trades.book[i] !== 0 || trades.taker_id[i] === last) continue;
      last = trades.taker_id[i];
      signs.push(trades.aggressor_side[i] === 'buy' ? 1 : -1);
    }
    const lags = [...new Set(Array.from({ length: 40 }, (_, k) => Math.round(10 ** (k / 16))))].filter((l) => l <= 300);
    const noise = 2 / Math.sqrt(signs.length);

    return sheet(
      `${flow.model}${flow.splitting ? ' with order splitting' : ''}: ${Math.round(times.length / (times.at(-1) - times[0]))} events a second, mean spread ${decimal(meanSpread(l1), 2)} ticks`,
      [
        lines(
          `${name}-price`,
          name === 'correlated' ? 'Best bids of two assets' : 'Best bid and ask',
          'seconds',
          'price, ticks',
          prices,
        ),
        lines(
          `${name}-activity`,
          `Events in ${width.toPrecision(2)} s; the band has 95 % of a Poisson process`,
          'seconds',
          'events',
          [{ name: 'events', color: 0, shape: 'step', points: activity }],
          { zero: true, marks: [band(mean - 2 * Math.sqrt(mean), mean + 2 * Math.sqrt(mean))] },
        ),
        lines(
          `${name}-signs`,
          `Autocorrelation of ${signs.length.toLocaleString('en-US')} signs of market orders`,
          'lag, market orders',
          'correlation',
          [{ name: 'signs', color: 2, shape: 'stems', points: lags.map((lag) => [lag, autocorrelation(signs, lag)]) }],
          { zero: true, log: true, marks: [band(-noise, noise)] },
        ),
      ],
      result.digest,
    );
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

function meanSpread(l1) {
  let [sum, n] = [0, 0];
  for (let i = 0; i < l1.ts.length; i++) {
    if (l1.bid_ticks[i] === null || l1.ask_ticks[i] === null) continue;
    sum += Number(l1.ask_ticks[i]) - Number(l1.bid_ticks[i]);
    n += 1;
  }
  return sum / n;
}

/** What a group does to a price, and what it owns: the same market with and without it. */
async function agentPicture({ kind, venues: [venues] }) {
  const [seconds, startNs] = [120, 20e9];
  const flow = {
    model: 'santa-fe',
    limitRate: 2,
    marketRate: 20,
    cancelRate: 1,
    windowTicks: 40,
    referencePrice: 10_000,
  };
  // What some kinds need to be themselves, in prices of about 10,000 ticks.
  const needs = {
    value: { params: { meanTicks: 10_000, volatility: 2 } },
    kyle: { params: { intervalNs: 2e9, beta: 2 } },
    sniper: { params: { threshold: 5, lots: 5 } },
    'maker-crowd': { params: { lots: 1 } },
    'value-crowd': { params: { side: 1, value: 10_300, threshold: 0.005, rate: 400 } },
    impulse: { params: { side: 1, lots: 150 } },
    resting: { params: { side: 1, lots: 5, offset: 3 } },
    noise: { count: 20 },
    momentum: { count: 10 },
    zi: { count: 10 },
    hbl: { count: 10 },
    follower: { count: 10 },
    ladder: { params: { ratePerSecond: 1, levels: 5, levelSpacing: 1 } },
    stuffer: { params: { pairsPerSecond: 2000 } },
  };
  const executing = new Set(['twap', 'vwap', 'almgren-chriss', 'pov']);
  const params = executing.has(kind) ? { side: 1, lots: 300 } : {};
  if (executing.has(kind) && kind !== 'pov') params.durationNs = 80e9;
  const group = {
    name: 'it',
    kind,
    venues: Array.from({ length: venues }, (_, v) => v),
    params,
    orders: { kind: 'constant', ns: 1000 },
    startNs,
    ...needs[kind],
  };
  const market = {
    durationNs: seconds * 1e9,
    sampleNs: 5e8,
    keepTrades: true,
    fundamental: { mean: 10_000, volatility: 4, stepNs: 1e8, jumps: [{ atNs: 60e9, ticks: 40 }] },
    venues: Array.from({ length: venues }, () => ({ flow, depthTicks: 5 })),
    agents: [group],
  };
  const [there, absent] = await Promise.all(
    [false, true].map((gone) => runMarket({ ...market, agents: [{ ...group, absent: gone }] })),
  );
  const mids = (run) => {
    const rows = run.samples();
    const points = [];
    for (let at = 0; at < rows.length; at += 9) points.push([rows[at] / 1e9, (rows[at + 1] + rows[at + 3]) / 2]);
    return points;
  };
  const position = [[0, 0]];
  const fills = market.venues.flatMap((_, venue) => {
    const rows = there.trades(0, venue);
    const found = [];
    for (let at = 0; at < rows.length; at += 6) {
      const bought = rows[at + 3] === 0 ? 1 : -1;
      const lots = rows[at + 2] * bought * ((rows[at + 4] >= 0 ? 1 : 0) - (rows[at + 5] >= 0 ? 1 : 0));
      if (lots !== 0) found.push([rows[at] / 1e9, lots]);
    }
    return found;
  });
  fills.sort((a, b) => a[0] - b[0]);
  for (const [t, lots] of fills) {
    const k = Math.ceil(t * 2) / 2;
    if (position.at(-1)[0] === k) position.at(-1)[1] += lots;
    else position.push([k, position.at(-1)[1] + lots]);
  }
  position.push([seconds, position.at(-1)[1]]);
  const { total } = there.results[0].groups[0];
  return sheet(
    `${kind}: ${total.orders} orders, ${total.fills} fills in ${seconds - startNs / 1e9} seconds`,
    [
      lines(`${kind}-price`, 'Mid price with it, and without it (dashed)', 'seconds', 'price, ticks', [
        { name: 'without', color: 3, shape: 'dashed', points: mids(absent) },
        { name: 'with', color: 0, shape: 'step', points: mids(there) },
      ]),
      lines(
        `${kind}-position`,
        'What it holds',
        'seconds',
        'lots',
        [{ name: 'position', color: 1, shape: 'step', points: position }],
        { zero: true },
      ),
    ],
    there.digest,
  );
}

function thinned(points, most) {
  const step = Math.max(1, Math.ceil(points.length / most));
  return points.filter((_, i) => i % step === 0);
}

function band(low, high) {
  return { label: '', low, high };
}

function lines(id, title, xLabel, yLabel, series, { zero = false, log = false, marks = [] } = {}) {
  const x = { label: xLabel, scale: log ? 'log' : 'linear', zero: false };
  const y = { label: yLabel, scale: 'linear', zero };
  return { kind: 'lines', id, title, finding: title, wide: false, x, y, series, marks };
}

/** Charts beside each other under a title, with the colours of both themes. */
function sheet(title, charts, digest) {
  const [width, height, top] = [560, 300, 78];
  const panels = charts.map((chart, k) => {
    const svg = svgOf(chart).replace('<svg', `<svg x="${k * width}" y="${top}"`);
    const heading = `<text x="${k * width + 16}" y="52" class="h">${htmlText(chart.title)}</text>`;
    const keys = chart.series.length < 2 ? '' : legend(chart.series, k * width + 16, 70);
    return heading + keys + svg;
  });
  const [w, h] = [width * charts.length, height + top + 8];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" role="img"><title>${htmlText(title)}</title><!-- scripts/gen-pictures.mjs, digest ${digest} --><style>
:root{--bg:#fff;--ink:#16202c;--muted:#5a6675;--grid:#e9ecf0;--axis:#9aa5b1;--band:rgba(90,102,117,.16);--s0:#0067a5;--s1:#c75000;--s2:#00805e;--s3:#8a8f98}
@media (prefers-color-scheme:dark){:root{--bg:#0e1319;--ink:#e6ebf1;--muted:#9aa7b6;--grid:#222b36;--axis:#5b6876;--band:rgba(154,167,182,.2);--s0:#56b4e9;--s1:#f0993f;--s2:#2fc79a;--s3:#8e99a6}}
svg{font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;color:var(--muted)}text{fill:var(--muted)}.t{fill:var(--ink);font-size:17px;font-weight:650}.h{fill:var(--ink);font-size:14px}
</style><rect width="${w}" height="${h}" fill="var(--bg)"/><text x="16" y="28" class="t">${htmlText(title)}</text>${panels.join('')}</svg>\n`;
}

function legend(series, x, y) {
  return series
    .map((s, k) => `<text x="${x + 150 * k}" y="${y + 4}" style="fill:var(--s${s.color})">${htmlText(s.name)}</text>`)
    .join('');
}
