/** Bad input: its own code, the book as it was, and a process that lives on. */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  COMMAND_BYTES,
  CommandBatch,
  type ErrorCode,
  EVENT_BYTES,
  EventBatch,
  OrderBook,
  type Side,
  type TimeInForce,
  ToprungError,
} from '../src/index.js';
import { native } from '../src/native.js';

let book: OrderBook;
let before: unknown;

const state = (b: OrderBook) => [b.digest, b.depth(1000), b.queue('buy'), b.queue('sell')];

beforeEach(() => {
  book = new OrderBook();
  for (let i = 1; i <= 20; i++) book.limit(i, i % 2 === 0 ? 'buy' : 'sell', i % 2 === 0 ? 90 + i : 120 + i, i);
  before = state(book);
});

/** `act` throws with the code (and path), and the book is what it was. */
function refuses(act: () => unknown, code: ErrorCode, path?: string): void {
  let thrown: unknown;
  try {
    act();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ToprungError);
  const { code: got, path: where, message } = thrown as ToprungError;
  expect([got, where ?? path]).toEqual([code, path]);
  expect(message).not.toBe('');
  expect(state(book)).toEqual(before);
  expect(() => book.checkInvariants()).not.toThrow();
}

describe('a number that is none', () => {
  const bad: [string, number, ErrorCode][] = [
    ['NaN', Number.NaN, 'ERR_TOPRUNG_NOT_INTEGER'],
    ['Infinity', Number.POSITIVE_INFINITY, 'ERR_TOPRUNG_NOT_INTEGER'],
    ['1.5', 1.5, 'ERR_TOPRUNG_NOT_INTEGER'],
    ['2^53', 2 ** 53, 'ERR_TOPRUNG_OUT_OF_RANGE'],
    ['2^53 + 2', 2 ** 53 + 2, 'ERR_TOPRUNG_OUT_OF_RANGE'],
    ['2^63', 2 ** 63, 'ERR_TOPRUNG_OUT_OF_RANGE'],
    ['2^64', 2 ** 64, 'ERR_TOPRUNG_OUT_OF_RANGE'],
    ['-2^63', -(2 ** 63), 'ERR_TOPRUNG_OUT_OF_RANGE'],
    ['1e300', 1e300, 'ERR_TOPRUNG_OUT_OF_RANGE'],
  ];

  it.each(bad)('%s is refused as id, price and quantity of a record', (_, value, code) => {
    const fields = {
      id: (b: CommandBatch) => b.limit(value, 'buy', 1, 1),
      price: (b: CommandBatch) => b.limit(100, 'buy', value, 1),
      qty: (b: CommandBatch) => b.limit(100, 'buy', 1, value),
    };
    for (const [field, write] of Object.entries(fields)) {
      const batch = new CommandBatch();
      for (let i = 0; i < 17; i++) batch.limit(1000 + i, 'buy', 1, 1);
      write(batch);
      batch.cancel(1);
      refuses(() => book.submit(batch), code, `commands[17].${field}`);
    }
  });

  it('-1 is a price, but no id and no quantity', () => {
    refuses(() => book.limit(-1, 'buy', 1, 1), 'ERR_TOPRUNG_OUT_OF_RANGE', 'commands[0].id');
    refuses(() => book.reduce(2, -1), 'ERR_TOPRUNG_OUT_OF_RANGE', 'commands[0].qty');
    expect(book.limit(100, 'buy', -1, 1)).toMatchObject([{ kind: 'accepted', price: -1 }]);
  });

  it.each([null, undefined, '7', [5], true, 7n])('%s is refused, and not turned into one', (value) => {
    const number = value as unknown as number;
    refuses(() => book.limit(number, 'buy', 1, 1), 'ERR_TOPRUNG_NOT_INTEGER', 'id');
    refuses(() => book.limit(100, 'buy', number, 1), 'ERR_TOPRUNG_NOT_INTEGER', 'price');
    refuses(() => book.limit(100, 'buy', 1, number), 'ERR_TOPRUNG_NOT_INTEGER', 'qty');
    refuses(() => book.reduce(2, number), 'ERR_TOPRUNG_NOT_INTEGER', 'qty');
  });

  it('is checked in fields that the command does not use', () => {
    const batch = new CommandBatch();
    batch.cancel(2);
    new Float64Array(batch.bytes.buffer)[1] = Number.NaN;
    refuses(() => book.submit(batch), 'ERR_TOPRUNG_NOT_INTEGER', 'commands[0].price');
  });

  it('is refused in queries', () => {
    for (const value of [-1, 1.5, Number.NaN, 2 ** 53]) {
      const code = Number.isInteger(value) ? 'ERR_TOPRUNG_OUT_OF_RANGE' : 'ERR_TOPRUNG_NOT_INTEGER';
      refuses(() => book.order(value), code, 'id');
      refuses(() => book.depth(value), code, 'levels');
    }
    refuses(() => book.best('both' as Side), 'ERR_TOPRUNG_UNKNOWN_ENUM', 'side');
    refuses(() => book.queue('' as Side), 'ERR_TOPRUNG_UNKNOWN_ENUM', 'side');
  });

  it('is refused as owner and as flags, which a typed array would change silently', () => {
    for (const owner of [-1, 1.5, 2 ** 32, Number.NaN]) {
      refuses(() => book.limit(100, 'buy', 1, 1, { owner }), 'ERR_TOPRUNG_OUT_OF_RANGE', 'owner');
    }
    for (const flags of [-1, 40, 257, 1.5, Number.NaN]) {
      refuses(() => book.limit(100, 'buy', 1, 1, { flags }), 'ERR_TOPRUNG_UNKNOWN_ENUM', 'flags');
    }
  });
});

describe('the limits that are allowed', () => {
  it('quantity 0 is refused by the book, with a reason', () => {
    expect(book.limit(100, 'buy', 1, 0)).toMatchObject([{ kind: 'rejected', reason: 'zero-quantity' }]);
    expect(book.depth(1000)).toEqual((before as unknown[])[1]);
  });

  it('the lowest and the highest price rest', () => {
    const max = Number.MAX_SAFE_INTEGER;
    book.limit(100, 'buy', -max, 1);
    book.limit(101, 'sell', max, 1);
    expect(book.queue('buy').at(-1)?.price).toBe(-max);
    expect(book.queue('sell').at(-1)?.price).toBe(max);
    book.checkInvariants();
  });

  it('a sum past 2^53 is said to be inexact rather than given wrong', () => {
    book.limit(100, 'buy', 1, Number.MAX_SAFE_INTEGER);
    book.limit(101, 'buy', 1, 1);
    expect(() => book.depth(1000)).toThrow(expect.objectContaining({ code: 'ERR_TOPRUNG_INEXACT' }));
    expect(book.order(101)?.qty).toBe(1);
  });
});

describe('a byte that stands for nothing', () => {
  it.each([
    ['kind', 28, 5],
    ['side', 29, 2],
    ['tif', 30, 3],
    ['flags', 31, 40],
    ['flags', 31, 255],
    ['kind', 28, 128],
  ])('in %s is refused', (field, offset, value) => {
    const batch = new CommandBatch();
    batch.limit(100, 'buy', 1, 1);
    batch.limit(101, 'buy', 1, 1);
    batch.bytes[COMMAND_BYTES + offset] = value;
    refuses(() => book.submit(batch), 'ERR_TOPRUNG_UNKNOWN_ENUM', `commands[1].${field}`);
  });

  it('as a word is refused when it is written', () => {
    refuses(() => book.limit(100, 'long' as Side, 1, 1), 'ERR_TOPRUNG_UNKNOWN_ENUM', 'side');
    refuses(() => book.limit(100, 0 as unknown as Side, 1, 1), 'ERR_TOPRUNG_UNKNOWN_ENUM', 'side');
    refuses(() => book.limit(100, 'buy', 1, 1, { tif: 'day' as TimeInForce }), 'ERR_TOPRUNG_UNKNOWN_ENUM', 'tif');
  });

  it('random bytes never do more than fail with a code', () => {
    let x = 12345;
    const random = () => {
      x = (Math.imul(x, 1103515245) + 12345) >>> 0;
      return x >>> 16;
    };
    const batch = new CommandBatch({ capacity: 4 });
    for (let i = 0; i < 4; i++) batch.cancel(1);
    for (let round = 0; round < 5000; round++) {
      const { digest } = book;
      for (let k = 0; k < 1 + (round % 128); k++) batch.bytes[random() % (4 * COMMAND_BYTES)] = random();
      try {
        book.submit(batch);
      } catch (error) {
        expect((error as ToprungError).code).toMatch(/^ERR_TOPRUNG_(NOT_INTEGER|OUT_OF_RANGE|UNKNOWN_ENUM)$/);
        expect(book.digest).toBe(digest);
        for (let i = 0; i < 4 * COMMAND_BYTES; i++) batch.bytes[i] = 0;
      }
    }
    book.checkInvariants();
  });
});

describe('a buffer that is none', () => {
  const detach = (buffer: ArrayBufferLike) => structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });

  it('transferred away is refused, for commands and for events', () => {
    const batch = new CommandBatch();
    batch.limit(100, 'buy', 1, 1);
    const events = new EventBatch();
    detach(events.bytes.buffer);
    refuses(() => book.submit(batch, events), 'ERR_TOPRUNG_BUFFER_DETACHED', 'events');
    detach(batch.bytes.buffer);
    refuses(() => book.submit(batch), 'ERR_TOPRUNG_BUFFER_DETACHED', 'commands');
  });

  it('too small for one record is refused', () => {
    refuses(() => new CommandBatch({ buffer: new ArrayBuffer(COMMAND_BYTES - 1) }), 'ERR_TOPRUNG_BUFFER_LENGTH');
    refuses(() => new EventBatch({ buffer: new ArrayBuffer(2 * EVENT_BYTES - 1) }), 'ERR_TOPRUNG_BUFFER_LENGTH');
    refuses(() => new CommandBatch({ buffer: new ArrayBuffer(0) }), 'ERR_TOPRUNG_BUFFER_LENGTH');
    refuses(() => new CommandBatch({ capacity: 2 ** 24 + 1 }), 'ERR_TOPRUNG_OUT_OF_RANGE', 'capacity');
    refuses(() => new EventBatch({ capacity: 0 }), 'ERR_TOPRUNG_OUT_OF_RANGE', 'capacity');
    refuses(() => new CommandBatch({ capacity: Number.NaN }), 'ERR_TOPRUNG_NOT_INTEGER', 'capacity');
  });

  it('shrunk behind the batch’s back is refused', () => {
    // TypeScript knows resizable buffers from ES2024 on, node from version 20.
    const Resizable = ArrayBuffer as unknown as new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
    const buffer = new Resizable(64 * COMMAND_BYTES, { maxByteLength: 64 * COMMAND_BYTES });
    if (!('resize' in buffer)) return;
    const batch = new CommandBatch({ buffer });
    batch.limit(100, 'buy', 1, 1);
    (buffer as unknown as { resize(n: number): void }).resize(8);
    refuses(() => book.submit(batch), 'ERR_TOPRUNG_BUFFER_EMPTY', 'commands');
  });

  it('is refused by Rust as well, whoever calls', () => {
    const { NativeBook } = native();
    const raw = new NativeBook('{}');
    const bytes = new Uint8Array(COMMAND_BYTES);
    const events = new Uint8Array(2 * EVENT_BYTES);
    const code = (f: () => unknown): unknown => {
      try {
        f();
      } catch (error) {
        return (error as { code?: unknown }).code;
      }
      return undefined;
    };
    const not = (v: unknown) => v as Uint8Array;
    expect(code(() => raw.submit(bytes, 1, events, 2))).toBeUndefined();
    const { digest } = { digest: raw.digest() };
    expect(code(() => raw.submit(bytes, 2, events, 2))).toBe('ERR_TOPRUNG_BUFFER_LENGTH');
    expect(code(() => raw.submit(new Uint8Array(0), 1, events, 2))).toBe('ERR_TOPRUNG_BUFFER_EMPTY');
    expect(code(() => raw.submit(bytes, 1, events, 4))).toBe('ERR_TOPRUNG_BUFFER_LENGTH');
    expect(code(() => raw.submit(bytes, 1, events, 1))).toBe('ERR_TOPRUNG_BUFFER_LENGTH');
    expect(code(() => raw.submit(bytes, 1, events, 0))).toBe('ERR_TOPRUNG_BUFFER_LENGTH');
    expect(code(() => raw.submit(bytes, -1, events, 2))).toBe('ERR_TOPRUNG_OUT_OF_RANGE');
    expect(code(() => raw.submit(bytes, Number.NaN, events, 2))).toBe('ERR_TOPRUNG_NOT_INTEGER');
    expect(code(() => raw.submit(bytes, 2 ** 25, events, 2))).toBe('ERR_TOPRUNG_BATCH_TOO_LARGE');
    expect(code(() => raw.submit(bytes, 2 ** 53, events, 2))).toBe('ERR_TOPRUNG_OUT_OF_RANGE');
    const wide = new Uint8Array(COMMAND_BYTES + 8);
    expect(code(() => raw.submit(wide.subarray(3), 1, events, 2))).toBe('ERR_TOPRUNG_BUFFER_ALIGNMENT');
    for (const other of [
      undefined,
      null,
      1,
      'x',
      {},
      [],
      new Float64Array(9),
      new ArrayBuffer(99),
      new DataView(bytes.buffer),
    ]) {
      expect(code(() => raw.submit(not(other), 1, events, 2))).toBe('ERR_TOPRUNG_BUFFER_TYPE');
      expect(code(() => raw.submit(bytes, 1, not(other), 2))).toBe('ERR_TOPRUNG_BUFFER_TYPE');
    }
    expect(code(() => raw.best(2, events))).toBe('ERR_TOPRUNG_UNKNOWN_ENUM');
    expect(code(() => raw.best(Number.NaN, events))).toBe('ERR_TOPRUNG_UNKNOWN_ENUM');
    expect(code(() => raw.best(0, new Uint8Array(8)))).toBe('ERR_TOPRUNG_BUFFER_LENGTH');
    expect(code(() => raw.order(-1, events))).toBe('ERR_TOPRUNG_OUT_OF_RANGE');
    expect(code(() => raw.levels(0, -1))).toBe('ERR_TOPRUNG_OUT_OF_RANGE');
    expect(code(() => raw.queue(7))).toBe('ERR_TOPRUNG_UNKNOWN_ENUM');
    expect(code(() => raw.drain(events, 2, -1))).toBe('ERR_TOPRUNG_OUT_OF_RANGE');
    expect(raw.drain(events, 2, 2 ** 32 - 1)).toBe(0);
    expect(raw.levels(0, 2 ** 32 - 1)).toHaveLength(0);
    expect(code(() => new NativeBook('{'))).toBe('ERR_TOPRUNG_CONFIG');
    expect(code(() => new NativeBook('{"maxOrders":0}'))).toBe('ERR_TOPRUNG_CONFIG');
    expect(raw.digest()).toBe(digest);
    raw.checkInvariants();
  });
});

describe('a value of another type', () => {
  it('is refused', () => {
    const batch = new CommandBatch();
    refuses(() => book.submit({} as CommandBatch), 'ERR_TOPRUNG_ARGUMENT', 'batch');
    refuses(() => book.submit(batch, [] as unknown as EventBatch), 'ERR_TOPRUNG_ARGUMENT', 'events');
    refuses(() => book.drain(null as unknown as EventBatch), 'ERR_TOPRUNG_ARGUMENT', 'events');
    refuses(() => new OrderBook({ maxOrders: 0 }), 'ERR_TOPRUNG_CONFIG', 'maxOrders');
    refuses(() => new OrderBook({ maxOrders: 5, expectedOrders: 6 }), 'ERR_TOPRUNG_CONFIG', 'expectedOrders');
    refuses(() => new OrderBook({ policy: 'fifo' } as never), 'ERR_TOPRUNG_CONFIG', 'policy');
  });
});
