/** Resting quantity by time and price, with the best prices, the mid, the trades and what is marked. */
import { useEffect, useRef } from 'preact/hooks';
import { type ColumnStore, DEPTH_ROWS, Field } from '../../cli/src/dashboard/columns.js';
import { type Ink, ink, ramp } from './colors.js';
import { type Cut, type DepthWindow, findCut, paintDepth } from './depth-painter.js';
import { clock, compact, decimal, integer } from './format.js';
import { isOfMarket, markedOf, marksText, markText } from './marks.js';
import { markDirty, markUrgent, onPaint, type Size } from './paint.js';
import { Panel, type Table } from './panel.js';
import { plotArea } from './plot-area.js';
import { mid, type Quantity, type Range, rangeOf } from './series.js';
import {
  compared,
  cursorNs,
  cutHigh,
  frozenNs,
  run as info,
  limitNs,
  playheadNs,
  prices,
  type RunData,
  shown,
  stats,
  view,
} from './state.js';
import { write } from './time-chart.js';

/** Room for the prices, the book now and the times, CSS px. */
const RIGHT_PX = 72;
const BOOK_PX = 76;
const BOTTOM_PX = 20;
/** Distance of trade marks, and the largest, px. */
const MARK_STEP_PX = 8;
/** Width of a step of the price lines at the least, px. */
const LINE_STEP_PX = 4;
const MARK_RADIUS_PX = 11;
/** Radius of a mark of the usual size, px. */
const MARK_USUAL_PX = 2.3;
/** Ticks above and below what the best prices covered. */
const MARGIN_TICKS = 10;
/** How often the ends of the colour scale are looked for, ms, and how fast they move. */
const CUT_EVERY_MS = 250;
const CUT_EASE = 0.35;
const ROWS_MAX = 4000;
/** Lines of names of what is marked. */
const MARK_LINES = 3;
const FONT = '10.5px system-ui, sans-serif';

/** The depth map. */
export function DepthMap() {
  const host = useRef<HTMLDivElement>(null);
  const area = useRef<HTMLDivElement>(null);
  const info = useRef<HTMLSpanElement>(null);
  useEffect(() => draw(host.current!, area.current!, info.current!), []);
  return (
    <Panel
      hasPicture
      name="depth"
      title="Depth"
      className="depth"
      summary={summarise}
      table={tabulate}
      legend={
        <>
          <span class="key">
            <i class="dot" style={{ background: ink.value.buy }} />
            buyer’s trade
          </span>
          <span class="key">
            <i class="dot" style={{ background: ink.value.sell }} />
            seller’s trade
          </span>
          <span class="note info" ref={info} />
          <label class="cut">
            <span>cut</span>
            <select
              value={String(cutHigh.value)}
              title="Share of the quantities that is above the colour scale’s end"
              onChange={(e) => {
                cutHigh.value = Number(e.currentTarget.value);
                markUrgent();
              }}
            >
              {[0, 0.5, 1, 2, 5, 10].map((v) => (
                <option key={v} value={v}>
                  {v === 0 ? 'none' : `top ${v} %`}
                </option>
              ))}
            </select>
          </label>
        </>
      }
    >
      <div class="plot canvas" ref={host} role="img" aria-label="Resting quantity by time and price">
        <div ref={area} class="over" />
      </div>
    </Panel>
  );
}

function summarise(): string {
  const run = shown();
  const state = run?.state;
  if (run === undefined || state === undefined || run.columns.length === 0) return 'Depth: no data yet.';
  const sides = [
    state.bidQty > 0 ? `best bid ${integer(state.bid)} for ${compact(state.bidQty)} lots` : 'no bid',
    state.askQty > 0 ? `best ask ${integer(state.ask)} for ${compact(state.askQty)} lots` : 'no ask',
  ];
  const { from, to } = view.value;
  const marked = marksText(run.marks, info.value, [from, Math.min(to, limitNs())], clock);
  return (
    `Depth at ${clock(state.timeNs)}: ${sides.join(', ')}, ${integer(state.resting)} orders resting.` +
    (marked === '' ? '' : ` Marked: ${marked}.`)
  );
}

function tabulate(): Table {
  const state = shown()?.state;
  const head = ['Level', 'Bid', 'Lots', 'Orders', 'Ask', 'Lots ', 'Orders '];
  if (state === undefined) return { head, rows: [] };
  const rows = Array.from({ length: Math.min(20, Math.max(state.bids.length, state.asks.length)) }, (_, i) => {
    const cells = (level: (typeof state.bids)[number] | undefined): string[] =>
      level === undefined ? ['–', '', ''] : [integer(level.price), integer(level.qty), integer(level.orders)];
    return [String(i + 1), ...cells(state.bids[i]), ...cells(state.asks[i])];
  });
  return { head, rows };
}

/** Where time and price are on the canvas. */
interface Frame {
  width: number;
  height: number;
  x(timeNs: number): number;
  /** The middle of a price's row. */
  y(price: number): number;
  low: number;
  high: number;
}

function draw(host: HTMLElement, area: HTMLElement, info: HTMLElement): () => void {
  const canvas = document.createElement('canvas');
  host.prepend(canvas);
  const context = canvas.getContext('2d', { alpha: false })!;
  const bitmap = document.createElement('canvas');
  const bitmapContext = bitmap.getContext('2d', { alpha: false })!;
  let image: ImageData | undefined;
  let cut: Cut = { high: 1 };
  let cutMs = 0;
  let cutOf = '';
  let shownPrices = { low: 0, high: 1 };

  const endArea = plotArea(area, {
    pan: (share) => {
      const { low, high } = shownPrices;
      prices.value = { middle: (low + high) / 2 + share * (high - low), half: (high - low) / 2 };
    },
    zoom: (factor) => {
      const { low, high } = shownPrices;
      const half = Math.min(ROWS_MAX / 2, Math.max(5, ((high - low) / 2) * factor));
      prices.value = { middle: (low + high) / 2, half };
    },
  });

  const paint = ({ width, height }: Size): void => {
    const scale = Math.min(devicePixelRatio, 2);
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const colors = ink.value;
    context.fillStyle = colors.panel;
    context.fillRect(0, 0, width, height);
    const run = shown();
    const plot = { width: Math.max(10, width - RIGHT_PX - BOOK_PX), height: Math.max(10, height - BOTTOM_PX) };
    if (run === undefined || run.columns.length === 0) {
      write(info, '');
      return;
    }
    const { columns } = run;
    const { from, to } = view.value;
    const range = rangeOf(columns, from, to, limitNs());
    const { low, high } = priceRange(run, range.first, range.last);
    shownPrices = { low, high };
    const frame: Frame = {
      ...plot,
      low,
      high,
      x: (timeNs) => ((timeNs - from) / (to - from)) * plot.width,
      y: (price) => ((high - price + 0.5) / (high - low + 1)) * plot.height,
    };
    const window: DepthWindow = { ...range, low, high };
    // A cut that was looked for elsewhere does not ease into this one.
    const now = performance.now();
    const of = `${run.id} ${cutHigh.value} ${columns.merges}`;
    if (now - cutMs > CUT_EVERY_MS || of !== cutOf) {
      const found = findCut(columns, window, cutHigh.value);
      // What is frozen stands still at once.
      cut = of === cutOf && frozenNs.value === null ? { high: cut.high + (found.high - cut.high) * CUT_EASE } : found;
      if (Math.abs(cut.high - found.high) < 0.05 * found.high) cut = found;
      // On its way there, also if nothing new comes.
      else setTimeout(markDirty, CUT_EVERY_MS);
      [cutMs, cutOf] = [now, of];
    }
    [stats.mapColumns, stats.mapPrices] = [range.last - range.first + 1, high - low + 1];
    paintBitmap(run, window, frame);
    grid(context, frame, colors, from, to);
    priceLines(context, run, range, frame, colors);
    trades(context, run, range, frame, colors);
    marks(context, run, frame, colors);
    book(context, run, frame, colors, width);
    writeInfo(info, run);
  };

  const paintBitmap = (run: RunData, window: DepthWindow, frame: Frame): void => {
    const { columns } = run;
    const pixelsWide = Math.max(1, Math.min(window.last - window.first + 1, Math.ceil(frame.width)));
    const pixelsHigh = Math.max(1, Math.min(window.high - window.low + 1, Math.ceil(frame.height)));
    if (image === undefined || image.width !== pixelsWide || image.height !== pixelsHigh) {
      image = new ImageData(pixelsWide, pixelsHigh);
      bitmap.width = pixelsWide;
      bitmap.height = pixelsHigh;
    }
    paintDepth(columns, window, cut, ramp.value, new Uint32Array(image.data.buffer), pixelsWide, pixelsHigh);
    bitmapContext.putImageData(image, 0, 0);
    const [left, right] = [frame.x(columns.endNs(window.first - 1)), frame.x(columns.endNs(window.last))];
    context.save();
    context.beginPath();
    context.rect(0, 0, frame.width, frame.height);
    context.clip();
    context.imageSmoothingEnabled = false;
    context.drawImage(bitmap, left, 0, right - left, frame.height);
    context.restore();
  };

  const end = onPaint(host, paint);
  return () => {
    end();
    endArea();
    canvas.remove();
  };
}

/** The prices that are shown: those chosen, or all that the best prices covered and some more. */
function priceRange(run: RunData, first: number, last: number): { low: number; high: number } {
  const chosen = prices.value;
  if (chosen !== null)
    return { low: Math.round(chosen.middle - chosen.half), high: Math.round(chosen.middle + chosen.half) };
  const { columns } = run;
  const [bid, ask] = [columns.field(Field.bid), columns.field(Field.ask)];
  const [bidQty, askQty] = [columns.field(Field.bidQty), columns.field(Field.askQty)];
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let k = first; k <= last; k++) {
    if (bidQty[k]! > 0) low = Math.min(low, bid[k]!);
    if (askQty[k]! > 0) high = Math.max(high, ask[k]!);
  }
  if (low > high) {
    const middle = columns.field(Field.depthBase)[last]! + DEPTH_ROWS / 2;
    return { low: middle - 20, high: middle + 20 };
  }
  const margin = Math.max(MARGIN_TICKS, Math.round((high - low) * 0.3));
  // Steps of four ticks: the map does not jump with every tick of the market.
  const snap = (price: number, round: (v: number) => number): number => round(price / 4) * 4;
  const range = { low: snap(low - margin, Math.floor), high: snap(high + margin, Math.ceil) };
  const surplus = range.high - range.low - ROWS_MAX;
  return surplus > 0 ? { low: range.low + surplus / 2, high: range.high - surplus / 2 } : range;
}

function grid(c: CanvasRenderingContext2D, frame: Frame, colors: Ink, from: number, to: number): void {
  c.font = FONT;
  c.fillStyle = colors.dim;
  c.strokeStyle = colors.grid;
  c.lineWidth = 1;
  c.textBaseline = 'middle';
  c.textAlign = 'left';
  const step = niceStep((frame.high - frame.low) / Math.max(2, frame.height / 34), true);
  const labelX = frame.width + BOOK_PX + 6;
  for (let price = Math.ceil(frame.low / step) * step; price <= frame.high; price += step) {
    const y = frame.y(price);
    c.globalAlpha = 0.35;
    line(c, 0, Math.round(y) + 0.5, frame.width, Math.round(y) + 0.5);
    c.globalAlpha = 1;
    if (y > 6 && y < frame.height - 6) c.fillText(integer(price), labelX, y);
  }
  const timeStep = niceStep((to - from) / Math.max(2, frame.width / 110), false);
  c.textAlign = 'center';
  for (let t = Math.ceil(from / timeStep) * timeStep; t <= to; t += timeStep) {
    const x = frame.x(t);
    c.globalAlpha = 0.35;
    line(c, Math.round(x) + 0.5, 0, Math.round(x) + 0.5, frame.height);
    c.globalAlpha = 1;
    if (x > 20 && x < frame.width - 10) c.fillText(clock(t, timeStep), x, frame.height + BOTTOM_PX / 2);
  }
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
export function niceStep(least: number, isInteger: boolean): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-9)));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= least)!;
  return isInteger ? Math.max(1, Math.round(step)) : step;
}

function line(c: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  c.beginPath();
  c.moveTo(x0, y0);
  c.lineTo(x1, y1);
  c.stroke();
}

/** Best bid, best ask and mid: steps where a column is wide enough, means over some pixels otherwise. */
function priceLines(c: CanvasRenderingContext2D, run: RunData, range: Range, frame: Frame, colors: Ink): void {
  c.save();
  c.beginPath();
  c.rect(0, 0, frame.width, frame.height);
  c.clip();
  const { columns } = run;
  const columnPx = (columns.intervalNs / (view.value.to - view.value.from)) * frame.width;
  const stride = Math.max(1, Math.round(LINE_STEP_PX / columnPx));
  const first = range.first - (range.first % stride);
  const path = (price: Quantity, color: string, width: number): void => {
    c.beginPath();
    let isDown = false;
    for (let k = first; k <= range.last; k += stride) {
      const value = meanOf(columns, price, k, Math.min(k + stride, range.last + 1));
      if (value === null) {
        isDown = false;
        continue;
      }
      const [x0, x1, y] = [frame.x(columns.endNs(k - 1)), frame.x(columns.endNs(k + stride - 1)), frame.y(value)];
      if (columnPx >= LINE_STEP_PX) {
        if (isDown) c.lineTo(x0, y);
        else c.moveTo(x0, y);
        c.lineTo(x1, y);
      } else if (isDown) c.lineTo((x0 + x1) / 2, y);
      else c.moveTo((x0 + x1) / 2, y);
      isDown = true;
    }
    c.strokeStyle = color;
    c.lineWidth = width;
    c.stroke();
  };
  const best =
    (price: Field, qty: Field): Quantity =>
    (of, k) =>
      of.field(qty)[k]! > 0 ? of.field(price)[k]! : null;
  path(best(Field.bid, Field.bidQty), colors.buy, 1.4);
  path(best(Field.ask, Field.askQty), colors.sell, 1.4);
  c.globalAlpha = 0.8;
  path(mid, colors.mid, 0.9);
  c.globalAlpha = 1;
  const other = compared();
  if (other !== undefined && other.columns.length > 0) {
    const theirs = other.columns;
    const end = theirs.endNs(theirs.length - 1);
    c.setLineDash([5, 4]);
    path((of, k) => (of.endNs(k) > end ? null : mid(theirs, theirs.indexAt(of.endNs(k)))), colors.other, 1.4);
  }
  c.restore();
}

/** The mean of a quantity over the columns from `from` to `to` (not included). */
function meanOf(columns: ColumnStore, quantity: Quantity, from: number, to: number): number | null {
  let [sum, n] = [0, 0];
  for (let k = from; k < to; k++) {
    const value = quantity(columns, k);
    if (value === null) continue;
    sum += value;
    n += 1;
  }
  return n === 0 ? null : sum / n;
}

/** What was traded, by the aggressor's side, at its mean price; the area of a mark is the quantity. */
function trades(c: CanvasRenderingContext2D, run: RunData, range: Range, frame: Frame, colors: Ink): void {
  const { columns } = run;
  const perPixel = columns.intervalNs / ((view.value.to - view.value.from) / frame.width);
  const step = Math.max(1, Math.round(MARK_STEP_PX / perPixel));
  const first = range.first - (range.first % step);
  const sums: { x: number; y: number; volume: number; color: string }[] = [];
  for (let start = first; start <= range.last; start += step) {
    const end = Math.min(start + step - 1, range.last);
    for (const [volumeField, notionalField, color] of [
      [Field.buyVolume, Field.buyNotional, colors.buy],
      [Field.sellVolume, Field.sellNotional, colors.sell],
    ] as const) {
      let [volume, notional] = [0, 0];
      for (let k = start; k <= end; k++) {
        volume += columns.field(volumeField)[k]!;
        notional += columns.field(notionalField)[k]!;
      }
      if (volume === 0) continue;
      const x = (frame.x(columns.endNs(start - 1)) + frame.x(columns.endNs(end))) / 2;
      sums.push({ x, y: frame.y(notional / volume), volume, color });
    }
  }
  // The usual size is a small mark, so that what is out of the ordinary stands out.
  const usual = sums.map(({ volume }) => volume).sort((a, b) => a - b)[sums.length >> 1] ?? 1;
  c.save();
  c.beginPath();
  c.rect(0, 0, frame.width, frame.height);
  c.clip();
  c.lineWidth = 1;
  c.strokeStyle = colors.panel;
  for (const { x, y, volume, color } of sums) {
    c.globalAlpha = 0.82;
    c.fillStyle = color;
    c.beginPath();
    c.arc(x, y, Math.min(MARK_RADIUS_PX, Math.max(1, MARK_USUAL_PX * Math.sqrt(volume / usual))), 0, 7);
    c.fill();
    c.stroke();
  }
  c.restore();
}

/** What the person did, as lines; and the names of that and of what happened in the market, which is marked over every chart. */
function marks(c: CanvasRenderingContext2D, run: RunData, frame: Frame, colors: Ink): void {
  c.save();
  c.font = FONT;
  c.textBaseline = 'top';
  c.textAlign = 'left';
  c.strokeStyle = colors.text;
  c.setLineDash([2, 3]);
  const until = Math.min(limitNs(), run.endNs);
  const own = run.marks
    .filter((mark) => !isOfMarket(mark) && mark.timeNs <= until)
    .map((mark) => ({ from: mark.timeNs, to: mark.timeNs, text: markText(mark, info.value) }));
  for (const { from } of own) {
    const x = Math.round(frame.x(from)) + 0.5;
    c.globalAlpha = 0.5;
    if (x >= 0 && x <= frame.width) line(c, x, 0, x, frame.height);
  }
  const market = markedOf(run.marks, info.value, until).map(({ from, to = from, text }) => ({ from, to, text }));
  // From where each line of names is free.
  const free = Array.from({ length: MARK_LINES }, () => Number.NEGATIVE_INFINITY);
  for (const { from, to, text } of [...own, ...market].sort((a, b) => a.from - b.from)) {
    if (frame.x(to) < 0 || frame.x(from) > frame.width) continue;
    const width = c.measureText(text).width + 8;
    const x = Math.max(0, frame.x(from));
    const left = x + width > frame.width ? x - width : x;
    const row = free.findIndex((end) => left >= end);
    if (row < 0) continue;
    c.globalAlpha = 0.85;
    c.fillStyle = colors.panel;
    c.fillRect(left, 2 + 16 * row, width, 15);
    c.globalAlpha = 1;
    c.fillStyle = colors.text;
    c.fillText(text, left + 4, 4 + 16 * row);
    free[row] = left + width + 4;
  }
  c.restore();
}

/** The book beside the map: quantity by price at the playhead or now, and the best prices as tags. */
function book(c: CanvasRenderingContext2D, run: RunData, frame: Frame, colors: Ink, width: number): void {
  const { columns } = run;
  const at = playheadNs.value ?? frozenEnd(run);
  const k = columns.indexAt(at);
  const base = columns.field(Field.depthBase)[k]!;
  const [bid, ask] = [columns.field(Field.bid)[k]!, columns.field(Field.ask)[k]!];
  let most = 1;
  for (let row = 0; row < DEPTH_ROWS; row++) most = Math.max(most, columns.depth[k * DEPTH_ROWS + row]!);
  const height = Math.max(1, frame.height / (frame.high - frame.low + 1) - 0.5);
  const left = frame.width + 2;
  c.fillStyle = colors.panel;
  c.fillRect(frame.width, 0, BOOK_PX + RIGHT_PX, 0);
  for (let row = 0; row < DEPTH_ROWS; row++) {
    const qty = columns.depth[k * DEPTH_ROWS + row]!;
    const price = base + row;
    if (qty === 0 || price < frame.low || price > frame.high) continue;
    c.fillStyle = price <= bid ? colors.buy : colors.sell;
    c.globalAlpha = 0.75;
    c.fillRect(left, frame.y(price) - height / 2, (qty / most) * (BOOK_PX - 6), height);
  }
  c.globalAlpha = 1;
  c.font = `600 ${FONT}`;
  c.textBaseline = 'middle';
  c.textAlign = 'left';
  for (const [price, qty, color] of [
    [ask, columns.field(Field.askQty)[k]!, colors.sell],
    [bid, columns.field(Field.bidQty)[k]!, colors.buy],
  ] as const) {
    if (qty === 0) continue;
    // The two tags stay apart, however narrow the spread is.
    const apart = Math.max(0, 15 - Math.abs(frame.y(bid) - frame.y(ask))) / 2;
    const y = frame.y(price) + (price === ask ? -apart : apart);
    if (y < 0 || y > frame.height) continue;
    c.fillStyle = color;
    c.fillRect(width - RIGHT_PX + 2, y - 7, RIGHT_PX - 2, 14);
    c.fillStyle = colors.panel;
    c.fillText(integer(price), width - RIGHT_PX + 6, y + 0.5);
  }
}

function frozenEnd(run: RunData): number {
  return Math.min(limitNs(), run.endNs);
}

function writeInfo(info: HTMLElement, run: RunData): void {
  const { columns } = run;
  const at = cursorNs.value ?? playheadNs.value ?? frozenEnd(run);
  const k = columns.indexAt(at);
  const middle = mid(columns, k);
  const volume = columns.field(Field.buyVolume)[k]! + columns.field(Field.sellVolume)[k]!;
  write(
    info,
    `${clock(Math.min(at, run.endNs), columns.intervalNs)}  mid ${middle === null ? '–' : decimal(middle, 1)}  traded ${compact(volume)}`,
  );
}
