/** What a book answers through the boundary. */
import { describe, expect, it } from 'vitest';
import { CommandFlags, OrderBook } from '../src/index.js';

describe('a single order', () => {
  it('trades at the resting price and gives the events as objects', () => {
    const book = new OrderBook();
    expect(book.limit(1, 'sell', 10_050, 30, { owner: 7 })).toEqual([
      { kind: 'accepted', command: 0, id: 1, owner: 7, side: 'sell', price: 10_050, qty: 30, market: false },
    ]);
    expect(book.limit(2, 'buy', 10_060, 10)).toEqual([
      { kind: 'accepted', command: 0, id: 2, owner: 0, side: 'buy', price: 10_060, qty: 10, market: false },
      { kind: 'trade', command: 0, id: 2, owner: 0, maker: 1, side: 'buy', price: 10_050, qty: 10 },
    ]);
    expect(book.order(1)).toEqual({ id: 1, side: 'sell', price: 10_050, qty: 20, owner: 7 });
  });

  it('ends in every way it can', () => {
    const book = new OrderBook();
    book.limit(1, 'sell', 100, 5);
    expect(book.limit(2, 'buy', 100, 8, { tif: 'ioc' }).at(-1)).toMatchObject({
      kind: 'cancelled',
      qty: 3,
      reason: 'immediate-or-cancel',
    });
    book.limit(3, 'sell', 100, 5);
    expect(book.limit(4, 'buy', 100, 8, { tif: 'fok' }).at(-1)).toMatchObject({
      kind: 'cancelled',
      reason: 'fill-or-kill',
    });
    expect(book.market(5, 'buy', 9).at(-1)).toMatchObject({ kind: 'cancelled', qty: 4, reason: 'no-liquidity' });
    book.limit(7, 'sell', 100, 5);
    expect(book.market(8, 'buy', 9, { tif: 'fok' }).at(-1)).toMatchObject({
      kind: 'cancelled',
      qty: 9,
      reason: 'fill-or-kill',
    });
    expect(book.market(9, 'buy', 5, { tif: 'fok' }).at(-1)).toMatchObject({ kind: 'trade', maker: 7, qty: 5 });
    expect(() => book.market(10, 'buy', 5, { tif: 'gtc' as never })).toThrow(
      "tif: expected 'ioc' or 'fok', got \"gtc\"",
    );
    book.limit(6, 'buy', 90, 4);
    expect(book.cancel(6)).toMatchObject([{ kind: 'cancelled', id: 6, qty: 4, reason: 'requested' }]);
    expect(book.orderCount).toBe(0);
  });

  it('is reduced and replaced', () => {
    const book = new OrderBook();
    book.limit(1, 'buy', 90, 10);
    expect(book.reduce(1, 4)).toMatchObject([{ kind: 'reduced', id: 1, qty: 6, by: 4 }]);
    expect(book.replace(1, 90, 5)).toMatchObject([{ kind: 'replaced', price: 90, qty: 5, keptPriority: true }]);
    expect(book.replace(1, 95, 0, { flags: CommandFlags.KEEP_QTY })).toMatchObject([
      { kind: 'replaced', price: 95, qty: 5, keptPriority: false },
    ]);
  });

  it('is refused by an event, not by an error, and nothing changes', () => {
    const book = new OrderBook();
    book.limit(1, 'sell', 100, 5, { owner: 7 });
    const before = book.depth();
    const refusals = [
      book.limit(1, 'buy', 90, 5),
      book.limit(2, 'buy', 90, 0),
      book.limit(2, 'buy', 100, 1, { flags: CommandFlags.POST_ONLY }),
      book.cancel(9),
      book.cancel(1, { owner: 8 }),
      book.reduce(1, 0, { owner: 7 }),
    ];
    const reasons = refusals.map(([event]) => (event?.kind === 'rejected' ? event.reason : event?.kind));
    expect(reasons).toEqual([
      'duplicate-id',
      'zero-quantity',
      'would-trade',
      'unknown-order',
      'not-owner',
      'zero-quantity',
    ]);
    expect(book.depth()).toEqual(before);
  });
});

describe('queries', () => {
  const book = new OrderBook();
  for (const [id, price] of [
    [1, 99],
    [2, 98],
    [3, 99],
    [4, 97],
  ] as const) {
    book.limit(id, 'buy', price, id * 10, { owner: id });
  }
  book.limit(5, 'sell', 101, 50);

  it('give the best level, the depth and the queue', () => {
    expect(book.best('buy')).toEqual({ price: 99, qty: 40, orders: 2 });
    expect(book.best('sell')).toEqual({ price: 101, qty: 50, orders: 1 });
    expect(book.depth(2)).toEqual({
      bids: [
        { price: 99, qty: 40, orders: 2 },
        { price: 98, qty: 20, orders: 1 },
      ],
      asks: [{ price: 101, qty: 50, orders: 1 }],
    });
    expect(book.queue('buy').map((o) => o.id)).toEqual([1, 3, 2, 4]);
    expect(book.queue('buy')[1]).toEqual({ id: 3, side: 'buy', price: 99, qty: 30, owner: 3 });
    expect(book.depth(0)).toEqual({ bids: [], asks: [] });
  });

  it('say so when there is nothing', () => {
    const empty = new OrderBook();
    expect(empty.best('buy')).toBeUndefined();
    expect(empty.order(1)).toBeUndefined();
    expect(empty.queue('sell')).toEqual([]);
    expect(empty.depth()).toEqual({ bids: [], asks: [] });
  });

  it('include the state of the book as a whole', () => {
    expect(book.orderCount).toBe(5);
    expect(book.digest).toMatch(/^[0-9a-f]{32}$/);
    expect(book.memoryBytes).toBeGreaterThan(0);
    expect(() => book.checkInvariants()).not.toThrow();
  });
});

describe('configuration', () => {
  it('chooses the matching policy', () => {
    const book = new OrderBook({ policy: { kind: 'pro-rata', minLot: 1 } });
    book.limit(1, 'sell', 100, 30);
    book.limit(2, 'sell', 100, 10);
    const trades = book.limit(3, 'buy', 100, 20).filter((e) => e.kind === 'trade');
    expect(trades.map((t) => [t.maker, t.qty])).toEqual([
      [1, 15],
      [2, 5],
    ]);
  });

  it('limits the number of orders', () => {
    const book = new OrderBook({ maxOrders: 1 });
    book.limit(1, 'sell', 100, 30);
    expect(book.limit(2, 'sell', 100, 30)).toMatchObject([{ kind: 'rejected', reason: 'book-full' }]);
  });

  it('decides what a replace does to priority', () => {
    const book = new OrderBook({ replacePriority: 'lose-always' });
    book.limit(1, 'sell', 100, 30);
    book.limit(2, 'sell', 100, 30);
    book.replace(1, 100, 20);
    expect(book.queue('sell').map((o) => o.id)).toEqual([2, 1]);
  });
});
