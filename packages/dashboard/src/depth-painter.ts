/** The depth map's pixels: quantities of columns as colours. Knows nothing of the page; tested on plain arrays. */
import { type ColumnStore, DEPTH_ROWS, Field } from '../../cli/src/dashboard/columns.js';

/** What part of a run is painted: columns `first` to `last`, prices `low` to `high`, all included. */
export interface DepthWindow {
  first: number;
  last: number;
  low: number;
  high: number;
}

/** The quantity at which the colour scale ends. */
export interface Cut {
  high: number;
}

/** Quantities looked at for the cut; more say no more. */
const SAMPLES = 4096;
/** Levels of quantity from nothing to the cut's high end. */
const TABLE = 512;
/** Columns of a pixel that are looked at. */
const SAMPLES_PER_PIXEL = 6;
/** The colour of the smallest quantity: it can be told from nothing. */
const FIRST_COLOR = 20;
const GAMMA = 1.25;

/** The quantity above which `cutHigh` percent of all that is there lies: a few huge orders must not leave the rest dark. */
export function findCut(columns: ColumnStore, window: DepthWindow, cutHigh: number): Cut {
  const base = columns.field(Field.depthBase);
  const samples = new Float64Array(SAMPLES);
  const count = window.last - window.first + 1;
  const steps = Math.max(1, Math.floor((count * DEPTH_ROWS) / (3 * SAMPLES)));
  let n = 0;
  let turn = 0;
  for (let k = window.first; k <= window.last && n < SAMPLES; k++) {
    const from = Math.max(0, window.low - base[k]!);
    const to = Math.min(DEPTH_ROWS - 1, window.high - base[k]!);
    for (let row = from; row <= to && n < SAMPLES; row++) {
      const qty = columns.depth[k * DEPTH_ROWS + row]!;
      if (qty > 0 && turn++ % steps === 0) samples[n++] = qty;
    }
  }
  if (n === 0) return { high: 1 };
  const sorted = samples.subarray(0, n).sort();
  return { high: Math.max(1, sorted[Math.min(n - 1, Math.floor(n * (1 - cutHigh / 100)))]!) };
}

/**
 * Paints `width` × `height` pixels, newest to the right, highest price on top. A pixel shows the mean over its columns;
 * of several prices the largest.
 *
 * @param pixels - ABGR, row by row.
 * @param colors - 256 of them, from no quantity to the cut's high end.
 */
export function paintDepth(
  columns: ColumnStore,
  window: DepthWindow,
  cut: Cut,
  colors: Uint32Array,
  pixels: Uint32Array,
  width: number,
  height: number,
): void {
  const { first, last, low, high } = window;
  const base = columns.field(Field.depthBase);
  const { depth } = columns;
  const table = colorTable(colors);
  const scale = (TABLE - 1) / cut.high;
  const count = last - first + 1;
  const rows = high - low + 1;
  const column = new Float64Array(rows);
  for (let x = 0; x < width; x++) {
    const from = first + Math.floor((x * count) / width);
    const to = Math.min(last, Math.max(from, first + Math.floor(((x + 1) * count) / width) - 1));
    // The mean of some of the pixel's columns: what stays is seen, what flickers fades.
    const step = Math.max(1, Math.ceil((to - from + 1) / SAMPLES_PER_PIXEL));
    column.fill(0);
    let n = 0;
    for (let k = to; k >= from; k -= step) {
      const start = Math.max(low, base[k]!);
      const end = Math.min(high, base[k]! + DEPTH_ROWS - 1);
      const at = k * DEPTH_ROWS - base[k]!;
      for (let price = start; price <= end; price++) column[price - low]! += depth[at + price]!;
      n += 1;
    }
    for (let y = 0; y < height; y++) {
      // Prices of the pixel, highest first.
      const above = rows - 1 - Math.floor((y * rows) / height);
      const below = Math.min(above, rows - Math.floor(((y + 1) * rows) / height));
      let sum = 0;
      for (let row = above; row >= below; row--) if (column[row]! > sum) sum = column[row]!;
      const level = Math.min(TABLE - 1, Math.ceil((sum * scale) / n));
      pixels[y * width + x] = table[level]!;
    }
  }
}

let tableOf: { colors: Uint32Array; table: Uint32Array } | undefined;

/** The colours of the levels: what is usual stays dark, so that what is large stands out. */
function colorTable(colors: Uint32Array): Uint32Array {
  if (tableOf?.colors === colors) return tableOf.table;
  const table = Uint32Array.from({ length: TABLE }, (_, level) =>
    level === 0 ? colors[0]! : colors[FIRST_COLOR + Math.round((level / (TABLE - 1)) ** GAMMA * (255 - FIRST_COLOR))]!,
  );
  tableOf = { colors, table };
  return table;
}
