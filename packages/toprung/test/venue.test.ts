/** A venue through the boundary: what it answers, its views, its batches, and what it refuses. */
import { describe, expect, it } from 'vitest';
import {
  CommandBatch,
  configJsonSchema,
  EVENT_BYTES,
  EventBatch,
  type Order,
  OrderBook,
  orderTable,
  PHASES,
  VENUE_COMMAND_BYTES,
  Venue,
  VenueBatch,
  type VenueEvent,
} from '../src/index.js';

const kinds = (events: VenueEvent[]) => events.map(({ kind }) => kind);
const sell = (id: number, price: number, qty: number) => ({ type: 'limit', id, side: 'sell', price, qty }) as const;
const buy = (id: number, price: number, qty: number) => ({ type: 'limit', id, side: 'buy', price, qty }) as const;

describe('orders', () => {
  it('that are stops wait, trigger and enter, one after another', () => {
    const venue = new Venue();
    for (const [id, price] of [101, 102, 103].entries()) venue.enter(sell(id, price, 5));
    venue.enter({ type: 'stop', id: 10, side: 'buy', qty: 5, stopPrice: 101 });
    venue.enter({ type: 'stop-limit', id: 11, side: 'buy', qty: 9, stopPrice: 102, price: 103 });
    expect(venue.held()).toEqual([
      { id: 10, side: 'buy', price: 0, qty: 5, owner: 0, type: 'stop', stopPrice: 101 },
      { id: 11, side: 'buy', price: 103, qty: 9, owner: 0, type: 'stop-limit', stopPrice: 102 },
    ]);
    const events = venue.enter({ type: 'market', id: 12, side: 'buy', qty: 5 });
    expect(kinds(events)).toEqual(['accepted', 'trade', 'triggered', 'trade', 'triggered', 'trade']);
    expect(venue.queue('buy')).toEqual([{ id: 11, side: 'buy', price: 103, qty: 4, owner: 0 }]);
    expect(venue.lastPrice).toBe(103);
    expect(venue.held()).toEqual([]);
  });

  it('that are icebergs show a part and refresh at the back', () => {
    const venue = new Venue();
    const [accepted] = venue.enter({ type: 'limit', id: 1, side: 'sell', price: 100, qty: 10, display: { qty: 3 } });
    expect(accepted).toMatchObject({ kind: 'accepted', qty: 10, displayQty: 3 });
    venue.enter(sell(2, 100, 4));
    expect(venue.depth().asks).toEqual([{ price: 100, qty: 7, orders: 2 }]);
    const events = venue.enter({ type: 'limit', id: 3, side: 'buy', price: 100, qty: 5, timeInForce: 'ioc' });
    expect(events.slice(1)).toMatchObject([
      { kind: 'trade', maker: 1, qty: 3 },
      { kind: 'refreshed', id: 1, qty: 3, behind: 4 },
      { kind: 'trade', maker: 2, qty: 2 },
    ]);
    expect(venue.queue('sell').map(({ id, qty }) => [id, qty])).toEqual([
      [2, 2],
      [1, 7],
    ]);
  });

  it('that are hidden or pegged are seen in their own view', () => {
    const venue = new Venue();
    venue.enter(buy(1, 100, 5));
    venue.enter(sell(2, 104, 5));
    venue.enter({ type: 'limit', id: 3, side: 'buy', price: 101, qty: 7, hidden: true });
    expect(venue.enter({ type: 'pegged', id: 4, side: 'sell', qty: 2, peg: 'mid' })).toMatchObject([
      { kind: 'accepted', price: 102, hidden: true },
    ]);
    expect(venue.hidden('buy')).toEqual([{ id: 3, side: 'buy', price: 101, qty: 7, owner: 0 }]);
    expect(venue.depth().bids).toEqual([{ price: 100, qty: 5, orders: 1 }]);
    expect(venue.cancel(1).at(-1)).toMatchObject({ kind: 'repriced', id: 4, held: true });
    expect(venue.held()).toMatchObject([{ id: 4, type: 'pegged' }]);
    expect(venue.orderCount).toBe(2);
  });

  it('that trail move with the market, in ticks or in hundredths of a per cent', () => {
    const venue = new Venue();
    venue.setLastPrice(10_000);
    venue.enter({ type: 'trailing-stop', id: 1, side: 'sell', qty: 1, trail: { ticks: 50 } });
    venue.enter({ type: 'trailing-stop', id: 2, side: 'sell', qty: 1, trail: { basisPoints: 100, step: 20 } });
    venue.enter({ type: 'trailing-stop-limit', id: 3, side: 'sell', qty: 1, trail: { ticks: 80 }, price: 9_900 });
    venue.setLastPrice(10_100);
    expect(venue.held().map(({ stopPrice, price }) => [stopPrice, price])).toEqual([
      [10_050, 0],
      [9_999, 0],
      [10_020, 10_000],
    ]);
  });

  it('that expire are ended by time, those for the day by the close', () => {
    const venue = new Venue();
    venue.enter({ ...buy(1, 100, 1), timeInForce: 'gtd', expireAt: 50 });
    venue.enter({ ...buy(2, 100, 1), timeInForce: 'day' });
    expect(kinds(venue.advance(49))).toEqual(['acknowledged']);
    expect(venue.advance(50)[1]).toMatchObject({ kind: 'cancelled', id: 1, reason: 'expired' });
    expect(venue.now).toBe(50);
    expect(venue.setPhase('closed')).toMatchObject([
      { kind: 'phase', from: 'continuous', to: 'closed' },
      { kind: 'cancelled', id: 2, reason: 'expired' },
    ]);
  });

  it('by budget and with protection stop where they are told to', () => {
    const venue = new Venue();
    for (const [id, price] of [100, 110, 120].entries()) venue.enter(sell(id, price, 10));
    const budget = venue.enter({ type: 'budget', id: 5, side: 'buy', qty: 100, notional: 1_300 });
    expect(budget.filter((e) => e.kind === 'trade').map(({ price, qty }) => [price, qty])).toEqual([
      [100, 10],
      [110, 2],
    ]);
    const shielded = venue.enter({ type: 'market-protected', id: 6, side: 'buy', qty: 20, protectionPoints: 5 });
    expect(shielded.filter((e) => e.kind === 'trade')).toMatchObject([{ price: 110, qty: 8 }]);
    expect(venue.order(6)).toMatchObject({ price: 115, qty: 12 });
  });
});

describe('sessions', () => {
  it('collect, tell what an auction would do, and uncross', () => {
    const venue = new Venue({ phase: 'opening-auction', reference: 100 });
    venue.enter(buy(1, 102, 10));
    venue.enter(sell(2, 99, 4));
    expect(venue.enter({ type: 'market', id: 3, side: 'sell', qty: 3 })).toMatchObject([{ kind: 'accepted' }]);
    expect(venue.unpriced('sell')).toMatchObject([{ id: 3, qty: 3 }]);
    expect(venue.indicative()).toEqual({ price: 102, qty: 7, surplus: 3, side: 'buy' });
    expect(venue.advance(5)).toMatchObject([
      { kind: 'acknowledged', qty: 5 },
      { kind: 'indicative', price: 102, qty: 7, surplus: 3, side: 'buy' },
    ]);
    const events = venue.setPhase('continuous');
    expect(events).toMatchObject([
      { kind: 'phase', from: 'opening-auction', to: 'continuous' },
      { kind: 'trade', id: 1, maker: 3, price: 102, qty: 3, auction: true },
      { kind: 'trade', id: 1, maker: 2, price: 102, qty: 4, auction: true },
    ]);
    expect([venue.phase, venue.reference, venue.indicative()]).toEqual(['continuous', 102, undefined]);
  });

  it('follow a schedule, and a breaker interrupts them', () => {
    const venue = new Venue({
      phase: 'pre-open',
      reference: 100,
      breaker: 5,
      interruption: 60,
      schedule: [
        { at: 10, phase: 'continuous' },
        { at: 1000, phase: 'closed' },
      ],
    });
    venue.advance(10);
    venue.enter(sell(1, 106, 5));
    const events = venue.enter(buy(2, 110, 5));
    expect(events.at(-1)).toMatchObject({ kind: 'phase', to: 'volatility-interruption' });
    venue.advance(70);
    expect([venue.phase, venue.lastPrice]).toEqual(['continuous', 106]);
    venue.advance(1000);
    expect(venue.phase).toBe('closed');
    expect(venue.enter(buy(3, 1, 1))).toMatchObject([{ kind: 'rejected', reason: 'wrong-phase' }]);
  });
});

describe('changes', () => {
  it('replace price, quantity, id, side, display and stop price', () => {
    const venue = new Venue({ countFills: true });
    venue.enter(buy(1, 100, 10));
    expect(venue.replace(1, { qty: 6 })).toMatchObject([{ kind: 'replaced', qty: 6, keptPriority: true }]);
    venue.enter({ type: 'market', id: 2, side: 'sell', qty: 2 });
    expect(venue.replace(1, { totalQty: 9, newId: 7 })).toMatchObject([{ kind: 'replaced', qty: 7, newId: 7 }]);
    venue.replace(7, { displayQty: 2 });
    expect(venue.depth().bids).toEqual([{ price: 100, qty: 2, orders: 1 }]);
    venue.replace(7, { newSide: 'sell', price: 120 });
    expect(venue.order(7)).toMatchObject({ side: 'sell', price: 120, qty: 7 });
    venue.enter({ type: 'stop', id: 8, side: 'buy', qty: 1, stopPrice: 130 });
    expect(venue.replace(8, { stopPrice: 125 })).toMatchObject([{ kind: 'replaced', held: true }]);
    expect(venue.held()).toMatchObject([{ stopPrice: 125 }]);
    expect(venue.reduce(7, 7)).toMatchObject([{ kind: 'cancelled', reason: 'requested' }]);
  });

  it('cancel many, and block an owner', () => {
    const venue = new Venue();
    for (let id = 1; id <= 6; id++) venue.enter({ ...buy(id, 90 + id, 1), owner: 1 + (id % 2) });
    expect(venue.massCancel({ side: 'sell' })).toMatchObject([{ kind: 'acknowledged', qty: 0 }]);
    expect(venue.massCancel({ prices: { from: 95, to: 96 }, side: 'buy' })).toMatchObject([
      { kind: 'acknowledged', qty: 2 },
      { kind: 'cancelled', id: 6, reason: 'mass-cancel' },
      { kind: 'cancelled', id: 5 },
    ]);
    expect(venue.block(1)).toMatchObject([{ qty: 2 }, { id: 4 }, { id: 2 }]);
    expect(venue.enter({ ...buy(9, 1, 1), owner: 1 })).toMatchObject([{ kind: 'rejected', reason: 'blocked' }]);
    venue.unblock(1);
    expect(venue.enter({ ...buy(9, 1, 1), owner: 1 })).toMatchObject([{ kind: 'accepted' }]);
    expect(venue.massCancel()[0]).toMatchObject({ qty: 3 });
  });
});

describe('a bracket', () => {
  const bracket = {
    entry: buy(1, 100, 10),
    takeProfit: { id: 2, price: 110 },
    stopLoss: { id: 3, stopPrice: 95 },
  };

  it('waits for its entry, then whichever side comes first ends the other', () => {
    const venue = new Venue();
    venue.bracket(bracket);
    expect(venue.held().map(({ id }) => id)).toEqual([2, 3]);
    expect(kinds(venue.enter({ type: 'market', id: 4, side: 'sell', qty: 10 }))).toEqual([
      'accepted',
      'trade',
      'triggered',
      'triggered',
    ]);
    expect(venue.order(2)).toMatchObject({ side: 'sell', price: 110, qty: 10 });
    const events = venue.enter(buy(5, 110, 4));
    expect(events.at(-1)).toMatchObject({ kind: 'cancelled', id: 3, reason: 'linked' });
  });

  it('enters at once where the entry trades at once, and not at all where it does not', () => {
    const venue = new Venue();
    venue.enter(sell(9, 100, 6));
    venue.bracket({ ...bracket, entry: { ...bracket.entry, timeInForce: 'ioc' } });
    expect(venue.order(2)).toMatchObject({ side: 'sell', price: 110, qty: 6 });
    expect(venue.held()).toMatchObject([{ id: 3, side: 'sell', qty: 6, stopPrice: 95 }]);
    const part = new Venue();
    part.enter(sell(9, 100, 6));
    part.bracket(bracket);
    part.enter(sell(8, 100, 4));
    expect(part.order(2)).toMatchObject({ side: 'sell', price: 110, qty: 10 });
    const empty = new Venue();
    const events = empty.bracket({ ...bracket, entry: { type: 'market', id: 1, side: 'buy', qty: 1 } });
    expect(kinds(events)).toEqual(['accepted', 'cancelled']);
    expect(empty.held()).toEqual([]);
  });
});

describe('batches', () => {
  it('hold records of the documented layout', () => {
    const batch = new VenueBatch({ capacity: 1 });
    batch.enter({
      ...{ type: 'trailing-stop-limit', id: 1, side: 'sell', price: 2, qty: 3, owner: 4 },
      ...{ timeInForce: 'gtd', expireAt: 5, stopPrice: 6, trail: { basisPoints: 7, step: 8 } },
      ...{ selfTrade: 'cancel-both', oneCancelsOther: 9, oneTriggersOther: 10 },
    });
    const view = new DataView(batch.bytes.buffer);
    expect(batch.bytes.length).toBe(VENUE_COMMAND_BYTES);
    const numbers = [0, 8, 16, 32, 40, 48, 56, 64, 72, 80, 88, 96].map((at) => view.getFloat64(at, true));
    expect(numbers).toEqual([1, 2, 3, 6, 0, 0, 0, 5, 9, 10, -7, 8]);
    expect(view.getUint32(24, true)).toBe(4);
    expect([...batch.bytes.slice(28, 32)]).toEqual([0, 1, 3, 24]);
    expect([...batch.bytes.slice(104)]).toEqual([0, 8, 0, 0, 8, 24, 0, 0]);
  });

  it('give the events of a plain book for plain orders, and leave nothing of an earlier record behind', () => {
    const book = new OrderBook();
    const venue = new Venue();
    const batch = new VenueBatch({ capacity: 2 });
    batch.enter({ type: 'limit', id: 1, side: 'buy', price: 1, qty: 9, display: { qty: 1 }, owner: 3 });
    batch.clear();
    batch.limit(1, 'sell', 100, 5);
    batch.market(2, 'buy', 3);
    batch.cancel(1);
    const rows = [...venue.submit(batch).rows()];
    const plain = [...book.limit(1, 'sell', 100, 5), ...book.market(2, 'buy', 3), ...book.cancel(1)];
    expect(rows.map((row) => ({ ...row, command: 0 }))).toEqual(plain);
    expect(venue.digest).toBe(book.digest);
    venue.checkInvariants();
  });
});

describe('batches that are refused', () => {
  it('change nothing, though the records before the wrong one are right', () => {
    const venue = new Venue();
    const batch = new VenueBatch();
    batch.limit(1, 'buy', 100, 5);
    batch.enter({ type: 'stop', id: 2, side: 'sell', qty: 1, stopPrice: 90 });
    const { digest } = venue;
    for (const [at, code, path] of [
      [28, 'ERR_TOPRUNG_UNKNOWN_ENUM', 'commands[1].kind'],
      [104, 'ERR_TOPRUNG_UNKNOWN_ENUM', 'commands[1].action'],
      [105, 'ERR_TOPRUNG_UNKNOWN_ENUM', 'commands[1].type'],
      [107, 'ERR_TOPRUNG_UNKNOWN_ENUM', 'commands[1].reserved'],
      [109, 'ERR_TOPRUNG_UNKNOWN_ENUM', 'commands[1].options'],
      [39, 'ERR_TOPRUNG_OUT_OF_RANGE', 'commands[1].stopPrice'],
    ] as const) {
      const bytes = batch.bytes.slice(0, 2 * VENUE_COMMAND_BYTES);
      bytes[VENUE_COMMAND_BYTES + at] = 0x7f;
      const broken = new VenueBatch({ buffer: bytes.buffer, length: 2 });
      expect(() => venue.submit(broken), path).toThrow(expect.objectContaining({ code, path }));
    }
    expect([venue.digest, venue.orderCount, venue.held()]).toEqual([digest, 0, []]);
    expect(() => venue.submit(new CommandBatch() as unknown as VenueBatch)).toThrow(
      expect.objectContaining({ code: 'ERR_TOPRUNG_ARGUMENT', path: 'batch' }),
    );
  });
});

describe('events that do not fit', () => {
  it('make the batch grow, or wait for drain in a buffer of one’s own', () => {
    const run = (events: EventBatch<VenueEvent>) => {
      const venue = new Venue();
      for (let id = 1; id <= 40; id++) venue.enter(sell(id, 100, 1));
      const batch = new VenueBatch();
      batch.enter({ type: 'market', id: 99, side: 'buy', qty: 40 });
      return { venue, events: venue.submit(batch, events) };
    };
    const grown = run(new EventBatch({ capacity: 2 }));
    expect([grown.events.length, grown.events.pending]).toEqual([41, 0]);
    const { venue, events } = run(new EventBatch({ buffer: new ArrayBuffer(20 * EVENT_BYTES) }));
    const rows = [...events.rows()];
    expect(events.pending).toBe(21);
    while (events.pending > 0) rows.push(...venue.drain(events).rows());
    expect(rows).toEqual([...grown.events.rows()]);
  });
});

describe('what is refused', () => {
  const venue = new Venue();
  const bad: [unknown, string, string][] = [
    [null, 'ERR_TOPRUNG_ARGUMENT', 'order'],
    [{ ...buy(1, 1, 1), type: 'iceberg' }, 'ERR_TOPRUNG_UNKNOWN_ENUM', 'type'],
    [{ ...buy(1, 1, 1), side: 'bid' }, 'ERR_TOPRUNG_UNKNOWN_ENUM', 'side'],
    [{ ...buy(1, 1, 1), timeInForce: 'opg' }, 'ERR_TOPRUNG_UNKNOWN_ENUM', 'timeInForce'],
    [{ ...buy(1, 1, 1), selfTrade: 'yes' }, 'ERR_TOPRUNG_UNKNOWN_ENUM', 'selfTrade'],
    [{ ...buy(1, 1, 1), postOnly: 'jump' }, 'ERR_TOPRUNG_UNKNOWN_ENUM', 'postOnly'],
    [{ ...buy(1, 1, 1), price: undefined }, 'ERR_TOPRUNG_ARGUMENT', 'price'],
    [{ ...buy(1, 1, 1), price: '1' }, 'ERR_TOPRUNG_NOT_INTEGER', 'price'],
    [{ ...buy(1, 1, 1), qty: 1.5 }, 'ERR_TOPRUNG_NOT_INTEGER', 'commands[0].qty'],
    [{ ...buy(1, 1, 1), id: -1 }, 'ERR_TOPRUNG_OUT_OF_RANGE', 'commands[0].id'],
    [{ ...buy(1, 1, 1), owner: 2 ** 32 }, 'ERR_TOPRUNG_OUT_OF_RANGE', 'owner'],
    [{ ...buy(1, 1, 1), display: { qty: 0 } }, 'ERR_TOPRUNG_OUT_OF_RANGE', 'display.qty'],
    [{ ...buy(1, 1, 1), minQty: '1' }, 'ERR_TOPRUNG_NOT_INTEGER', 'minQty'],
    [{ ...buy(1, 1, 1), timeInForce: 'gtd' }, 'ERR_TOPRUNG_ARGUMENT', 'expireAt'],
    [{ ...buy(1, 1, 1), type: 'stop' }, 'ERR_TOPRUNG_ARGUMENT', 'stopPrice'],
    [{ ...buy(1, 1, 1), type: 'trailing-stop' }, 'ERR_TOPRUNG_ARGUMENT', 'trail'],
    [{ ...buy(1, 1, 1), type: 'trailing-stop', trail: { ticks: -5 } }, 'ERR_TOPRUNG_OUT_OF_RANGE', 'trail.ticks'],
    [{ ...buy(1, 1, 1), type: 'pegged', peg: 'last' }, 'ERR_TOPRUNG_UNKNOWN_ENUM', 'peg'],
    [{ ...buy(1, 1, 1), type: 'budget' }, 'ERR_TOPRUNG_ARGUMENT', 'notional'],
    [{ ...buy(1, 1, 1), type: 'market-protected' }, 'ERR_TOPRUNG_ARGUMENT', 'protectionPoints'],
  ];

  it.each(bad)('%j is an error with a code and a place, and changes nothing', (order, code, path) => {
    expect(() => venue.enter(order as Order)).toThrow(expect.objectContaining({ code, path }));
    expect(venue.enter(buy(1, 1, 0))).toMatchObject([{ kind: 'rejected', reason: 'zero-quantity' }]);
    expect(venue.orderCount).toBe(0);
  });

  it('of other requests has its code and its place, too', () => {
    const any = venue as unknown as Record<string, (...args: unknown[]) => unknown>;
    const at = (code: string, path: string) => expect.objectContaining({ code, path });
    expect(() => any.replace!(1)).toThrow(at('ERR_TOPRUNG_ARGUMENT', 'to'));
    expect(() => any.replace!(1, { newSide: 'up' })).toThrow(at('ERR_TOPRUNG_UNKNOWN_ENUM', 'side'));
    expect(() => any.massCancel!(null)).toThrow(at('ERR_TOPRUNG_ARGUMENT', 'scope'));
    expect(() => any.block!('7')).toThrow(at('ERR_TOPRUNG_OUT_OF_RANGE', 'owner'));
    expect(() => any.advance!(-1)).toThrow(at('ERR_TOPRUNG_OUT_OF_RANGE', 'commands[0].qty'));
    expect(() => any.setPhase!('lunch')).toThrow(at('ERR_TOPRUNG_UNKNOWN_ENUM', 'phase'));
    expect(() => any.order!(0.5)).toThrow(at('ERR_TOPRUNG_NOT_INTEGER', 'id'));
    expect(() => any.hidden!('up')).toThrow(at('ERR_TOPRUNG_UNKNOWN_ENUM', 'side'));
  });

  it('by the venue itself is an event with a reason', () => {
    const hidden = { type: 'market', id: 1, side: 'buy', qty: 1, hidden: true } as unknown as Order;
    expect(venue.enter(hidden)).toMatchObject([{ kind: 'rejected', reason: 'unsupported' }]);
    expect(venue.replace(5, { qty: 1 })).toMatchObject([{ kind: 'rejected', reason: 'unknown-order' }]);
    expect(venue.setPhase('continuous')).toMatchObject([{ kind: 'rejected', reason: 'wrong-phase' }]);
    expect(venue.uncross()).toMatchObject([{ kind: 'rejected', reason: 'wrong-phase' }]);
  });

  it('of a configuration names the setting', () => {
    expect(configJsonSchema('venue')).toMatchObject({
      properties: { phase: { enum: [...PHASES], default: 'continuous' }, band: { type: 'integer', minimum: 0 } },
      additionalProperties: false,
    });
    const make = (config: object) => () => new Venue(config);
    const at = (path: string) => expect.objectContaining({ code: 'ERR_TOPRUNG_CONFIG', path });
    expect(make({ phase: 'lunch' })).toThrow(at('phase'));
    expect(make({ band: -1 })).toThrow(at('band'));
    expect(make({ reference: 0.5 })).toThrow(at('reference'));
    expect(make({ colour: 1 })).toThrow(at('colour'));
    expect(
      make({
        schedule: [
          { at: 5, phase: 'halt' },
          { at: 4, phase: 'halt' },
        ],
      }),
    ).toThrow(at('schedule'));
    expect(make({ schedule: [{ at: 5, phase: 'lunch' }] })).toThrow(at('schedule[0].phase'));
    expect(make({ policy: { kind: 'steps', steps: [{ kind: 'top' }] } })).toThrow(at('policy.steps'));
  });
});

describe('the table', () => {
  const table = orderTable();
  const row = (order: string, tif: string) => table.find((r) => r.order === order && r.timeInForce === tif)?.answers;

  it('has every phase, and the venue’s own answers', () => {
    for (const { answers } of table) expect(Object.keys(answers)).toEqual([...PHASES]);
    expect(row('limit', 'gtc')).toMatchObject({ 'pre-open': 'accepted', continuous: 'accepted', halt: 'wrong-phase' });
    expect(row('limit', 'at-close')).toMatchObject({ continuous: 'held', 'closing-auction': 'accepted' });
    expect(row('stop', 'gtc')).toMatchObject({ 'pre-open': 'held', continuous: 'held', closed: 'wrong-phase' });
    expect(row('budget', 'gtc')).toMatchObject({ continuous: 'unsupported' });
  });
});
