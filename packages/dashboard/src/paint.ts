/**
 * What the whole page paints with. Data comes in up to 60 times a second and only marks the page dirty; painting happens in rounds,
 * 60, 30 or 15 a second, whichever this machine can afford, and not at all while nobody can see it. A round that is long is spread
 * over several frames, so that no task keeps the person waiting.
 */
import { stats } from './state.js';

/** An element's inner size, CSS px. Known without asking the layout, which every text that was just written would redo. */
export interface Size {
  width: number;
  height: number;
}

/** Something that is painted. */
interface Painter {
  isVisible: boolean;
  /** Lines and rows of text are painted in some of the rounds only, some ten times a second, as far as there is time. */
  isSlow: boolean;
  /** What it shows is old. */
  isStale: boolean;
  /** To be painted in this round. */
  isDue: boolean;
  lastMs: number;
  size: Size;
  paint(size: Size): void;
}

/**
 * Rounds a second that are tried, from the best down, in how many of them a slow one is painted once, and the longest mean
 * painting time (ms) that each allows: the browser takes twice as long again for layout, pixels and compositing.
 */
const RATES = [
  { fps: 60, slowEvery: 6, paintMs: 2 },
  { fps: 30, slowEvery: 3, paintMs: 6 },
  { fps: 15, slowEvery: 2, paintMs: Number.POSITIVE_INFINITY },
];
/** Painting time of a frame after which slow ones wait for the next, ms. */
const BUDGET_MS = 8;
/** Half a frame's tolerance, or a 60 Hz screen would give 20 rounds a second where 30 are wanted, ms. */
const TOLERANCE_MS = 8;

const painters = new Map<Element, Painter>();
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const painter = painters.get(target);
    if (painter !== undefined) painter.isVisible = isIntersecting;
  }
  markUrgent();
});
/** Sizes are told after layout and before the frame is shown: what is painted at once is never seen in the wrong size. */
const sizes = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const painter = painters.get(target);
    if (painter === undefined || isSame(painter.size, contentRect)) continue;
    painter.size = { width: contentRect.width, height: contentRect.height };
    painter.paint(painter.size);
  }
});
let isDirty = false;
let isUrgent = false;
let isRequested = false;
let timer: ReturnType<typeof setTimeout> | undefined;
/** When the round began, and how long it has painted. */
let roundMs = 0;
let spentMs = 0;
let meanMs = 5;
let rate = 1;
let turn = 0;

/** New data: to be painted when it is time. */
export function markDirty(): void {
  isDirty = true;
  schedule();
}

/** The person did something: to be painted with the next frame. */
export function markUrgent(): void {
  isUrgent = true;
  schedule();
}

/** Paints an element whenever it is visible and something changed. Gives what ends that. */
export function onPaint(element: Element, paint: (size: Size) => void, isSlow = false): () => void {
  const size = { width: element.clientWidth, height: element.clientHeight };
  painters.set(element, { isVisible: true, isSlow, isStale: true, isDue: true, lastMs: 0, size, paint });
  seen.observe(element);
  sizes.observe(element);
  markUrgent();
  return () => {
    painters.delete(element);
    seen.unobserve(element);
    sizes.unobserve(element);
  };
}

function isSame(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height;
}

/** Asks for the next frame that has something to do. A hidden page is given none. */
function schedule(): void {
  if (isRequested) return;
  const visible = [...painters.values()].filter((painter) => painter.isVisible);
  if (isUrgent || visible.some((painter) => painter.isDue)) request();
  else if (isDirty || visible.some((painter) => painter.isStale)) timer ??= setTimeout(request, untilRoundMs());
}

function request(): void {
  clearTimeout(timer);
  timer = undefined;
  isRequested = true;
  requestAnimationFrame(frame);
}

function untilRoundMs(): number {
  return Math.max(0, roundMs + 1000 / RATES[rate]!.fps - TOLERANCE_MS - performance.now());
}

function frame(): void {
  isRequested = false;
  const began = performance.now();
  if (isUrgent || untilRoundMs() === 0) beginRound(began);
  const due = [...painters.values()].filter(({ isDue, isVisible }) => isDue && isVisible);
  // Those that have waited longest come first, after what always has its turn.
  due.sort((a, b) => Number(a.isSlow) - Number(b.isSlow) || a.lastMs - b.lastMs);
  let slow = 0;
  for (const painter of due) {
    if (painter.isSlow && slow++ > 0 && performance.now() - began > BUDGET_MS) break;
    painter.isDue = false;
    painter.isStale = false;
    painter.lastMs = began;
    painter.paint(painter.size);
  }
  const paintMs = performance.now() - began;
  stats.paintMs += paintMs;
  spentMs += paintMs;
  schedule();
}

/** Says what is to be painted: after new data some of the slow ones, the others in their turn. */
function beginRound(nowMs: number): void {
  adapt();
  roundMs = nowMs;
  turn += 1;
  const slowEvery = isDirty && !isUrgent ? RATES[rate]!.slowEvery : 1;
  let slow = 0;
  for (const painter of painters.values()) {
    painter.isStale ||= isDirty || isUrgent;
    painter.isDue ||= painter.isStale && !(painter.isSlow && (slow++ + turn) % slowEvery !== 0);
  }
  isDirty = false;
  isUrgent = false;
  stats.paints += 1;
}

/** Takes the rate that the last round's painting time allows. */
function adapt(): void {
  meanMs += (spentMs - meanMs) / 20;
  spentMs = 0;
  if (meanMs > RATES[rate]!.paintMs) rate += 1;
  // Well below, or the rate would swing.
  else if (rate > 0 && meanMs < RATES[rate - 1]!.paintMs / 1.5) rate -= 1;
  stats.fps = RATES[rate]!.fps;
}
