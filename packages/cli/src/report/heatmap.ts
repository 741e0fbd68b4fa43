/** Depth of a book over time and price: from snapshots to a grid, and from the grid to a PNG. */
import { crc32, deflateSync } from 'node:zlib';
import { decimal } from '../format.js';
import type { RunData } from './collect.js';
import type { HeatmapChart } from './document.js';
import { mids, spreads, thinned, timeOf } from './series.js';
import { quantile } from './statistics.js';

/** Rows of the grid at most; several prices share one beyond that. */
const rowsMax = 240;
/** Cells from here on are asks; below, bids. */
const asksFrom = 128;

/** The chart, if there are snapshots of two sides. */
export function heatmapOf(run: RunData): HeatmapChart | undefined {
  const { depth, top } = run;
  if (depth === undefined || top === undefined || depth.ts.length === 0) return undefined;
  const mid = mids(top);
  const known = mid.filter(Number.isFinite);
  if (known.length < 2) return undefined;
  const [lowest, highest] = [Math.min(...known), Math.max(...known)];
  const spread = quantile(
    spreads(top)
      .filter(Number.isFinite)
      .sort((a, b) => a - b),
    0.5,
  );
  // Around the path of the price, and as much on either side as shows the levels that matter.
  const around = Math.max(8, Math.ceil(3 * spread), Math.ceil((highest - lowest) / 6));
  const [low, high] = [Math.floor(lowest) - around, Math.ceil(highest) + around];
  const perRow = Math.ceil((high - low + 1) / rowsMax);
  const rows = Math.ceil((high - low + 1) / perRow);
  const columns = top.ts.length;
  const quantities = new Float64Array(rows * columns);
  const isAsk = new Uint8Array(rows * columns);
  let column = 0;
  for (const [i, ts] of depth.ts.entries()) {
    while (column < columns - 1 && top.ts[column]! < ts) column += 1;
    const price = depth.price_ticks[i]!;
    if (price < low || price > high) continue;
    const cell = (rows - 1 - Math.floor((price - low) / perRow)) * columns + column;
    quantities[cell]! += depth.qty_lots[i]!;
    if (depth.isBid[i] !== true) isAsk[cell] = 1;
  }
  const filled = [...quantities].filter((q) => q > 0).sort((a, b) => a - b);
  // Cut-offs by percentile: one huge order must not turn everything else pale.
  const limits: [number, number] = [quantile(filled, 0.05), quantile(filled, 0.98)];
  const cells = Buffer.alloc(rows * columns);
  for (const [i, q] of quantities.entries()) {
    if (q === 0) continue;
    const strength = Math.min(1, Math.max(0, (q - limits[0]) / (limits[1] - limits[0] || 1)));
    cells[i] = 1 + Math.round(strength * 126) + (isAsk[i] === 1 ? asksFrom : 0);
  }
  const { axis, xs } = timeOf(run);
  const yRange: [number, number] = [low - 0.5, low - 0.5 + rows * perRow];
  return {
    kind: 'heatmap',
    id: 'depth',
    title: 'Depth of the book',
    finding: `The mid price between ${decimal(lowest, 1)} and ${decimal(highest, 1)} ticks; the strongest colour stands for ${decimal(limits[1], 0)} lots or more.`,
    wide: true,
    x: axis,
    y: { label: 'price, ticks', scale: 'linear', zero: false },
    xRange: [xs[0]!, xs.at(-1)! + (xs[1]! - xs[0]!)],
    yRange,
    columns,
    rows,
    cells: cells.toString('base64'),
    limits,
    lines: [{ name: 'mid price', color: 4, shape: 'line', points: thinned(xs, mid, 512) }],
  };
}

/** The grid as a PNG with a palette: bids blue, asks orange, the more the more opaque; so it suits any background. */
export function pngOf({ columns, rows, cells }: Pick<HeatmapChart, 'columns' | 'rows' | 'cells'>): Buffer {
  const grid = Buffer.from(cells, 'base64');
  const scanlines = Buffer.alloc(rows * (columns + 1));
  for (let y = 0; y < rows; y++) grid.copy(scanlines, y * (columns + 1) + 1, y * columns, (y + 1) * columns);
  const palette = Buffer.alloc(256 * 3);
  const alpha = Buffer.alloc(256);
  for (let i = 1; i < 256; i++) {
    const isAsk = i >= asksFrom;
    const strength = (i - (isAsk ? asksFrom + 1 : 1)) / 126;
    palette.set(isAsk ? [230, 126, 34] : [46, 134, 222], i * 3);
    alpha[i] = Math.round(255 * Math.min(1, 0.1 + 0.9 * Math.max(0, strength) ** 0.8));
  }
  alpha[asksFrom] = 0;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(columns, 0);
  header.writeUInt32BE(rows, 4);
  // Eight bits a pixel, by palette.
  header.set([8, 3, 0, 0, 0], 8);
  const parts = [
    chunk('IHDR', header),
    chunk('PLTE', palette),
    chunk('tRNS', alpha),
    chunk('IDAT', deflateSync(scanlines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...parts]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'ascii'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}
