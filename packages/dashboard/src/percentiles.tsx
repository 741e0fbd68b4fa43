/** Latency by percentile on an axis of nines: each step to the right is ten times rarer. */
import { useEffect, useRef } from 'preact/hooks';
import { ink } from './colors.js';
import { duration, integer } from './format.js';
import { onPaint, type Size } from './paint.js';
import { Panel, type Table } from './panel.js';
import { compared, hello, type RunData, shown } from './state.js';

const LEFT_PX = 46;
const BOTTOM_PX = 20;
const FONT = '10.5px system-ui, sans-serif';
/** Where the axis ends: 99.9999 %. */
const NINES_MAX = 6;
const TICKS = [0, 90, 99, 99.9, 99.99, 99.999, 99.9999];

/** How many nines a percentile has: 90 has one, 99 has two. */
export function nines(percent: number): number {
  return Math.min(NINES_MAX, -Math.log10(1 - Math.min(percent, 99.9999) / 100));
}

/** The percentile chart. */
export function Percentiles() {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => draw(host.current!), []);
  return (
    <Panel
      hasPicture
      name="percentiles"
      title="Latency by percentile"
      summary={summarise}
      table={tabulate}
      legend={<span class="note">whole run</span>}
    >
      <div class="plot canvas" ref={host} role="img" aria-label="Latency by percentile" />
    </Panel>
  );
}

/** The percentiles that as many values support as were timed: of a thousand, 99.9 % is the last. */
function curve(run: RunData | undefined): { percent: number; ns: number }[] {
  const state = run?.state;
  const percentiles = hello.value?.percentiles ?? [];
  if (state === undefined || state.latencyCount === 0) return [];
  const supported = 100 * (1 - 1 / state.latencyCount);
  return percentiles
    .map((percent, i) => ({ percent, ns: state.latencyNs[i] ?? 0 }))
    .filter(({ percent }) => percent <= supported);
}

function summarise(): string {
  const state = shown()?.state;
  const of = (percent: number): string => {
    const found = curve(shown()).find((p) => p.percent === percent);
    return found === undefined ? '' : `${percent} % within ${duration(found.ns)}`;
  };
  if (state === undefined || state.latencyCount === 0) return 'Latency by percentile: nothing was timed.';
  const parts = [50, 99, 99.9, 99.99].map(of).filter((text) => text !== '');
  return `Latency of ${integer(state.latencyCount)} timed commands: ${parts.join(', ')}.`;
}

function tabulate(): Table {
  const other = compared();
  const theirs = new Map(curve(other).map(({ percent, ns }) => [percent, ns]));
  return {
    head: ['Percentile', 'Latency', ...(other === undefined ? [] : ['Compared'])],
    rows: curve(shown()).map(({ percent, ns }) => [
      `${percent} %`,
      duration(ns),
      ...(other === undefined ? [] : [duration(theirs.get(percent) ?? Number.NaN)]),
    ]),
  };
}

function draw(host: HTMLElement): () => void {
  const canvas = document.createElement('canvas');
  host.prepend(canvas);
  const c = canvas.getContext('2d', { alpha: false })!;
  const paint = ({ width, height }: Size): void => {
    const scale = Math.min(devicePixelRatio, 2);
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const colors = ink.value;
    c.setTransform(scale, 0, 0, scale, 0, 0);
    c.fillStyle = colors.panel;
    c.fillRect(0, 0, width, height);
    const [mine, theirs] = [curve(shown()), curve(compared())];
    const all = [...mine, ...theirs].map(({ ns }) => Math.max(1, ns));
    if (all.length === 0) return;
    const plot = { left: LEFT_PX, width: Math.max(10, width - LEFT_PX - 26), height: Math.max(10, height - BOTTOM_PX) };
    const [low, high] = [Math.floor(Math.log10(Math.min(...all))), Math.ceil(Math.log10(Math.max(...all) * 1.05))];
    const x = (percent: number): number => plot.left + (nines(percent) / NINES_MAX) * plot.width;
    const y = (ns: number): number =>
      plot.height - 4 - ((Math.log10(Math.max(1, ns)) - low) / Math.max(1, high - low)) * (plot.height - 12);
    c.font = FONT;
    c.strokeStyle = colors.grid;
    c.fillStyle = colors.dim;
    c.lineWidth = 1;
    c.textBaseline = 'middle';
    for (const percent of TICKS) {
      const at = Math.round(x(percent)) + 0.5;
      c.beginPath();
      c.moveTo(at, 0);
      c.lineTo(at, plot.height);
      c.stroke();
      c.textAlign = 'center';
      if (plot.width > 420 || TICKS.indexOf(percent) % 2 === 0) {
        c.fillText(`${percent}%`, at, plot.height + BOTTOM_PX / 2);
      }
    }
    for (let power = low; power <= high; power++) {
      const at = Math.round(y(10 ** power)) + 0.5;
      c.beginPath();
      c.moveTo(plot.left, at);
      c.lineTo(plot.left + plot.width, at);
      c.stroke();
      c.textAlign = 'right';
      c.fillText(duration(10 ** power), plot.left - 4, at);
    }
    const path = (points: typeof mine, color: string, dash: number[]): void => {
      c.strokeStyle = color;
      c.lineWidth = 1.6;
      c.setLineDash(dash);
      c.beginPath();
      points.forEach(({ percent, ns }, i) => {
        if (i === 0) c.moveTo(x(percent), y(ns));
        else c.lineTo(x(percent), y(ns));
      });
      c.stroke();
      c.setLineDash([]);
    };
    path(theirs, colors.other, [5, 4]);
    path(mine, colors.accent, []);
    c.fillStyle = colors.accent;
    for (const { percent, ns } of mine) {
      c.beginPath();
      c.arc(x(percent), y(ns), 2.2, 0, 7);
      c.fill();
    }
  };
  const end = onPaint(host, paint, true);
  return () => {
    end();
    canvas.remove();
  };
}
