/** The dashboard's frames: whatever is written is read back, and what is not a frame is refused. */
import fc from 'fast-check';
import { LIVE_COLUMN, LIVE_MARKS, LIVE_PHASES, liveLayout } from 'toprung';
import { describe, expect, it } from 'vitest';
import { ProtocolError, Reader, Writer } from '../../src/dashboard/codec.js';
import {
  COLUMN_WIDTH,
  COLUMNS_MAX,
  ColumnStore,
  DEPTH_ROWS,
  FIELDS,
  Field,
  LATENCY_BUCKETS,
  latencyAt,
  latencyBoundNs,
  TRACKS_MAX,
} from '../../src/dashboard/columns.js';
import { readMessage } from '../../src/dashboard/control.js';
import {
  type Accounts,
  decodeAccounts,
  decodeColumns,
  decodeMarks,
  decodeState,
  decodeTrades,
  encodeAccounts,
  encodeColumns,
  encodeMarks,
  encodeState,
  encodeTrades,
  type FrameKind,
  frame,
  HEADER_BYTES,
  type RunState,
  readFrame,
} from '../../src/dashboard/protocol.js';
import { TRADES_MAX, TradeRing } from '../../src/dashboard/trades.js';

const count = fc.oneof(fc.nat(300), fc.maxSafeNat());
const price = fc.oneof(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -(2 ** 50), max: 2 ** 50 }));

/** Numbers of one column as the library gives them. */
const columnNumbers = fc
  .record({
    prices: fc.tuple(price, fc.nat(100), fc.nat(100)),
    sums: fc.array(count, { minLength: FIELDS - 3, maxLength: FIELDS - 3 }),
    latency: fc.array(fc.tuple(fc.nat(LATENCY_BUCKETS - 1), fc.nat(2 ** 31)), { maxLength: 10 }),
    depth: fc.array(fc.tuple(fc.nat(DEPTH_ROWS - 1), fc.nat(2 ** 31)), { maxLength: 10 }),
  })
  .map(({ prices: [base, bid, ask], sums, latency, depth }) => {
    const numbers = new Float64Array(COLUMN_WIDTH);
    numbers.set([base + bid, base + ask, base, ...sums]);
    for (const [i, n] of latency) numbers[FIELDS + i] = n;
    for (const [i, n] of depth) numbers[FIELDS + LATENCY_BUCKETS + i] = n;
    return numbers;
  });

function storeOf(columns: readonly Float64Array[]): ColumnStore {
  const store = new ColumnStore(2);
  store.intervalNs = 1000;
  for (const numbers of columns) store.appendNumbers(numbers);
  return store;
}

/** Everything in a store that has a meaning. */
function contents(store: ColumnStore): unknown {
  const { length, merges, intervalNs } = store;
  return {
    length,
    merges,
    intervalNs,
    fields: store.fields.map((values) => [...values.subarray(0, length)]),
    latency: [...store.latency.subarray(0, length * LATENCY_BUCKETS)],
    depth: [...store.depth.subarray(0, length * DEPTH_ROWS)],
    holdings: [...store.holdings.subarray(0, length * 2 * store.tracks)],
  };
}

describe('numbers', () => {
  it('come back bit for bit, whatever they are', () => {
    const any = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.maxSafeInteger(),
      fc.constantFrom(-0, 2 ** 50, 2 ** 50 + 1, -(2 ** 50)),
    );
    fc.assert(
      fc.property(fc.array(any), (numbers) => {
        const out = new Writer(1);
        for (const n of numbers) out.number(n);
        const input = new Reader(out.finish());
        for (const n of numbers) expect(input.number()).toBe(n);
        expect(input.left).toBe(0);
      }),
    );
  });

  it('small ones take a byte, and sparse arrays as much as they hold', () => {
    const out = new Writer();
    out.number(31);
    out.number(-31);
    out.sparse(new Uint32Array(200), 0, 200);
    expect(out.length).toBe(3);
  });

  it('bytes that are no numbers are refused and never read past the end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const input = new Reader(bytes);
        try {
          for (;;) input.number();
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });
});

describe('columns', () => {
  it('have the layout of the library', () => {
    const layout = liveLayout();
    expect([FIELDS, LATENCY_BUCKETS, DEPTH_ROWS, COLUMNS_MAX, TRADES_MAX, TRACKS_MAX]).toEqual([
      layout.columnNumbers,
      layout.latencyBuckets,
      layout.depthRows,
      layout.columnsMax,
      layout.tradesMax,
      layout.tracksMax,
    ]);
    expect(Object.keys(Field)).toEqual(LIVE_COLUMN);
    expect(Object.values(Field)).toEqual(LIVE_COLUMN.map((_, i) => i));
  });

  it('arrive as they were sent, in any parts and however often they are merged on the way', () => {
    fc.assert(
      fc.property(fc.array(columnNumbers, { minLength: 1, maxLength: 12 }), fc.array(fc.nat(3)), (columns, cuts) => {
        const server = storeOf([]);
        const page = new ColumnStore(2);
        let sent = 0;
        let given = 0;
        const parts = [...cuts, columns.length];
        for (const part of parts) {
          for (const numbers of columns.slice(given, given + part)) server.appendNumbers(numbers);
          given += part;
          expect(decodeColumns(encodeColumns(server, sent, server.length), page)).toBe(true);
          sent = server.length;
          expect(contents(page)).toEqual(contents(server));
          if (part === 2) {
            server.merge();
            sent >>= 1;
          }
        }
      }),
    );
  });

  it('carry what the tracks of a market hold, merged to the later of two', () => {
    const half = fc.integer({ min: -(2 ** 40), max: 2 ** 40 }).map((n) => n / 2);
    const holdings = fc.array(fc.array(half, { minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(holdings, fc.nat(8), (rows, at) => {
        const server = storeOf([]);
        server.follow(3);
        for (const row of rows) {
          const numbers = new Float64Array(COLUMN_WIDTH + 6);
          numbers.set(row, COLUMN_WIDTH);
          server.appendNumbers(numbers);
        }
        const cut = Math.min(at, rows.length);
        const page = new ColumnStore(2);
        expect(decodeColumns(encodeColumns(server, 0, cut), page)).toBe(true);
        expect(decodeColumns(encodeColumns(server, cut, rows.length), page)).toBe(true);
        expect(contents(page)).toEqual(contents(server));
        expect([page.position(2, 0), page.value(2, 0)]).toEqual(rows[0]!.slice(4));
        if (rows.length < 2) return;
        page.merge();
        expect([page.position(0, 0), page.value(0, 0)]).toEqual(rows[1]!.slice(0, 2));
      }),
    );
    // Of a run with other tracks nothing can be appended.
    const two = storeOf([]);
    two.follow(2);
    two.appendNumbers(new Float64Array(COLUMN_WIDTH + 4));
    expect(decodeColumns(encodeColumns(storeOf([new Float64Array(COLUMN_WIDTH)]), 0, 1), two)).toBe(false);
  });

  it('a gap is noticed', () => {
    const numbers = new Float64Array(COLUMN_WIDTH);
    const server = storeOf([numbers, numbers, numbers]);
    expect(decodeColumns(encodeColumns(server, 2, 3), new ColumnStore())).toBe(false);
    const merged = storeOf([numbers, numbers]);
    merged.merge();
    expect(decodeColumns(encodeColumns(storeOf([numbers]), 0, 1), merged)).toBe(false);
  });

  it('merged ones are those that the library would have merged', () => {
    const a = new Float64Array(COLUMN_WIDTH).fill(3);
    const b = new Float64Array(COLUMN_WIDTH).fill(5);
    const store = storeOf([a, b, a]);
    store.merge();
    expect([store.length, store.intervalNs, store.merges]).toEqual([1, 2000, 1]);
    const at = (field: Field): number => store.field(field)[0]!;
    expect([at(Field.bid), at(Field.resting), at(Field.limit), at(Field.busyNs), at(Field.latencyMaxNs)]).toEqual([
      5, 5, 8, 8, 5,
    ]);
    expect([store.latency[0], store.depth[0]]).toEqual([8, 5]);
  });

  it('latency classes are those of the library, and percentiles lie in their class', () => {
    expect([0, 1, 2, 5, 81].map(latencyBoundNs)).toEqual([0, 16, 20, 32, 2 ** 24]);
    const counts = new Float64Array(LATENCY_BUCKETS);
    expect(latencyAt(counts, 0, 0.5)).toBeUndefined();
    counts[5] = 99;
    counts[20] = 1;
    expect(latencyAt(counts, 100, 0.5)).toBeGreaterThan(32);
    expect(latencyAt(counts, 100, 0.99)).toBe(40);
    expect(latencyAt(counts, 100, 0.995)).toBeGreaterThanOrEqual(latencyBoundNs(20));
  });
});

describe('fills', () => {
  const fill = fc.tuple(fc.nat(10 ** 6), price, count, fc.nat(1), count, count);

  it('arrive in order, and the oldest go when there are too many', () => {
    fc.assert(
      fc.property(fc.array(fill, { maxLength: 50 }), fc.nat(60), (fills, from) => {
        const server = new TradeRing();
        fills.forEach((numbers, n) => {
          server.push(n, ...numbers);
        });
        const page = new TradeRing();
        page.push(0, 1, 2, 3, 0, 4, 5);
        decodeTrades(encodeTrades(server, from), page);
        for (let n = from; n < fills.length; n++)
          expect([0, 1, 2, 3, 4, 5].map((c) => page.at(n, c))).toEqual(fills[n]);
      }),
    );
    const ring = new TradeRing();
    for (let n = 0; n < TRADES_MAX + 10; n++) ring.push(n, n, 0, 1, 0, 0, 0);
    expect([ring.first, ring.next, ring.at(10, 0)]).toEqual([10, TRADES_MAX + 10, 10]);
    expect([ring.after(-1), ring.after(12), ring.after(1e9)]).toEqual([10, 13, TRADES_MAX + 10]);
    ring.push(9000, 1, 1, 1, 1, 1, 1);
    expect([ring.first, ring.next]).toEqual([9000, 9001]);
  });
});

describe('states and marks', () => {
  it('come back as they were', () => {
    const level = fc.record({ price, qty: count, orders: fc.nat(1000) });
    const state: fc.Arbitrary<RunState> = fc.record({
      phase: fc.constantFrom(...LIVE_PHASES),
      timeNs: count,
      events: count,
      eventsTotal: count,
      durationNs: count,
      warmupEvents: count,
      speed: fc.constantFrom(0, 0.1, 1, Number.POSITIVE_INFINITY),
      busyNs: count,
      lateNs: count,
      bid: price,
      bidQty: count,
      ask: price,
      askQty: count,
      lastPrice: price,
      resting: count,
      commands: fc.array(count, { minLength: 5, maxLength: 5 }),
      rejected: count,
      trades: count,
      volume: count,
      latencyCount: count,
      latencyNs: fc.array(count, { minLength: 16, maxLength: 16 }),
      bids: fc.array(level, { maxLength: 64 }),
      asks: fc.array(level, { maxLength: 64 }),
    });
    fc.assert(fc.property(state, (s) => void expect(decodeState(encodeState(s))).toEqual(s)));
    const mark = fc.record({ timeNs: count, mark: fc.constantFrom(...LIVE_MARKS), value: fc.double({ noNaN: true }) });
    fc.assert(fc.property(fc.array(mark), (marks) => void expect(decodeMarks(encodeMarks(marks))).toEqual(marks)));
  });
});

describe('accounts', () => {
  it('come back as they were', () => {
    const account = fc.record({
      position: price,
      cash: price,
      bought: count,
      sold: count,
      fills: count,
      makerLots: count,
      orders: count,
      sentLots: count,
      changes: count,
      refused: count,
      value: fc.integer().map((n) => n / 2),
    });
    const level = fc.record({
      side: fc.nat(1),
      price,
      qty: count,
      orders: fc.nat(1000),
      ordersAhead: fc.nat(1000),
      lotsAhead: count,
    });
    const all: fc.Arbitrary<Accounts> = fc.record({
      accounts: fc.array(account, { maxLength: TRACKS_MAX }),
      track: fc.integer({ min: -1, max: TRACKS_MAX - 1 }),
      own: fc.array(level, { maxLength: 128 }),
    });
    fc.assert(fc.property(all, (a) => void expect(decodeAccounts(encodeAccounts(a))).toEqual(a)));
  });
});

describe('frames', () => {
  const header = { kind: 3 as FrameKind, seq: 7, run: 2, dropped: 1, wallMs: 1.5e12, timeNs: 12, events: 3 };

  it('have a header that says what they are', () => {
    const read = readFrame(frame(header, new Uint8Array([1, 2, 3])));
    expect(read.header).toEqual(header);
    expect([...read.body]).toEqual([1, 2, 3]);
  });

  it('of another version, another protocol or an unknown kind are refused', () => {
    const spoilt = (at: number, value: number): Uint8Array => {
      const bytes = frame(header, new Uint8Array());
      bytes[at] = value;
      return bytes;
    };
    expect(() => readFrame(new Uint8Array(HEADER_BYTES - 1))).toThrow('at least 48 bytes');
    expect(() => readFrame(spoilt(0, 0))).toThrow('a frame of toprung');
    expect(() => readFrame(spoilt(4, 9))).toThrow('expected protocol version 3, got 9');
    expect(() => readFrame(spoilt(5, 0))).toThrow('kind from 1 to 8');
  });

  it('that are damaged never do more than be refused', () => {
    const store = storeOf([new Float64Array(COLUMN_WIDTH).fill(2)]);
    const body = encodeColumns(store, 0, 1);
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.nat(255), fc.nat(body.length), (at, value, length) => {
        const bytes = body.slice(0, length);
        bytes[at] = value;
        try {
          const page = new ColumnStore();
          decodeColumns(bytes, page);
          expect(page.length).toBeLessThanOrEqual(COLUMNS_MAX + 256);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });
});

describe('messages of a page', () => {
  it('are checked, and what is not one is answered under its number', () => {
    const start = { id: 4, type: 'start', scenario: 'zi-baseline', book: 0, speed: 'max' };
    expect(readMessage(JSON.stringify(start))).toEqual(start);
    for (const wrong of [
      { ...start, speed: 0 },
      { ...start, book: -1 },
      { ...start, extra: 1 },
      { id: 4, type: 'control', run: 1, action: 'rm' },
      { id: 4, type: 'watch', run: 1, against: null, rate: 61 },
      { id: 4, type: 'watch', run: 1, against: null, rate: 60, track: TRACKS_MAX },
    ]) {
      expect(readMessage(JSON.stringify(wrong))).toMatchObject({ id: 4, problem: expect.stringContaining('expected') });
    }
    expect(readMessage('{')).toMatchObject({ id: 0, problem: expect.stringContaining('JSON') });
    expect(readMessage('null')).toMatchObject({ id: 0 });
  });
});
