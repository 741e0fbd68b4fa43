/** simulate(): determinism, results, progress, abort. */
import { describe, expect, it } from 'vitest';
import { AbortError, type SimulationProgress, type SimulationResult, simulate } from '../src/index.js';

const small = { books: 5, horizon: { events: 20_000 }, warmupEvents: 1000 } as const;
/** Far longer than any test may take. */
const endless = { books: 64, horizon: { events: 10_000_000_000 }, samples: { rows: 0 } } as const;

describe('a simulation', () => {
  it('gives the same digest for one, two and three threads', async () => {
    const runs = await Promise.all([1, 2, 3].map((threads) => simulate({ ...small, threads })));
    expect(new Set(runs.map((r) => r.digest)).size).toBe(1);
    expect(runs[0]!.book(4)).toEqual(runs[2]!.book(4));
    expect((await simulate({ ...small, seed: 2 })).digest).not.toBe(runs[0]!.digest);
  });

  it('adds up', async () => {
    const r = await simulate({ ...small, latencySampling: 4 });
    expect(r).toMatchObject({ bookCount: 5, cancelled: false, events: 5 * 21_000 });
    expect(r.config).toMatchObject({ ...small, seed: 1 });
    const books = [...r.books()];
    expect(books).toHaveLength(5);
    expect(books.reduce((sum, b) => sum + b.metrics.trades, 0)).toBe(r.metrics.trades);
    expect(books.every((b) => b.complete && b.warmupEvents === 1000)).toBe(true);
    expect(r.metrics.meanSpreadTicks).toBeGreaterThan(1);
    expect(r.metrics.meanSpreadTicks).toBeLessThan(50);
    expect(r.latency?.count).toBe(r.latencyHistogram()?.count.reduce((a, b) => a + b, 0));
    expect(JSON.parse(JSON.stringify(r))).toMatchObject({
      digest: r.digest,
      config: r.config,
      metrics: { trades: r.metrics.trades },
    });
  });

  it('tells latency over the first book’s time, if any was asked for', async () => {
    const r = await simulate({ books: 2, horizon: { events: 60_000 }, warmupEvents: 1000, latencySampling: 2 });
    const parts = r.latencyOverTime;
    expect(parts.length).toBeGreaterThan(4);
    expect(parts.reduce((sum, { count }) => sum + count, 0)).toBe(60_000 / 4);
    expect(parts.at(-1)!.untilNs).toBe(r.book(0).metrics.timeNs);
    for (const [i, { count, untilNs, p50Ns, p99Ns, maxNs }] of parts.entries()) {
      if (i < parts.length - 1) expect(count).toBeGreaterThanOrEqual(128);
      expect(untilNs).toBeGreaterThan(parts[i - 1]?.untilNs ?? 0);
      expect([p50Ns, p99Ns, maxNs]).toEqual([p50Ns, p99Ns, maxNs].sort((a, b) => a - b));
    }
    expect(r.toJSON().latencyOverTime).toEqual(parts);
    expect((await simulate(small)).latencyOverTime).toEqual([]);
  });

  it('keeps samples of the books that were asked for, as columns', async () => {
    const r = await simulate({ ...small, samples: { rows: 64, books: 2 } });
    const samples = r.samples(1)!;
    const { sampleIntervalNs } = r.book(1);
    expect(samples.timeNs.length).toBeGreaterThanOrEqual(32);
    for (const column of Object.values(samples)) expect(column).toHaveLength(samples.timeNs.length);
    samples.timeNs.forEach((t, i) => {
      expect(t).toBe(i * sampleIntervalNs!);
    });
    for (let i = 0; i < samples.bid.length; i++) {
      if (samples.bidQty[i]! > 0 && samples.askQty[i]! > 0) expect(samples.bid[i]!).toBeLessThan(samples.ask[i]!);
    }
    expect(r.samples(2)).toBeUndefined();
    expect(r.latencyHistogram()).toBeUndefined();
  });

  it('refuses an index that is none', async () => {
    const r = await simulate({ books: 1, horizon: { events: 1000 } });
    for (const index of [-1, 1, 0.5, Number.NaN]) {
      expect(() => r.book(index)).toThrow(expect.objectContaining({ code: 'ERR_TOPRUNG_OUT_OF_RANGE' }));
      expect(() => r.samples(index)).toThrow(expect.objectContaining({ code: 'ERR_TOPRUNG_OUT_OF_RANGE' }));
    }
  });

  it('rejects what cannot be run, with a code', async () => {
    await expect(simulate({ books: 0 })).rejects.toMatchObject({ code: 'ERR_TOPRUNG_CONFIG', path: 'books' });
    await expect(simulate({ books: 200_000, maxMemoryMib: 1 })).rejects.toMatchObject({ code: 'ERR_TOPRUNG_MEMORY' });
    const flow = { model: 'santa-fe', limitRate: 1e9, windowTicks: 1_000_000 } as const;
    await expect(simulate({ flow })).rejects.toMatchObject({ code: 'ERR_TOPRUNG_CONFIG', path: 'flow.limitRate' });
  });
});

describe('progress', () => {
  it('rises to 1, at most ten times a second, and ends with the result', async () => {
    const seen: [number, SimulationProgress][] = [];
    const horizon = { events: 1_000_000 };
    const r = await simulate(
      { books: 8, horizon, threads: 1 },
      { onProgress: (p) => seen.push([performance.now(), p]) },
    );
    const last = seen.at(-1)![1];
    expect(last).toEqual({ eventsDone: r.events, eventsTotal: r.events, booksDone: 8, booksTotal: 8, fraction: 1 });
    expect(seen.filter(([, p]) => p.fraction === 1)).toHaveLength(1);
    for (let i = 1; i < seen.length; i++)
      expect(seen[i]![1].eventsDone).toBeGreaterThanOrEqual(seen[i - 1]![1].eventsDone);
    expect(seen.length).toBeLessThanOrEqual(2 + r.elapsedNs / 1e8);
  });

  it('leaves the event loop free', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const r = await simulate({ books: 8, horizon: { events: 1_000_000 } });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(Math.min(r.elapsedNs / 1e6 / 20, 5));
  });

  it('that throws stops the run and is what the promise rejects with', async () => {
    const mine = new RangeError('mine');
    const run = simulate(endless, {
      onProgress: () => {
        throw mine;
      },
    });
    await expect(run).rejects.toBe(mine);
  });
});

// Times are a promise of toprung, but not of a machine that does other things as well.
describe('an AbortSignal', { retry: 3 }, () => {
  it.each([20, 250])('stops the run within 100 ms when it fires after %d ms', async (after) => {
    const controller = new AbortController();
    const reason = new Error('enough');
    let abortedAt = 0;
    setTimeout(() => {
      abortedAt = performance.now();
      controller.abort(reason);
    }, after);
    const error = await simulate(endless, { signal: controller.signal }).catch((e: unknown) => e);
    expect(performance.now() - abortedAt).toBeLessThan(100);
    expect(error).toBeInstanceOf(AbortError);
    const { name, code, cause, partial } = error as AbortError<SimulationResult>;
    expect([name, code, cause]).toEqual(['AbortError', 'ERR_TOPRUNG_ABORTED', reason]);
    expect(partial).toMatchObject({ cancelled: true, bookCount: 64 });
    expect(partial!.metrics.trades).toBeLessThanOrEqual(partial!.events);
  });

  it('that has fired already starts nothing', async () => {
    const error = await simulate(endless, { signal: AbortSignal.abort('no') }).catch((e: unknown) => e);
    expect(error).toMatchObject({ name: 'AbortError', cause: 'no', partial: undefined });
  });

  it('is heard by runs that still wait for a thread', async () => {
    const controller = new AbortController();
    const runs = Array.from({ length: 8 }, () => simulate({ ...endless, threads: 1 }, { signal: controller.signal }));
    const ends = Promise.allSettled(runs);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const at = performance.now();
    controller.abort();
    const outcomes = await ends;
    expect(performance.now() - at).toBeLessThan(200);
    expect(outcomes.every((o) => o.status === 'rejected' && o.reason instanceof AbortError)).toBe(true);
  });

  it('that fires afterwards changes nothing', async () => {
    const controller = new AbortController();
    const r = await simulate({ horizon: { events: 1000 } }, { signal: controller.signal });
    controller.abort();
    expect(r.cancelled).toBe(false);
  });
});
