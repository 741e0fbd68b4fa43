/** Commands in and events out: columns, growth, spill, shared memory. */
import { describe, expect, it } from 'vitest';
import {
  COMMAND_BYTES,
  CommandBatch,
  CommandFlags,
  EVENT_BYTES,
  EVENT_KINDS,
  EventBatch,
  OrderBook,
} from '../src/index.js';

/** A book with `n` sells of one lot, and a batch whose only command trades with them all. */
function sweep(n: number): { book: OrderBook; batch: CommandBatch } {
  const book = new OrderBook();
  const batch = new CommandBatch();
  for (let i = 1; i <= n; i++) batch.limit(i, 'sell', 100 + (i % 3), 1);
  book.submit(batch);
  batch.clear();
  batch.limit(n + 1, 'buy', 200, n);
  return { book, batch };
}

describe('CommandBatch', () => {
  it('writes the documented record', () => {
    const batch = new CommandBatch({ capacity: 2 });
    batch.limit(2 ** 53 - 1, 'sell', -(2 ** 53 - 1), 5, 'fok', CommandFlags.POST_ONLY, 2 ** 32 - 1);
    batch.replace(7, 8, 9, CommandFlags.KEEP_PRICE | CommandFlags.KEEP_QTY, 3);
    const view = new DataView(batch.bytes.buffer);
    const record = (i: number) => [
      ...[0, 8, 16].map((at) => view.getFloat64(i * COMMAND_BYTES + at, true)),
      view.getUint32(i * COMMAND_BYTES + 24, true),
      ...[28, 29, 30, 31].map((at) => view.getUint8(i * COMMAND_BYTES + at)),
    ];
    expect(record(0)).toEqual([2 ** 53 - 1, -(2 ** 53 - 1), 5, 2 ** 32 - 1, 0, 1, 2, 1]);
    expect(record(1)).toEqual([7, 8, 9, 3, 4, 0, 0, 6]);
  });

  it('grows, keeps what it holds, and is reused after clear', () => {
    const batch = new CommandBatch({ capacity: 1 });
    for (let i = 0; i < 1000; i++) batch.limit(i, 'buy', i, 1);
    expect([batch.length, batch.capacity]).toEqual([1000, 1024]);
    const book = new OrderBook();
    expect(book.submit(batch).length).toBe(1000);
    expect(book.queue('buy').map((o) => o.id)).toEqual(Array.from({ length: 1000 }, (_, i) => 999 - i));
    batch.clear();
    expect([batch.length, batch.capacity]).toEqual([0, 1024]);
    expect(book.submit(batch).length).toBe(0);
  });

  it('is the same commands one by one or in a batch of any size', () => {
    const digest = (size: number): string => {
      const book = new OrderBook();
      const batch = new CommandBatch();
      for (let i = 0; i < 500; i++) {
        if (i % 5 === 4) batch.cancel(i - 2);
        else batch.limit(i, i % 2 === 0 ? 'buy' : 'sell', 100 + ((i * 7) % 11) - (i % 2) * 5, 1 + (i % 4));
        if (batch.length === size || i === 499) {
          book.submit(batch);
          batch.clear();
        }
      }
      book.checkInvariants();
      return book.digest;
    };
    expect(new Set([1, 2, 63, 500].map(digest)).size).toBe(1);
  });
});

describe('EventBatch', () => {
  it('has a row for every event, in columns and as objects', () => {
    const { book, batch } = sweep(3);
    batch.cancel(77, 9);
    const events = book.submit(batch);
    const kinds = Array.from(events.kind.subarray(0, events.length), (k) => EVENT_KINDS[k]);
    expect(kinds).toEqual(['accepted', 'trade', 'trade', 'trade', 'rejected']);
    expect([...events.command.subarray(0, 5)]).toEqual([0, 0, 0, 0, 1]);
    expect([...events.other.subarray(1, 4)]).toEqual([3, 1, 2]);
    expect([...events.price.subarray(1, 4)]).toEqual([100, 101, 102]);
    const rows = [...events.rows()];
    expect(rows).toHaveLength(5);
    expect(rows[1]).toEqual({ kind: 'trade', command: 0, id: 4, owner: 0, maker: 3, side: 'buy', price: 100, qty: 1 });
    expect(rows[4]).toMatchObject({ kind: 'rejected', id: 77, reason: 'unknown-order' });
    expect(() => events.row(5)).toThrow(expect.objectContaining({ code: 'ERR_TOPRUNG_OUT_OF_RANGE' }));
  });

  it('carries the largest numbers exactly', () => {
    const book = new OrderBook();
    const max = Number.MAX_SAFE_INTEGER;
    book.limit(max, 'sell', -max, max, { owner: 2 ** 32 - 1 });
    expect(book.order(max)).toEqual({ id: max, side: 'sell', price: -max, qty: max, owner: 2 ** 32 - 1 });
    expect(book.limit(max - 1, 'buy', max, max).at(-1)).toMatchObject({ maker: max, price: -max, qty: max });
  });

  it('grows by itself, so that nothing is ever missing', () => {
    const { book, batch } = sweep(1000);
    const events = new EventBatch({ capacity: 10 });
    expect(book.submit(batch, events)).toBe(events);
    expect([events.length, events.pending]).toEqual([1001, 0]);
    expect([...events.rows()].filter((e) => e.kind === 'trade')).toHaveLength(1000);
    expect(new Set(events.other.subarray(1, 1001)).size).toBe(1000);
  });

  it('over a buffer of one’s own hands out the rest through drain, in order', () => {
    const { book, batch } = sweep(25);
    const events = new EventBatch({ buffer: new ArrayBuffer(EVENT_BYTES * 10 + 7) });
    expect(events.capacity).toBe(10);
    const makers: number[] = [];
    book.submit(batch, events);
    for (;;) {
      for (const e of events.rows()) if (e.kind === 'trade') makers.push(e.maker);
      if (events.pending === 0) break;
      book.drain(events);
    }
    const expected = [3, 1, 2]
      .flatMap((first) => Array.from({ length: 9 }, (_, i) => first + 3 * i))
      .filter((id) => id <= 25);
    expect(makers).toEqual(expected);
    expect(book.drain(events).length).toBe(0);
  });

  it('keeps the next batch out until the events of the last have been drained', () => {
    const { book, batch } = sweep(25);
    const events = new EventBatch({ buffer: new ArrayBuffer(EVENT_BYTES * 2) });
    book.submit(batch, events);
    const { digest } = book;
    expect(() => book.submit(batch, events)).toThrow(expect.objectContaining({ code: 'ERR_TOPRUNG_EVENTS_PENDING' }));
    expect(book.digest).toBe(digest);
    while (events.pending > 0) book.drain(events);
    batch.clear();
    batch.cancel(1);
    expect(book.submit(batch, events).length).toBe(1);
  });
});

describe('shared memory', () => {
  it('is taken for commands and events alike', () => {
    const commands = new SharedArrayBuffer(COMMAND_BYTES * 8);
    const memory = new SharedArrayBuffer(EVENT_BYTES * 8);
    const batch = new CommandBatch({ buffer: commands });
    batch.limit(1, 'sell', 100, 5);
    batch.limit(2, 'buy', 100, 5);
    const events = new OrderBook().submit(batch, new EventBatch({ buffer: memory }));
    expect([...events.rows()].map((e) => e.kind)).toEqual(['accepted', 'accepted', 'trade']);
    expect(events.price.buffer).toBe(memory);
  });

  it('holds records that somebody else wrote', () => {
    const buffer = new SharedArrayBuffer(COMMAND_BYTES * 4);
    const writer = new CommandBatch({ buffer });
    writer.limit(1, 'sell', 100, 5);
    const reader = new CommandBatch({ buffer, length: 1 });
    expect(new OrderBook().submit(reader).length).toBe(1);
  });

  it('does not grow', () => {
    const batch = new CommandBatch({ buffer: new ArrayBuffer(COMMAND_BYTES) });
    batch.cancel(1);
    expect(() => batch.cancel(2)).toThrow(expect.objectContaining({ code: 'ERR_TOPRUNG_BUFFER_FULL' }));
    expect(batch.length).toBe(1);
  });
});
