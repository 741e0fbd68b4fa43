/** The depth map's pixels: quantities of columns as colours. Knows nothing of the page; tested on plain arrays. */
import { type ColumnStore, DEPTH_ROWS, Field } from '../../cli/src/dashboard/columns.js';

/** What part of a run is painted: columns `first` to `last`, prices `low` to `high`, all included. */
export interface DepthWindow {
  first: number;
  last: number;
  low: number;
  high: number;
}

/** Quantities at which the colour scale begins and ends. */
export interface Cut {
  low: number;
  high: number;
}

/** Quantities looked at for the cut; more say no more. */
const SAMPLES = 4096;
/** Quantities whose colour is looked up. */
const TABLE = 4096;

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
  if (n === 0) return { low: 0, high: 1 };
  const sorted = samples.subarray(0, n).sort();
  return { low: 0, high: Math.max(1, sorted[Math.min(n - 1, Math.floor(n * (1 - cutHigh / 100)))]!) };
}

/**
 * Paints `width` × `height` pixels, newest to the right, highest price on top. Where there are more columns than pixels
 * each pixel shows one of its columns, always the same while the view moves; of several prices the largest quantity.
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
  const table = colorTable(cut, colors);
  const most = colors[255]!;
  const none = colors[0]!;
  const count = last - first + 1;
  const rows = high - low + 1;
  for (let x = 0; x < width; x++) {
    const k = Math.min(last, first + Math.floor(((x + 1) * count - 1) / width));
    const at = k * DEPTH_ROWS - base[k]!;
    const [bottom, top] = [base[k]!, base[k]! + DEPTH_ROWS - 1];
    for (let y = 0; y < height; y++) {
      // Prices of the pixel, highest first.
      const from = high - Math.floor((y * rows) / height);
      const to = Math.min(from, high - Math.floor(((y + 1) * rows) / height) + 1);
      let qty = 0;
      for (let price = Math.min(from, top); price >= to && price >= bottom; price--) {
        const here = depth[at + price]!;
        if (here > qty) qty = here;
      }
      pixels[y * width + x] = qty === 0 ? none : qty < TABLE ? table[qty]! : qty >= cut.high ? most : shade(qty, cut, colors);
    }
  }
}

let tableOf: { cut: Cut; colors: Uint32Array; table: Uint32Array } | undefined;

function colorTable(cut: Cut, colors: Uint32Array): Uint32Array {
  if (tableOf?.cut.high === cut.high && tableOf.cut.low === cut.low && tableOf.colors === colors) return tableOf.table;
  const table = new Uint32Array(TABLE);
  for (let qty = 0; qty < TABLE; qty++) table[qty] = shade(qty, cut, colors);
  tableOf = { cut, colors, table };
  return table;
}

function shade(qty: number, { low, high }: Cut, colors: Uint32Array): number {
  if (qty <= low) return colors[0]!;
  // A square root: small quantities are told apart better than large ones.
  const share = Math.sqrt(Math.min(1, (qty - low) / (high - low)));
  return colors[24 + Math.round(share * 231)]!;
}
