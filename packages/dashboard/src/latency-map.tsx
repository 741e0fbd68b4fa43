/** Latency over time as a map: how many commands took how long, on a logarithmic scale. */
import { useEffect, useRef } from 'preact/hooks';
import { LATENCY_BUCKETS, latencyAt, latencyBoundNs } from '../../cli/src/dashboard/columns.js';
import { ink, ramp } from './colors.js';
import { clock, duration, integer } from './format.js';
import { onPaint, type Size } from './paint.js';
import { Panel, type Table } from './panel.js';
import { plotArea } from './plot-area.js';
import { rangeOf, sumLatency } from './series.js';
import { limitNs, shown, view } from './state.js';

const LEFT_PX = 46;
const BOTTOM_PX = 20;
const FONT = '10.5px system-ui, sans-serif';
/** Pixels of a cell's width at the least. */
const CELL_PX = 3;

/** The latency map. */
export function LatencyMap() {
  const host = useRef<HTMLDivElement>(null);
  const area = useRef<HTMLDivElement>(null);
  useEffect(() => draw(host.current!, area.current!), []);
  return (
    <Panel
      hasPicture
      name="latency-map"
      title="Latency map"
      summary={summarise}
      table={tabulate}
      legend={<span class="note">commands by time taken</span>}
    >
      <div class="plot canvas" ref={host} role="img" aria-label="Commands by time and latency">
        <div ref={area} class="over latency-over" />
      </div>
    </Panel>
  );
}

/** The counts over what is on the screen. */
function counts(): { all: Float64Array; total: number } {
  const run = shown();
  const all = new Float64Array(LATENCY_BUCKETS);
  if (run === undefined || run.columns.length === 0) return { all, total: 0 };
  const { first, last } = rangeOf(run.columns, view.value.from, view.value.to, limitNs());
  return { all, total: sumLatency(run.columns, first, last + 1, all).total };
}

function summarise(): string {
  const { all, total } = counts();
  const at = (share: number): string => duration(latencyAt(all, total, share) ?? Number.NaN);
  return total === 0
    ? 'Latency map: nothing was timed.'
    : `Latency map: ${integer(total)} commands timed, half within ${at(0.5)}, 99 % within ${at(0.99)}.`;
}

function tabulate(): Table {
  const { all } = counts();
  const rows = [...all].flatMap((n, i) =>
    n === 0
      ? []
      : [
          [
            `${duration(latencyBoundNs(i))} – ${i === LATENCY_BUCKETS - 1 ? '' : duration(latencyBoundNs(i + 1))}`,
            integer(n),
          ],
        ],
  );
  return { head: ['Time taken', 'Commands'], rows };
}

function draw(host: HTMLElement, area: HTMLElement): () => void {
  const canvas = document.createElement('canvas');
  host.prepend(canvas);
  const context = canvas.getContext('2d', { alpha: false })!;
  const bitmap = document.createElement('canvas');
  const bitmapContext = bitmap.getContext('2d', { alpha: false })!;
  const cell = new Float64Array(LATENCY_BUCKETS);
  const endArea = plotArea(area);

  const paint = ({ width, height }: Size): void => {
    const scale = Math.min(devicePixelRatio, 2);
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const c = context;
    c.setTransform(scale, 0, 0, scale, 0, 0);
    c.fillStyle = ink.value.panel;
    c.fillRect(0, 0, width, height);
    const run = shown();
    if (run === undefined || run.columns.length === 0) return;
    const plot = { left: LEFT_PX, width: Math.max(10, width - LEFT_PX - 8), height: Math.max(10, height - BOTTOM_PX) };
    const { columns } = run;
    const { from, to } = view.value;
    const { first, last } = rangeOf(columns, from, to, limitNs());
    const all = new Float64Array(LATENCY_BUCKETS);
    const { total } = sumLatency(columns, first, last + 1, all);
    if (total === 0) return;
    const low = Math.max(0, all.findIndex((n) => n > 0) - 1);
    const high = Math.min(LATENCY_BUCKETS - 1, all.findLastIndex((n) => n > 0) + 1);
    const rows = high - low + 1;
    const x = (timeNs: number): number => plot.left + ((timeNs - from) / (to - from)) * plot.width;
    const step = Math.max(1, Math.ceil(((last - first + 1) * CELL_PX) / plot.width));
    const start = first - (first % step);
    const cells = Math.floor((last - start) / step) + 1;
    const image = new ImageData(cells, rows);
    const pixels = new Uint32Array(image.data.buffer);
    for (let i = 0; i < cells; i++) {
      const a = start + i * step;
      const { total: here } = sumLatency(columns, Math.max(a, first), Math.min(a + step, last + 1), cell);
      for (let row = 0; row < rows; row++) {
        // The share within the cell, logarithmic from one in ten thousand: tails are what one looks for.
        const share = here === 0 ? 0 : cell[low + row]! / here;
        const shade = share === 0 ? 0 : 30 + Math.round(225 * Math.min(1, Math.max(0, 1 + Math.log10(share * 2) / 4)));
        pixels[(rows - 1 - row) * cells + i] = ramp.value[Math.min(255, shade)]!;
      }
    }
    bitmap.width = cells;
    bitmap.height = rows;
    bitmapContext.putImageData(image, 0, 0);
    c.save();
    c.beginPath();
    c.rect(plot.left, 0, plot.width, plot.height);
    c.clip();
    c.imageSmoothingEnabled = false;
    const left = x(columns.endNs(start - 1));
    c.drawImage(bitmap, left, 0, x(columns.endNs(start + cells * step - 1)) - left, plot.height);
    c.restore();
    axes(plot, low, high);
  };

  const axes = (plot: { left: number; width: number; height: number }, low: number, high: number): void => {
    const c = context;
    c.font = FONT;
    c.fillStyle = ink.value.dim;
    c.textBaseline = 'middle';
    c.textAlign = 'right';
    const rows = high - low + 1;
    let lastY = Number.POSITIVE_INFINITY;
    for (let bucket = low; bucket <= high; bucket++) {
      // Full doublings only.
      if (bucket > 0 && (bucket - 1) % 4 !== 0) continue;
      const y = plot.height - ((bucket - low) / rows) * plot.height;
      if (lastY - y < 15 || y < 6) continue;
      lastY = y;
      c.fillText(duration(latencyBoundNs(bucket)), plot.left - 4, y - 1);
    }
    c.textAlign = 'center';
    const { from, to } = view.value;
    for (const share of [0.15, 0.5, 0.85]) {
      const t = from + share * (to - from);
      c.fillText(clock(t, (to - from) / 100), plot.left + share * plot.width, plot.height + BOTTOM_PX / 2);
    }
  };

  const end = onPaint(host, paint, true);
  return () => {
    end();
    endArea();
    canvas.remove();
  };
}
