/** What part of a run is on the screen: simulated time from, to, and whether it moves along with the run. Pure. */

/** A part of simulated time, ns. */
export interface View {
  from: number;
  to: number;
  /** The right edge stays at the newest moment. */
  follow: boolean;
}

/** What the view may show: a run from 0 to `end`, at steps of `interval`. */
export interface Extent {
  end: number;
  interval: number;
}

/** Columns on the screen at the least. */
const COLUMNS_MIN = 20;

/** Part of a run that is shown at first: so much, or this share of a run whose length is known. */
const INITIAL_SPAN_NS = 12e9;
const INITIAL_SHARE = 1 / 3;

/** What is shown of a run at first: its newest moment, and along with it. */
export function initialView(durationNs = 0): View {
  return { from: 0, to: Math.max(INITIAL_SPAN_NS, durationNs * INITIAL_SHARE), follow: true };
}

/** The narrowest that makes sense. */
function spanMin({ interval }: Extent): number {
  return Math.max(1, interval) * COLUMNS_MIN;
}

/** Puts a view where there is something to see, as wide as it was if that is possible. */
export function clamp(view: View, extent: Extent): View {
  const min = spanMin(extent);
  const most = Math.max(extent.end, min);
  const span = Math.min(Math.max(view.to - view.from, min), most);
  const to = Math.min(Math.max(view.to, span), most);
  return { from: to - span, to, follow: view.follow };
}

/** Moves a view that follows along. */
export function followed(view: View, extent: Extent): View {
  if (!view.follow) return view;
  const span = view.to - view.from;
  // Until there is enough to fill it, what comes appears from the left.
  const to = Math.max(extent.end, span);
  return to === view.to ? view : { from: to - span, to, follow: true };
}

/** Narrower (`factor` < 1) or wider about a time. */
export function zoomed(view: View, factor: number, about: number, extent: Extent): View {
  const most = Math.max(extent.end, spanMin(extent));
  const span = Math.min(Math.max((view.to - view.from) * factor, spanMin(extent)), most);
  // At the edge of what there is, following goes on.
  if (view.follow) return { from: view.to - span, to: view.to, follow: true };
  const share = (about - view.from) / (view.to - view.from);
  const from = about - share * span;
  return clamp({ from, to: from + span, follow: false }, extent);
}

/** To the side by a share of its width. Moving off the newest moment ends following, reaching it does not begin it. */
export function panned(view: View, share: number, extent: Extent): View {
  const by = (view.to - view.from) * share;
  return clamp({ from: view.from + by, to: view.to + by, follow: false }, extent);
}

/** A chosen part. */
export function selected(from: number, to: number, extent: Extent): View {
  return clamp({ from: Math.min(from, to), to: Math.max(from, to), follow: false }, extent);
}

/** Everything. */
export function fitted(extent: Extent): View {
  return clamp({ from: 0, to: extent.end, follow: false }, extent);
}
