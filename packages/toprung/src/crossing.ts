/**
 * What a book and a venue have in common on this side of the boundary: batches over, columns back, views as objects.
 */
import { fromNative, ToprungError } from './errors.js';
import { EventBatch, MAX_BATCH_EVENTS, type VenueEvent } from './event-batch.js';
import { SIDES, type Side } from './names.js';
import { checkInteger, type RecordBatch } from './record-batch.js';

/** One price level. */
export interface Level {
  /** In ticks. */
  price: number;
  /** Open quantity, in lots. */
  qty: number;
  /** Resting orders. */
  orders: number;
}

/** The best levels of both sides, best first. */
export interface Depth {
  bids: Level[];
  asks: Level[];
}

/** One resting order. */
export interface RestingOrder {
  id: number;
  side: Side;
  /** In ticks. */
  price: number;
  /** Open quantity, in lots. */
  qty: number;
  /** 0 when nobody’s. */
  owner: number;
}

/** What of a native class is used here. */
interface Native {
  submit(commands: Uint8Array, count: number, events: Uint8Array, capacity: number): number;
  drain(events: Uint8Array, capacity: number, from: number): number;
  pending(): number;
  levels(side: number, max: number): Float64Array;
  order(id: number, out: Uint8Array): boolean;
}

/** Submits a batch and fills `events`, which it returns. */
export function submit<E extends VenueEvent>(native: Native, batch: RecordBatch, events: EventBatch<E>): EventBatch<E> {
  if (!(events instanceof EventBatch)) wrongType('events', 'an EventBatch', events);
  let total: number;
  try {
    total = native.submit(batch.bytes, batch.length, events.bytes, events.capacity);
  } catch (error) {
    throw fromNative(error);
  }
  if (total > events.capacity) {
    overflow(native, events, total);
  } else {
    events.length = total;
    events.pending = 0;
  }
  return events;
}

/** The events did not fit: make room for them, or leave the rest in Rust when the buffer is the caller's. */
function overflow<E extends VenueEvent>(native: Native, events: EventBatch<E>, total: number): void {
  const written = events.capacity;
  events.length = written;
  if (events.growable && total <= MAX_BATCH_EVENTS) {
    events.grow(total);
    events.length += call(() => native.drain(events.bytes, events.capacity, written));
  }
  events.pending = total - events.length;
}

/** Fetches the next events of the last submit into `events`, which it returns. */
export function drain<E extends VenueEvent>(native: Native, events: EventBatch<E>): EventBatch<E> {
  if (!(events instanceof EventBatch)) wrongType('events', 'an EventBatch', events);
  events.length = call(() => native.drain(events.bytes, events.capacity, 0));
  events.pending = native.pending();
  return events;
}

/** The best levels of both sides. */
export function depth(native: Native, max: number): Depth {
  checkInteger('levels', max, 0, 0xffff_ffff);
  return { bids: levelsOf(native, 0, max), asks: levelsOf(native, 1, max) };
}

function levelsOf(native: Native, side: 0 | 1, max: number): Level[] {
  const rows = call(() => native.levels(side, max));
  const levels: Level[] = [];
  for (let i = 0; i < rows.length; i += 3) {
    levels.push({ price: rows[i]!, qty: rows[i + 1]!, orders: rows[i + 2]! });
  }
  return levels;
}

/** Orders of one side: four numbers each. */
export function ordersOf(rows: Float64Array, side: Side): RestingOrder[] {
  const orders: RestingOrder[] = [];
  for (let i = 0; i < rows.length; i += 4) {
    orders.push({ id: rows[i]!, side, price: rows[i + 1]!, qty: rows[i + 2]!, owner: rows[i + 3]! });
  }
  return orders;
}

/** Memory for the four numbers of one answer. */
export class Row {
  readonly numbers = new Float64Array(4);
  readonly bytes = new Uint8Array(this.numbers.buffer);
}

/** One resting order. */
export function orderOf(native: Native, id: number, row: Row): RestingOrder | undefined {
  checkInteger('id', id, 0, Number.MAX_SAFE_INTEGER);
  if (!call(() => native.order(id, row.bytes))) return undefined;
  const [side, price, qty, owner] = row.numbers;
  return { id, side: SIDES[side!]!, price: price!, qty: qty!, owner: owner! };
}

/** Calls into Rust; what it throws gets its code. */
export function call<T>(f: () => T): T {
  try {
    return f();
  } catch (error) {
    throw fromNative(error);
  }
}

/** The code of a side. @throws ToprungError `ERR_TOPRUNG_UNKNOWN_ENUM` */
export function sideCode(side: Side): 0 | 1 {
  if (side === 'buy') return 0;
  if (side === 'sell') return 1;
  throw new ToprungError('ERR_TOPRUNG_UNKNOWN_ENUM', `side: expected 'buy' or 'sell', got ${String(side)}`, {
    path: 'side',
  });
}

/** Refuses an argument of another type. */
export function wrongType(name: string, expected: string, got: unknown): never {
  throw new ToprungError('ERR_TOPRUNG_ARGUMENT', `${name}: expected ${expected}, got ${typeof got}`, { path: name });
}
