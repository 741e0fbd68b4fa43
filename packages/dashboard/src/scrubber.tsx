/** The whole run at a glance: its mid price, what is on the screen, and a slider for the playhead. */
import { useEffect, useRef } from 'preact/hooks';
import { goLive, scrubTo } from './actions.js';
import { ink } from './colors.js';
import { clock } from './format.js';
import { onPaint } from './paint.js';
import { decimate, mid } from './series.js';
import { beat, frozenNs, isFollowing, playheadNs, shown, view } from './state.js';

/** The run from its beginning to its newest moment. */
export function Scrubber() {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => draw(canvas.current!), []);
  beat.value;
  const run = shown();
  const end = run?.endNs ?? 0;
  const at = playheadNs.value ?? end;
  const isLive = playheadNs.value === null && frozenNs.value === null && isFollowing.value;
  return (
    <div class="scrubber">
      <canvas ref={canvas} />
      <input
        type="range"
        min="0"
        max={Math.max(1, end)}
        step={Math.max(1, run?.columns.intervalNs ?? 1)}
        value={at}
        disabled={run === undefined}
        aria-label="Moment of the run that is shown"
        aria-valuetext={clock(at)}
        onInput={(e) => scrubTo(Number(e.currentTarget.value))}
      />
      <button
        type="button"
        class={isLive ? 'live is-live' : 'live'}
        onClick={goLive}
        aria-pressed={isLive}
        title="Follow the newest moment (F)"
      >
        {frozenNs.value !== null ? 'frozen' : isLive ? 'following' : 'go live'}
      </button>
    </div>
  );
}

function draw(canvas: HTMLCanvasElement): () => void {
  const c = canvas.getContext('2d')!;
  return onPaint(
    canvas,
    ({ width, height }) => {
      const scale = Math.min(devicePixelRatio, 2);
      if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
        canvas.width = Math.round(width * scale);
        canvas.height = Math.round(height * scale);
      }
      c.setTransform(scale, 0, 0, scale, 0, 0);
      c.clearRect(0, 0, width, height);
      const run = shown();
      if (run === undefined || run.columns.length === 0) return;
      const { columns } = run;
      const end = run.endNs;
      const { times, lines } = decimate(columns, { first: 0, last: columns.length - 1 }, [mid], Math.floor(width / 2));
      const values = lines[0]!.filter((v): v is number => v !== null);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      c.strokeStyle = ink.value.dim;
      c.lineWidth = 1;
      c.beginPath();
      times.forEach((t, i) => {
        const value = lines[0]![i];
        if (value === null || value === undefined) return;
        c.lineTo(((t * 1e9) / end) * width, height - 4 - ((value - low) / Math.max(1, high - low)) * (height - 8));
      });
      c.stroke();
      const [from, to] = [(Math.max(0, view.value.from) / end) * width, (Math.min(end, view.value.to) / end) * width];
      c.fillStyle = ink.value.accent;
      c.globalAlpha = 0.16;
      c.fillRect(from, 0, Math.max(2, to - from), height);
      c.globalAlpha = 1;
      for (const { timeNs, mark } of run.marks) {
        if (mark === 'measuring' || timeNs > end) continue;
        c.fillRect((timeNs / end) * width, height - 5, 1.5, 5);
      }
    },
    true,
  );
}
