/** What part of a run is on the screen. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clamp, fitted, followed, panned, selected, type View, zoomed } from '../src/view.js';

const extent = { end: 100e9, interval: 1e8 };
const live: View = { from: 90e9, to: 100e9, follow: true };

describe('the view', () => {
  it('follows the newest moment and keeps its width', () => {
    expect(followed(live, { ...extent, end: 101e9 })).toEqual({ from: 91e9, to: 101e9, follow: true });
    expect(followed(live, extent)).toBe(live);
    // A run that is young fills the view from the left.
    expect(followed({ from: 0, to: 10e9, follow: true }, { ...extent, end: 1e9 })).toMatchObject({ from: 0, to: 10e9 });
    const still = { ...live, follow: false };
    expect(followed(still, { ...extent, end: 200e9 })).toBe(still);
  });

  it('zooms about a time, at the newest moment about that', () => {
    const view = zoomed({ from: 0, to: 100e9, follow: false }, 0.5, 25e9, extent);
    expect(view).toEqual({ from: 12.5e9, to: 62.5e9, follow: false });
    expect(zoomed(live, 0.5, 92e9, extent)).toEqual({ from: 95e9, to: 100e9, follow: true });
  });

  it('pans no farther than the run goes, and ends following', () => {
    expect(panned(live, 0.5, extent)).toEqual({ from: 90e9, to: 100e9, follow: false });
    expect(panned({ from: 5e9, to: 15e9, follow: false }, -1, extent)).toMatchObject({ from: 0, to: 10e9 });
  });

  it('shows what was chosen in either direction, and the whole run', () => {
    expect(selected(30e9, 20e9, extent)).toEqual({ from: 20e9, to: 30e9, follow: false });
    expect(fitted(extent)).toEqual({ from: 0, to: 100e9, follow: false });
  });

  it('is never empty and never beyond the run, whatever is done', () => {
    const time = fc.double({ min: -1e12, max: 1e12, noNaN: true });
    const view = fc.tuple(time, fc.double({ min: 1, max: 1e12, noNaN: true }), fc.boolean());
    fc.assert(
      fc.property(
        view,
        fc.double({ min: 0, max: 1e12, noNaN: true }),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        time,
        ([from, span, follow], end, factor, about) => {
          const run = { end, interval: 1e6 };
          const start = clamp({ from, to: from + span, follow }, run);
          for (const v of [
            start,
            panned(start, factor - 1, run),
            selected(from, about, run),
            zoomed({ ...start, follow: false }, factor, about, run),
          ]) {
            expect(v.to - v.from).toBeGreaterThan(0);
            expect(v.from).toBeGreaterThanOrEqual(-1e-3);
            expect(v.to).toBeLessThanOrEqual(Math.max(end, 2e7) * (1 + 1e-9) + 1e-3);
          }
        },
      ),
    );
  });
});
