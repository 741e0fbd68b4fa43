/**
 * The rectangle in which a chart plots time: pointer and wheel over it, the lines of crosshair and playhead, the box
 * while a part is chosen. The same for every chart, so that all of them feel alike and show the same moment.
 */

import { type Marked, markedOf } from './marks.js';
import { markUrgent, onPaint } from './paint.js';
import { against, compared, cursorNs, limitNs, playheadNs, type RunData, run, shown, view } from './state.js';
import { fitted, panned, selected, zoomed } from './view.js';

/** How a plot reacts to what happens in the direction of the prices; left out if its vertical axis is something else. */
export interface Vertical {
  /** Dragged by a share of the height. */
  pan(share: number): void;
  /** Narrower (`factor` < 1) or wider. */
  zoom(factor: number): void;
}

/** Pointer movement that is not a click any more, px. */
const DRAG_PX = 4;

/** More marks than that are a blur. */
const MARKS_MAX = 60;

/** Makes an element a plot area. Gives what ends that. */
export function plotArea(element: HTMLElement, vertical?: Vertical): () => void {
  const add = (name: string): HTMLElement => {
    const line = document.createElement('div');
    line.className = name;
    element.append(line);
    return line;
  };
  const [cross, head, box] = [add('crosshair'), add('playhead'), add('selection')];
  element.classList.add('plot-area');

  let rect = element.getBoundingClientRect();
  const timeAt = (x: number): number => {
    const { from, to } = view.value;
    return from + ((x - rect.left) / Math.max(1, rect.width)) * (to - from);
  };
  const place = (line: HTMLElement, timeNs: number | null, width: number): void => {
    const { from, to } = view.value;
    const share = timeNs === null ? -1 : (timeNs - from) / (to - from);
    line.hidden = share < 0 || share > 1;
    if (!line.hidden) line.style.transform = `translateX(${Math.round(share * width)}px)`;
  };

  let start: { x: number; y: number; pans: boolean; view: typeof view.value } | undefined;
  let moved = false;
  const onDown = (event: PointerEvent): void => {
    if (event.button > 1) return;
    rect = element.getBoundingClientRect();
    const pans = event.shiftKey || event.button === 1 || event.pointerType === 'touch';
    start = { x: event.clientX, y: event.clientY, pans, view: view.value };
    moved = false;
    element.setPointerCapture(event.pointerId);
  };
  const onMove = (event: PointerEvent): void => {
    rect = element.getBoundingClientRect();
    const run = shown();
    if (run === undefined) return;
    cursorNs.value = timeAt(event.clientX);
    markUrgent();
    if (start === undefined) return;
    moved ||= Math.hypot(event.clientX - start.x, event.clientY - start.y) > DRAG_PX;
    if (!moved) return;
    if (start.pans) {
      view.value = panned(start.view, (start.x - event.clientX) / rect.width, run.extent);
      vertical?.pan((event.clientY - start.y) / rect.height);
      start.y = event.clientY;
    } else {
      const [a, b] = [start.x - rect.left, event.clientX - rect.left].sort((p, q) => p - q) as [number, number];
      box.style.left = `${a}px`;
      box.style.width = `${b - a}px`;
      box.classList.add('is-open');
    }
  };
  const onUp = (event: PointerEvent): void => {
    const began = start;
    start = undefined;
    box.classList.remove('is-open');
    const run = shown();
    if (began === undefined || run === undefined) return;
    if (moved && !began.pans) view.value = selected(timeAt(began.x), timeAt(event.clientX), run.extent);
    else if (!moved) playheadNs.value = Math.min(Math.max(0, timeAt(event.clientX)), run.endNs);
    markUrgent();
  };
  const onLeave = (): void => {
    cursorNs.value = null;
    markUrgent();
  };
  const onWheel = (event: WheelEvent): void => {
    const run = shown();
    if (run === undefined) return;
    event.preventDefault();
    rect = element.getBoundingClientRect();
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) && !event.shiftKey;
    const turned = event.deltaY !== 0 ? event.deltaY : event.deltaX;
    if (sideways) view.value = panned(view.value, event.deltaX / 600, run.extent);
    else if (event.shiftKey && vertical !== undefined) vertical.zoom(Math.exp(turned / 500));
    else view.value = zoomed(view.value, Math.exp(turned / 500), timeAt(event.clientX), run.extent);
    markUrgent();
  };
  const onDouble = (): void => {
    const run = shown();
    if (run === undefined) return;
    view.value = fitted(run.extent);
    playheadNs.value = null;
    markUrgent();
  };
  element.addEventListener('pointerdown', onDown);
  element.addEventListener('pointermove', onMove);
  element.addEventListener('pointerup', onUp);
  element.addEventListener('pointercancel', onLeave);
  element.addEventListener('pointerleave', onLeave);
  element.addEventListener('wheel', onWheel, { passive: false });
  element.addEventListener('dblclick', onDouble);
  const lines: HTMLElement[] = [];
  const end = onPaint(element, ({ width }) => {
    place(cross, cursorNs.value, width);
    place(head, playheadNs.value, width);
    const wanted = [...marksOf(shown(), run.value, ''), ...marksOf(compared(), against.value, ' is-other')];
    while (lines.length > wanted.length) lines.pop()!.remove();
    while (lines.length < wanted.length) lines.push(add('mark'));
    wanted.forEach(({ name, from, to, text }, i) => {
      const line = lines[i]!;
      if (line.className !== name) line.className = name;
      if (line.title !== text) line.title = text;
      // Of a span the name is written into it.
      if (to !== undefined && line.dataset.name !== text) line.dataset.name = text;
      const { from: start, to: stop } = view.value;
      // In shares of the width, so that they are right before the chart is painted in another one.
      const share = (ns: number): string => `${((100 * ns) / (stop - start)).toFixed(3)}%`;
      line.style.left = share(from - start);
      line.style.width = to === undefined ? '' : share(to - from);
    });
  });
  return () => {
    end();
    for (const line of [cross, head, box, ...lines]) line.remove();
    element.removeEventListener('wheel', onWheel);
  };
}

/** What happened in a market that is on the screen, with the name of its element. */
function marksOf(
  data: RunData | undefined,
  info: Parameters<typeof markedOf>[1],
  more: string,
): (Marked & { name: string })[] {
  if (data === undefined) return [];
  const { from, to } = view.value;
  return markedOf(data.marks, info, Math.min(limitNs(), data.endNs))
    .filter((m) => m.from <= to && (m.to ?? m.from) >= from)
    .map((m) => {
      const name = `mark is-${m.kind}${m.to === undefined ? '' : ' is-span'}${more}`;
      return m.to === undefined ? { ...m, name } : { ...m, name, from: Math.max(m.from, from), to: Math.min(m.to, to) };
    })
    .slice(-MARKS_MAX);
}
