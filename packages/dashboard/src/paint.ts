/**
 * One animation loop for the whole page. Data comes in up to 60 times a second and only marks the page dirty; painting
 * happens at 60, 30 or 15 frames a second, whichever this machine can afford, and not at all while nobody can see it.
 */
import { stats } from './state.js';

/** Something that is painted. */
interface Painter {
  element: Element;
  isVisible: boolean;
  /** Charts of many lines are painted every other time. */
  isSlow: boolean;
  /** Left out the last time. */
  isBehind: boolean;
  paint(): void;
}

/** Frames a second that are tried, from the best down, and the longest mean painting time (ms) that each allows. */
const RATES = [
  { fps: 60, paintMs: 3 },
  { fps: 30, paintMs: 12 },
  { fps: 15, paintMs: Number.POSITIVE_INFINITY },
];

const painters = new Map<Element, Painter>();
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const painter = painters.get(target);
    if (painter !== undefined) painter.isVisible = isIntersecting;
  }
  markDirty();
});
let isDirty = true;
let isUrgent = true;
let lastMs = 0;
let meanMs = 5;
let rate = 1;
let turn = false;

/** New data: to be painted when it is time. */
export function markDirty(): void {
  isDirty = true;
}

/** The person did something: to be painted with the next frame. */
export function markUrgent(): void {
  isUrgent = true;
}

/** Paints an element whenever it is visible and something changed. Gives what ends that. */
export function onPaint(element: Element, paint: () => void, isSlow = false): () => void {
  painters.set(element, { element, isVisible: true, isSlow, isBehind: true, paint });
  seen.observe(element);
  markUrgent();
  return () => {
    painters.delete(element);
    seen.unobserve(element);
  };
}

/** Begins to paint. */
export function startPainting(): void {
  requestAnimationFrame(loop);
}

function loop(nowMs: number): void {
  requestAnimationFrame(loop);
  if (document.hidden || !(isDirty || isUrgent)) return;
  // Half a frame's tolerance, or a 60 Hz screen would give 20 frames a second where 30 are wanted.
  if (!isUrgent && nowMs - lastMs < 1000 / RATES[rate]!.fps - 8) return;
  const all = isUrgent;
  isDirty = false;
  isUrgent = false;
  lastMs = nowMs;
  turn = !turn;
  const began = performance.now();
  let slow = 0;
  for (const painter of painters.values()) {
    if (!painter.isVisible) continue;
    // Half of the slow ones each time.
    if (painter.isSlow && !all && (slow++ % 2 === 0) === turn) {
      painter.isBehind = true;
      continue;
    }
    painter.isBehind = false;
    painter.paint();
  }
  // What was left out this time is painted even if nothing new comes.
  if ([...painters.values()].some((painter) => painter.isBehind && painter.isVisible)) isDirty = true;
  adapt(performance.now() - began);
}

function adapt(paintMs: number): void {
  stats.paints += 1;
  stats.paintMs += paintMs;
  meanMs += (paintMs - meanMs) / 20;
  if (meanMs > RATES[rate]!.paintMs) rate += 1;
  // Well below, or the rate would swing.
  else if (rate > 0 && meanMs < RATES[rate - 1]!.paintMs / 1.5) rate -= 1;
  stats.fps = RATES[rate]!.fps;
}
