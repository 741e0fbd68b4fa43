/** Charts as SVG, drawn by Observable Plot without a browser. Colours are variables of the page, so one SVG suits both themes. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { compact, duration } from '../format.js';
import type {
  Axis,
  Chart,
  ForestChart,
  HeatmapChart,
  HistogramChart,
  LineChart,
  RankingChart,
  Series,
} from './document.js';
import { pngOf } from './heatmap.js';
import { significant } from './series.js';

const [narrow, wide] = [
  { width: 560, height: 300 },
  { width: 1140, height: 340 },
];
const margins = { marginLeft: 62, marginRight: 18, marginTop: 30, marginBottom: 42 };

/** Variables of the page: `--s0` and so on. */
function color(index: number): string {
  return `var(--s${index})`;
}

/** The chart as an SVG element. */
export function svgOf(chart: Chart): string {
  const { document } = parseHTML('<html><body></body></html>');
  const size = chart.kind === 'heatmap' ? { ...wide, height: 440 } : chart.wide ? wide : narrow;
  const options = { document, ...size, ...margins, ...optionsOf(chart, size) };
  const element = Plot.plot(options as unknown as Plot.PlotOptions) as unknown as { outerHTML: string };
  return accessible(element.outerHTML, chart);
}

type Options = Partial<Plot.PlotOptions>;

function optionsOf(chart: Chart, size: { width: number; height: number }): Options {
  switch (chart.kind) {
    case 'lines':
      return linesOf(chart);
    case 'histogram':
      return histogramOf(chart);
    case 'heatmap':
      return heatmapOf(chart, size);
    case 'forest':
      return forestOf(chart);
    case 'ranking':
      return rankingOf(chart);
  }
}

function axis({ label, scale, zero }: Axis, values: readonly number[]): Plot.ScaleOptions {
  const base = { label, labelArrow: 'none' as const };
  if (scale === 'linear') {
    // Plot would write 1.0000M for axes in ticks: only large counts are shortened.
    const large = Math.max(...values.map(Math.abs)) >= 1e4 && label !== 'price, ticks';
    return { ...base, ...(zero ? { zero: true } : {}), nice: true, tickFormat: large ? shortNumber : grouped };
  }
  if (scale === 'clock') return { ...base, ticks: clockTicks(values), tickFormat: clockText };
  if (scale === 'log') {
    const ticks = { type: 'log', nice: false, ticks: decades(values) } as const;
    // Nanoseconds may be milliseconds.
    if (label === 'ns') return { ...base, ...ticks, label: 'latency', tickFormat: (v) => withoutZeros(duration(v)) };
    return { ...base, ...ticks, tickFormat: shortNumber };
  }
  const nines = Math.floor(Math.log10(Math.max(...values, 10)));
  const ticks = Array.from({ length: nines + 1 }, (_, i) => 10 ** i);
  return { ...base, type: 'log', ticks, tickFormat: (x: number) => ninesText(x), labelOffset: 36 };
}

/** Powers of ten that lie within the values and, where there are few, twos and fives. */
function decades(values: readonly number[]): number[] {
  const positive = values.filter((v) => v > 0);
  const [low, high] = [Math.min(...positive), Math.max(...positive)];
  const steps = Math.log10(high / low) < 2 ? [1, 2, 5] : [1];
  const exponents = Array.from({ length: 20 }, (_, i) => i);
  return exponents.flatMap((e) => steps.map((step) => step * 10 ** e)).filter((v) => v >= low && v <= high);
}

/** `1 K` where `compact` would write `1.00 K`. */
function shortNumber(value: number): string {
  return withoutZeros(compact(value));
}

function withoutZeros(text: string): string {
  return text.replace(/\.?0+(?= |$)/, (zeros) => (zeros.startsWith('.') ? '' : zeros));
}

/** Round times of the day, at most ten. */
function clockTicks(values: readonly number[]): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const step = [1, 5, 15, 60, 300, 900, 1800, 3600, 7200].find((s) => (high - low) / s <= 10) ?? 14_400;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
}

/** Seconds since midnight as a time of day. */
export function clockText(seconds: number): string {
  const text = new Date(Math.round(seconds) * 1e3).toISOString().slice(11, 19);
  return text.endsWith(':00') ? text.slice(0, 5) : text;
}

function grouped(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 4 });
}

function wholePercent(value: number): string {
  const percent = Math.round(1000 * value) / 10;
  return percent > 0 ? `+${percent} %` : `${percent} %`.replace('-', '−');
}

/** 1 / (1 - p) as a percentile: 100 is 99 %. */
function ninesText(x: number): string {
  if (x === 1) return '0 %';
  const digits = Math.max(0, Math.round(Math.log10(x)) - 2);
  return `${(100 * (1 - 1 / x)).toFixed(digits)} %`;
}

const grid = { stroke: 'var(--grid)', strokeOpacity: 1 };

function gridY({ scale }: Axis, values: readonly number[]): Plot.Markish {
  return Plot.gridY(scale === 'log' ? { ...grid, ticks: decades(values) } : grid);
}

function linesOf({ x, y, series, marks }: LineChart): Options {
  const points = series.flatMap((s) => s.points);
  const [xs, ys] = [points.map(([v]) => v), points.map(([, v]) => v)];
  return {
    x: axis(x, xs),
    y: axis(y, ys),
    marks: [
      gridY(y, ys),
      ...marks.map((m) => Plot.rectY([m], { y1: 'low', y2: 'high', fill: 'var(--band)', insetLeft: 0 })),
      ...(y.zero ? [Plot.ruleY([0], { stroke: 'var(--axis)' })] : []),
      ...series.flatMap(seriesMarks),
    ],
  };
}

function seriesMarks({ points, shape, color: index }: Series): Plot.Markish[] {
  const data = points.map(([x, y]) => ({ x, y }));
  const stroke = color(index);
  if (shape === 'stems') {
    return [
      Plot.ruleX(data, { x: 'x', y1: 0, y2: 'y', stroke, strokeWidth: 2 }),
      Plot.dot(data, { x: 'x', y: 'y', fill: stroke, r: 2.5 }),
    ];
  }
  const dash = shape === 'dashed' ? { strokeDasharray: '5 4' } : {};
  const curve = shape === 'step' ? { curve: 'step-after' as const } : {};
  return [Plot.lineY(data, { x: 'x', y: 'y', stroke, strokeWidth: 1.6, ...dash, ...curve })];
}

function histogramOf({ x, y, bins }: HistogramChart): Options {
  const data = bins.map(([from, to, value]) => ({ from, to, value }));
  return {
    x: axis(x, [...bins.map(([from]) => from), ...bins.map(([, to]) => to)]),
    y: {
      ...axis(
        y,
        bins.map(([, , v]) => v),
      ),
      ...(y.label.startsWith('share') ? { percent: true } : {}),
    },
    marks: [
      Plot.gridY(grid),
      Plot.rectY(data, { x1: 'from', x2: 'to', y: 'value', fill: color(0), fillOpacity: 0.85, inset: 0.5 }),
      Plot.ruleY([0], { stroke: 'var(--axis)' }),
    ],
  };
}

function heatmapOf(chart: HeatmapChart, { width, height }: { width: number; height: number }): Options {
  const { x, y, xRange, yRange, lines } = chart;
  const [w, h] = [width - margins.marginLeft - margins.marginRight, height - margins.marginTop - margins.marginBottom];
  const src = `data:image/png;base64,${pngOf(chart).toString('base64')}`;
  const [cx, cy] = [margins.marginLeft + w / 2, margins.marginTop + h / 2];
  return {
    x: { ...axis(x, xRange), nice: false, domain: [...xRange] },
    y: { ...axis(y, yRange), nice: false, domain: [...yRange] },
    marks: [
      Plot.image([0], {
        src: () => src,
        width: w,
        height: h,
        preserveAspectRatio: 'none',
        imageRendering: 'pixelated',
        // At a place on the page, not at a value of the scales.
        frameAnchor: 'middle',
        dx: cx - (margins.marginLeft + w / 2),
        dy: cy - (margins.marginTop + h / 2),
      }),
      ...lines.flatMap(seriesMarks),
    ],
  };
}

function forestOf({ x, rows, minEffect }: ForestChart): Options {
  const state = { good: 'var(--good)', bad: 'var(--bad)', neutral: 'var(--muted)', unsure: 'var(--unsure)' };
  const data = rows.map((row) => ({ ...row, low: row.interval[0], high: row.interval[1], fill: state[row.state] }));
  const ends = rows.flatMap(({ interval }) => interval.map(Math.abs));
  const reach = Math.min(1, Math.max(2 * minEffect, ...ends) * 1.1);
  return {
    height: 70 + 30 * rows.length,
    marginLeft: 190,
    x: { label: x.label, labelArrow: 'none', domain: [-reach, reach], clamp: true, tickFormat: wholePercent, ticks: 7 },
    y: { label: null, domain: rows.map(({ name }) => name), padding: 0.4 },
    marks: [
      Plot.rectX([{}], { x1: -minEffect, x2: minEffect, fill: 'var(--band)' }),
      Plot.gridX(grid),
      Plot.ruleX([0], { stroke: 'var(--axis)' }),
      Plot.ruleY(data, { y: 'name', x1: 'low', x2: 'high', stroke: 'fill', strokeWidth: 3 }),
      Plot.dot(data, { y: 'name', x: 'difference', fill: 'fill', r: 5 }),
    ],
    color: { type: 'identity' },
  };
}

function rankingOf({ x, rows }: RankingChart): Options {
  const values = rows.map(({ value }) => value);
  // From the power of ten below, since a bar from nothing has no place on such an axis.
  const domain = [10 ** Math.floor(Math.log10(Math.min(...values))), Math.max(...values) * 1.6];
  const data = rows.map((row) => ({ ...row, fill: row.own ? color(0) : 'var(--muted)', from: domain[0] }));
  const text = (value: number): string => (x.label === 'ns' ? duration(value) : shortNumber(significant(value)));
  return {
    height: 70 + 26 * rows.length,
    marginLeft: 230,
    x: { ...axis(x, domain as number[]), domain },
    y: { label: null, domain: rows.map(({ name }) => name), padding: 0.45 },
    marks: [
      Plot.gridX({ ...grid, ticks: decades(domain as number[]) }),
      Plot.ruleY(data, { y: 'name', x1: 'from', x2: 'value', stroke: 'fill', strokeWidth: 3, strokeOpacity: 0.45 }),
      Plot.dot(data, { y: 'name', x: 'value', fill: 'fill', r: 5 }),
      Plot.text(data, {
        y: 'name',
        x: 'value',
        text: (d) => text(d.value),
        dx: 10,
        textAnchor: 'start',
        fill: 'var(--ink)',
      }),
    ],
    color: { type: 'identity' },
  };
}

/**
 * The SVG with a title and a description, and without what tools for accessibility object to: Plot labels plain groups,
 * which carry no role. Fonts and sizes are the page's.
 */
function accessible(svg: string, { id, title, finding }: Chart): string {
  const named = svg
    .replaceAll(/ aria-(label|description|hidden)="[^"]*"/g, '')
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .replaceAll(/ class="plot-[^"]*"/g, '')
    // Hundredths of a pixel; only in attributes, since labels say what they say.
    .replaceAll(/="[^"]*"/g, (attribute) => attribute.replaceAll(/(-?\d+\.\d{2})\d+/g, '$1'));
  const label = `<title id="${id}-title">${htmlText(title)}</title><desc id="${id}-desc">${htmlText(finding)}</desc>`;
  return named.replace(
    /<svg([^>]*)>/,
    `<svg$1 role="img" aria-labelledby="${id}-title" aria-describedby="${id}-desc">${label}`,
  );
}

/** A text in HTML. */
export function htmlText(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
