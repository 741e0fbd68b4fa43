/** LiveSession: the same events as simulate(), columns that add up, control. */
import { describe, expect, it } from 'vitest';
import {
  catalogue,
  LIVE_COLUMN,
  type Live,
  LiveMarket,
  LiveSession,
  type LiveState,
  liveLayout,
  runMarket,
  simulate,
} from '../src/index.js';

const config = { books: 3, horizon: { events: 40_000 }, warmupEvents: 1000, latencySampling: 2 } as const;

async function until(session: Live, holds: (state: LiveState) => boolean): Promise<LiveState> {
  for (let i = 0; i < 10_000; i++) {
    const state = session.state();
    if (holds(state)) return state;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`waited in vain: ${JSON.stringify(session.state())}`);
}

describe('a live session', () => {
  it('gives the digest and the counts of simulate(), whatever is done to it', async () => {
    const session = new LiveSession(config, 2);
    expect((await until(session, (s) => s.phase === 'paused')).events).toBe(0);
    session.runTo(123);
    await until(session, (s) => s.events === 123 && s.phase === 'paused');
    session.run(5);
    await until(session, (s) => s.events > 200);
    session.pause();
    await until(session, (s) => s.phase === 'paused');
    session.run();
    const state = await until(session, (s) => s.phase === 'complete');
    const plain = (await simulate(config)).book(2);
    expect(session.digest()).toBe(plain.digest);
    expect([state.trades, state.commands[0], state.resting]).toEqual([
      plain.metrics.trades,
      plain.metrics.limitOrders,
      plain.restingOrders,
    ]);
    expect(session.marks().map((m) => m.mark)).toEqual([
      'measuring',
      'paused',
      'running',
      'paused',
      'running',
      'complete',
    ]);
  });

  it('has columns of the layout that it says, and they add up', async () => {
    const layout = liveLayout();
    const session = new LiveSession(config);
    session.run();
    const state = await until(session, (s) => s.phase === 'complete');
    expect(layout.columnNumbers).toBe(LIVE_COLUMN.length);
    expect(state.latencyNs).toHaveLength(layout.percentiles.length);
    const width = layout.columnNumbers + layout.latencyBuckets + layout.depthRows;
    const numbers = session.columns(state.merges, 0, layout.columnsMax)!;
    expect(numbers).toHaveLength(width * state.columns);
    const sum = (name: (typeof LIVE_COLUMN)[number]): number => {
      let total = 0;
      for (let i = LIVE_COLUMN.indexOf(name); i < numbers.length; i += width) total += numbers[i]!;
      return total;
    };
    expect([sum('limit'), sum('market'), sum('cancel')]).toEqual(state.commands.slice(0, 3));
    expect(sum('buyVolume') + sum('sellVolume')).toBe(state.volume);
    const last = numbers.subarray(-width);
    const at = (name: (typeof LIVE_COLUMN)[number]): number => last[LIVE_COLUMN.indexOf(name)]!;
    expect([at('bid'), at('askQty')]).toEqual([state.bid, state.askQty]);
    expect(last[width - layout.depthRows + at('bid') - at('depthBase')]).toBe(state.bidQty);
    expect(state.bids[0]).toMatchObject({ price: state.bid, qty: state.bidQty });
    expect(session.columns(state.merges + 1, 0, 1)).toBeUndefined();
    const trades = session.trades();
    expect(trades).toHaveLength(Math.min(state.trades, layout.tradesMax));
    expect(session.trades(state.trades - 2)).toEqual(trades.slice(-2));
    expect(trades.at(-1)!.price).toBe(state.lastPrice);
  });

  it('refuses what it cannot do, and stays stopped', async () => {
    expect(() => new LiveSession(config, 3)).toThrow(
      expect.objectContaining({ code: 'ERR_TOPRUNG_CONFIG', path: 'book' }),
    );
    expect(() => new LiveSession({ books: 0 })).toThrow(expect.objectContaining({ code: 'ERR_TOPRUNG_CONFIG' }));
    const session = new LiveSession(config);
    for (const speed of [0, -1, Number.NaN, 1e10]) {
      expect(() => session.run(speed)).toThrow(expect.objectContaining({ code: 'ERR_TOPRUNG_OUT_OF_RANGE' }));
    }
    expect(() => session.runTo(-1)).toThrow(expect.objectContaining({ code: 'ERR_TOPRUNG_OUT_OF_RANGE' }));
    session.stop();
    await until(session, (s) => s.phase === 'stopped');
    session.run();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(session.state()).toMatchObject({ phase: 'stopped', events: 0 });
  });
});

describe('a live market of agents', () => {
  const crash = catalogue.arm('flash-crash');
  const short = {
    ...crash,
    durationNs: 60e9,
    agents: crash.agents.map((agent) => (agent.name === 'seller' ? { ...agent, startNs: 10e9 } : agent)),
  };

  it('gives the digest and the accounts of runMarket(), whatever is done to it', async () => {
    const session = new LiveMarket(short);
    session.runTo(500);
    await until(session, (s) => s.phase === 'paused' && s.events === 500);
    const own = session.ownLevels();
    expect(own.length).toBeGreaterThan(0);
    expect(own.every((level) => level.qty >= level.orders && level.lotsAhead >= level.ordersAhead)).toBe(true);
    session.run();
    const state = await until(session, (s) => s.phase === 'complete');
    expect([state.timeNs, state.durationNs, state.eventsTotal]).toEqual([60e9, 60e9, 0]);
    const plain = await runMarket(short);
    // That of a session is of its one market, that of a run is folded over all its books.
    expect(session.digest()).toBe(plain.results[0]!.digest);
    const accounts = session.accounts();
    expect(session.tracks.map((track) => track.group)).toEqual(['makers', 'buyers', 'seller']);
    plain.results[0]!.groups.forEach(({ total }, g) => {
      expect(accounts[g]).toMatchObject({ position: total.position, cash: total.cash, orders: total.orders });
    });
    expect(session.marks().map((m) => m.mark)).toContain('starts');
  });

  it('has columns with what every track holds', async () => {
    const layout = liveLayout();
    const session = new LiveMarket(short);
    session.run();
    const state = await until(session, (s) => s.phase === 'complete');
    const numbers = session.columns(state.merges, 0, layout.columnsMax)!;
    const width = layout.columnNumbers + layout.latencyBuckets + layout.depthRows + 2 * session.tracks.length;
    expect(numbers).toHaveLength(width * state.columns);
    const last = [...numbers.subarray(-2 * session.tracks.length)];
    expect(last).toEqual(session.accounts().flatMap(({ position, value }) => [position, value]));
  });

  it('refuses a venue and an arm that are not there', () => {
    expect(() => new LiveMarket(short, 1)).toThrow(
      expect.objectContaining({ code: 'ERR_TOPRUNG_CONFIG', path: 'venue' }),
    );
    expect(() => catalogue.arm('flash-crash', 'nobody')).toThrow(
      expect.objectContaining({ code: 'ERR_TOPRUNG_CONFIG' }),
    );
    expect(catalogue.arm('flash-crash', 'control').agents[2]!.absent).toBe(true);
  });
});
