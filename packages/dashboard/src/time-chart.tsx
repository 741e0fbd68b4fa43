/** Lines over simulated time. uPlot draws them; nothing outside this file knows it. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { ColumnStore } from '../../cli/src/dashboard/columns.js';
import type { RunInfo } from '../../cli/src/dashboard/protocol.js';
import { type Ink, ink } from './colors.js';
import { clock } from './format.js';
import { marksText } from './marks.js';
import { onPaint, type Size } from './paint.js';
import { Panel, type Table } from './panel.js';
import { plotArea } from './plot-area.js';
import { decimate, type Points, type Quantity, type Range, rangeOf } from './series.js';
import {
  against,
  compared,
  cursorNs,
  limitNs,
  type PanelName,
  playheadNs,
  type RunData,
  run as runInfo,
  shown,
  view,
} from './state.js';

/** One line. */
export interface Line {
  label: string;
  color(ink: Ink): string;
  quantity: Quantity;
  /** Whether the run that is compared with has it, too; it has if this is left out. */
  isSame?(other: RunInfo): boolean;
}

interface Props {
  name?: PanelName;
  title: string;
  lines: readonly Line[];
  format(value: number): string;
  /** A logarithmic axis. */
  isLog?: boolean;
  /** What the vertical axis must contain. */
  include?: readonly number[];
  /** Lines that are not one value per column. */
  points?: (columns: ColumnStore, range: Range, buckets: number) => Points;
  /** Beside the legend. */
  note?: () => string;
}

/** Points of a line per pixel: a smallest and a largest. */
const BUCKET_PX = 2;
const FONT = '10.5px system-ui, sans-serif';
/** Rows of a chart's table. */
const TABLE_ROWS = 12;

/** Lines over simulated time, with the second run's dashed. */
export function TimeChart(props: Props) {
  const { name, title, lines, format } = props;
  const host = useRef<HTMLDivElement>(null);
  const values = useRef<(HTMLElement | null)[]>([]);
  const note = useRef<HTMLSpanElement>(null);

  useEffect(() => draw(host.current!, props, values.current, note.current), []);

  return (
    <Panel
      hasPicture
      {...(name === undefined ? {} : { name })}
      title={title}
      summary={() => summarise(props)}
      table={() => tabulate(props)}
      legend={
        <>
          {lines.map((line, i) => (
            <span key={line.label} class="key">
              <i style={{ background: line.color(ink.value) }} />
              {line.label}{' '}
              <b
                ref={(element) => {
                  values.current[i] = element;
                }}
              />
            </span>
          ))}
          <span class="note" ref={note} />
        </>
      }
    >
      <div
        class="plot"
        ref={host}
        role="img"
        aria-label={`${title} over time: ${lines.map((l) => l.label).join(', ')}`}
      />
    </Panel>
  );

  function summarise({ points }: Props): string {
    const run = shown();
    if (run === undefined || run.columns.length === 0) return `${title}: no data yet.`;
    const range = visible(run);
    const all =
      points?.(run.columns, range, 100) ??
      decimate(
        run.columns,
        range,
        lines.map((l) => l.quantity),
        100,
      );
    const parts = lines.map((line, i) => {
      const numbers = all.lines[i]!.filter((v): v is number => v !== null);
      if (numbers.length === 0) return `${line.label} has no values`;
      const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
      return `${line.label} now ${format(numbers.at(-1)!)}, from ${format(low)} to ${format(high)}`;
    });
    const { from, to } = view.value;
    const marked = marksText(run.marks, runInfo.value, [from, Math.min(to, limitNs())], clock);
    const end = marked === '' ? '' : ` Marked: ${marked}.`;
    return `${title} from ${clock(from)} to ${clock(to)}: ${parts.join('; ')}.${end}`;
  }

  function tabulate({ points }: Props): Table {
    const run = shown();
    const isMarket = (runInfo.value?.arm ?? null) !== null;
    const head = ['Time', ...lines.map((line) => line.label), ...(isMarket ? ['Marked'] : [])];
    if (run === undefined || run.columns.length === 0) return { head, rows: [] };
    const range = visible(run);
    const sparse = points?.(run.columns, range, TABLE_ROWS) ?? everyNth(run.columns, range);
    const rows = sparse.times.map((time, i) => [
      clock(time * 1e9),
      ...lines.map((_, l) => {
        const value = sparse.lines[l]![i];
        return value === null || value === undefined ? '–' : format(value);
      }),
      ...(isMarket ? [marksText(run.marks, runInfo.value, between(sparse.times, i), clock)] : []),
    ]);
    return { head, rows };
  }

  function everyNth(columns: ColumnStore, { first, last }: Range): Points {
    const points: Points = { times: [], lines: lines.map(() => []) };
    const step = Math.max(1, Math.ceil((last - first + 1) / TABLE_ROWS));
    for (let k = last; k >= first; k -= step) {
      points.times.unshift(columns.endNs(k) / 1e9);
      lines.forEach((line, l) => {
        points.lines[l]!.unshift(line.quantity(columns, k));
      });
    }
    return points;
  }
}

/** From the row before to this one, ns. */
function between(times: readonly number[], i: number): [number, number] {
  return [(times[i - 1] ?? times[i]!) * 1e9, times[i]! * 1e9];
}

function visible(run: RunData): Range {
  const { from, to } = view.value;
  return rangeOf(run.columns, from, to, limitNs());
}

/** Draws until it is told to end. */
function draw(host: HTMLElement, props: Props, values: (HTMLElement | null)[], note: HTMLElement | null): () => void {
  const { lines, format, include = [], isLog = false } = props;
  const quantities = lines.map((line) => line.quantity);
  let chart: uPlot | undefined;
  let inked: Ink | undefined;
  let endArea = (): void => {};

  const make = (colors: Ink, { width, height }: Size): void => {
    endArea();
    chart?.destroy();
    inked = colors;
    const stroke = { stroke: colors.dim, font: FONT, grid: { stroke: colors.grid, width: 1 }, ticks: { show: false } };
    chart = new uPlot(
      {
        width,
        height,
        padding: [6, 16, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: () => [view.value.from / 1e9, view.value.to / 1e9] },
          y: isLog
            ? {
                distr: 3,
                range: (_, low, high) => [
                  10 ** Math.floor(Math.log10(Math.max(low || 10, 1))),
                  10 ** Math.ceil(Math.log10(Math.max(high || 100, 10))),
                ],
              }
            : { range: (_, low, high) => padded(low, high, include) },
        },
        axes: [
          {
            ...stroke,
            size: 20,
            gap: 2,
            space: 70,
            values: (_, ticks) => ticks.map((t) => clock(t * 1e9, tickStep(ticks))),
          },
          {
            ...stroke,
            gap: 4,
            space: 22,
            // Of a logarithmic axis the powers of ten say enough.
            ...(isLog ? { filter: powersOfTen, grid: { ...stroke.grid, filter: powersOfTen } } : {}),
            values: (_, ticks) => ticks.map((t) => (t === null ? '' : format(t))),
            // As wide as its widest label: nothing is cut off, whatever the prices are.
            size: (u, labels) => axisWidth(u, labels),
          },
        ],
        series: [
          {},
          ...lines.map((line) => ({
            stroke: line.color(colors),
            width: 1.25,
            points: { show: false },
            spanGaps: false,
          })),
          ...lines.map((line) => ({
            stroke: line.color(colors),
            width: 1,
            dash: [4, 4],
            alpha: 0.75,
            points: { show: false },
          })),
        ],
      },
      [[], ...lines.map(() => []), ...lines.map(() => [])],
      host,
    );
    endArea = plotArea(chart.over);
  };

  const paint = (room: Size): void => {
    const size = { width: Math.max(60, room.width), height: Math.max(40, room.height) };
    if (inked !== ink.value) make(ink.value, size);
    const u = chart!;
    if (u.width !== size.width || u.height !== size.height) u.setSize(size);
    const run = shown();
    if (run === undefined || run.columns.length === 0) {
      u.setData([[], ...lines.map(() => []), ...lines.map(() => [])]);
      for (const element of values) write(element, '');
      return;
    }
    const { columns } = run;
    const range = visible(run);
    const buckets = Math.max(10, Math.floor(u.bbox.width / devicePixelRatio / BUCKET_PX));
    const points =
      props.points?.(columns, range, Math.floor(buckets / 4)) ?? decimate(columns, range, quantities, buckets);
    const other = compared();
    const overlay =
      other === undefined ? lines.map(() => points.times.map(() => null)) : along(other, points.times, props);
    u.setData([points.times, ...points.lines, ...overlay] as uPlot.AlignedData);
    const at = cursorNs.value ?? playheadNs.value;
    const atSeconds = at === null ? Number.POSITIVE_INFINITY : at / 1e9;
    let index = points.times.length - 1;
    while (index > 0 && points.times[index - 1]! >= atSeconds) index -= 1;
    lines.forEach((_, i) => {
      const value = points.lines[i]![index];
      write(values[i] ?? null, value === null || value === undefined ? '–' : format(value));
    });
    if (props.note !== undefined) write(note, props.note());
  };
  const end = onPaint(host, paint, true);
  return () => {
    end();
    endArea();
    chart?.destroy();
  };
}

/** The second run's lines at the times of the first's. */
function along(other: RunData, times: readonly number[], { lines, points }: Props): (number | null)[][] {
  const { columns } = other;
  const end = columns.endNs(columns.length - 1) / 1e9;
  if (points === undefined) {
    const info = against.value;
    return lines.map(({ quantity, isSame }) => {
      const isThere = isSame === undefined || (info !== undefined && isSame(info));
      return times.map((t) => (t > end || !isThere ? null : quantity(columns, columns.indexAt(t * 1e9))));
    });
  }
  const range = rangeOf(columns, (times[0] ?? 0) * 1e9, (times.at(-1) ?? 0) * 1e9, limitNs());
  const theirs = points(columns, range, times.length);
  return lines.map((_, l) => {
    let i = 0;
    return times.map((t) => {
      while (i < theirs.times.length - 1 && theirs.times[i]! < t) i += 1;
      return t > end ? null : (theirs.lines[l]![i] ?? null);
    });
  });
}

function padded(low: number | null, high: number | null, include: readonly number[]): [number, number] {
  const [a, b] = [Math.min(low ?? 0, ...include), Math.max(high ?? 1, ...include)];
  const pad = a === b ? 1 : (b - a) * 0.06;
  return [include.includes(a) ? a : a - pad, include.includes(b) && a !== b ? b : b + pad];
}

function powersOfTen(_: uPlot, ticks: number[]): (number | null)[] {
  return ticks.map((tick) => (Number.isInteger(Math.log10(tick)) ? tick : null));
}

function tickStep(ticks: readonly (number | null)[]): number {
  return ticks.length < 2 ? 1e9 : Math.abs(ticks[1]! - ticks[0]!) * 1e9;
}

function axisWidth(u: uPlot, labels: string[] | null): number {
  if (labels === null) return 36;
  u.ctx.save();
  u.ctx.font = FONT;
  const widest = Math.max(0, ...labels.map((label) => u.ctx.measureText(label ?? '').width));
  u.ctx.restore();
  return Math.ceil(widest) + 10;
}

/** Writes a text where it differs. */
export function write(element: HTMLElement | null, text: string): void {
  if (element !== null && element.textContent !== text) element.textContent = text;
}
