/**
 * Events on their way back: columns over one buffer that Rust writes to.
 *
 * Reading a column costs what reading a typed array costs. {@link EventBatch.rows} makes objects of them for those who
 * want objects, at some 25 ns each.
 */

import { ToprungError } from './errors.js';
import { EventFlags, PHASES, type Phase, REASONS, type Reason, SIDES, type Side } from './names.js';
import { checkInteger } from './record-batch.js';

/** Bytes of one event over all columns. */
export const EVENT_BYTES = 44;

/** Most events in a batch. */
export const MAX_BATCH_EVENTS = 1 << 26;

/** How an {@link EventBatch} is made. */
export interface EventBatchOptions {
  /** Events to have room for at first, 2 to 2^26, rounded up to even; it grows as needed. Default 8,192. */
  capacity?: number;
  /** Memory to write to, such as a SharedArrayBuffer; a batch over it cannot grow, see `OrderBook.drain`. */
  buffer?: ArrayBufferLike;
}

/** What every event says. */
interface EventBase {
  /** Which command of its batch caused it, from 0. */
  command: number;
  /** The order concerned; of a trade the aggressor. */
  id: number;
  /** Owner of that order, 0 when nobody’s. */
  owner: number;
}

/** A new order was taken. */
export interface AcceptedEvent extends EventBase {
  kind: 'accepted';
  side: Side;
  /** In ticks; without meaning for a market order. */
  price: number;
  qty: number;
  /** Whether it is a market order. */
  market: boolean;
  /** It waits beside the book: a stop, a child of another order, an order for the close, a peg without a price. */
  held?: true;
  /** Nothing of it is shown. */
  hidden?: true;
  /** Of an iceberg: lots that it shows. */
  displayQty?: number;
}

/** A command was refused and changed nothing. */
export interface RejectedEvent extends EventBase {
  kind: 'rejected';
  reason: Reason;
}

/** A fill, at the resting order's price. */
export interface TradeEvent extends EventBase {
  kind: 'trade';
  /** The resting order. `id` is the aggressor. */
  maker: number;
  /** The aggressor's side. */
  side: Side;
  price: number;
  qty: number;
  /** In an auction: neither side is the aggressor, `id` is the buyer and `maker` the seller. */
  auction?: true;
}

/** An order, or what was left of it, ended without trading. */
export interface CancelledEvent extends EventBase {
  kind: 'cancelled';
  side: Side;
  price: number;
  /** What was open. */
  qty: number;
  reason: Reason;
  /** It waited beside the book. */
  held?: true;
}

/** A resting order has less open quantity and keeps its place. */
export interface ReducedEvent extends EventBase {
  kind: 'reduced';
  side: Side;
  price: number;
  /** What is open now. */
  qty: number;
  /** What was taken off. */
  by: number;
  /** It waits beside the book. */
  held?: true;
}

/** A resting order has a new price or open quantity. */
export interface ReplacedEvent extends EventBase {
  kind: 'replaced';
  side: Side;
  price: number;
  qty: number;
  /** Whether it kept its place in the queue. */
  keptPriority: boolean;
  /** Its new id, if it got one. */
  newId?: number;
  /** It waits beside the book. */
  held?: true;
}

/** A waiting order became active and enters the book now. */
export interface TriggeredEvent extends EventBase {
  kind: 'triggered';
  side: Side;
  /** In ticks; without meaning for a market order. */
  price: number;
  qty: number;
  market: boolean;
  /** It waits on: the child of another order that is a stop, or a peg without a price. */
  held?: true;
  hidden?: true;
}

/** An iceberg showed its next part, at the back of the queue. */
export interface RefreshedEvent extends EventBase {
  kind: 'refreshed';
  side: Side;
  price: number;
  /** Lots shown. */
  qty: number;
  /** Lots behind them. */
  behind: number;
}

/** A pegged order followed its reference. */
export interface RepricedEvent extends EventBase {
  kind: 'repriced';
  side: Side;
  /** In ticks; without meaning if the order has none. */
  price: number;
  qty: number;
  /** It has no price now, and waits beside the book. */
  held?: true;
}

/** The trading phase changed. */
export interface PhaseEvent extends EventBase {
  kind: 'phase';
  from: Phase;
  to: Phase;
}

/** What an auction would do now. */
export interface IndicativeEvent extends EventBase {
  kind: 'indicative';
  /** Of all trades, in ticks. */
  price: number;
  /** Lots that would trade. */
  qty: number;
  /** Lots that would like to and could not. */
  surplus: number;
  /** The side that has too many. */
  side: Side;
}

/** A request that concerns no single order was carried out. */
export interface AcknowledgedEvent extends EventBase {
  kind: 'acknowledged';
  price: number;
  /** How much of it: orders of a mass cancel, the time that was advanced to. */
  qty: number;
}

/** One thing that happened in a book; prices in ticks, quantities in lots. */
export type BookEvent = AcceptedEvent | RejectedEvent | TradeEvent | CancelledEvent | ReducedEvent | ReplacedEvent;

/** One thing that happened at a venue. */
export type VenueEvent =
  | BookEvent
  | TriggeredEvent
  | RefreshedEvent
  | RepricedEvent
  | PhaseEvent
  | IndicativeEvent
  | AcknowledgedEvent;

/**
 * A reusable list of events, as columns. Row `i` of every column is one event; rows from `length` on are old.
 *
 * The columns are replaced when the batch grows: read `events.price` after each submit, do not keep it.
 *
 * @typeParam E - What its rows are as objects: `VenueEvent` for a batch that a venue fills.
 */
export class EventBatch<E extends VenueEvent = BookEvent> {
  /** The order concerned; of a trade the aggressor. */
  id!: Float64Array;
  /**
   * Of a trade the resting order; of a reduction the lots taken off; otherwise 0 unless the row of the kind says more.
   */
  other!: Float64Array;
  /** In ticks. */
  price!: Float64Array;
  /** In lots. */
  qty!: Float64Array;
  /** Which command of its batch caused it. */
  command!: Uint32Array;
  /** Owner of the order `id`, 0 when nobody's. */
  owner!: Uint32Array;
  /** Index into {@link EVENT_KINDS}. */
  kind!: Uint8Array;
  /** Index into {@link SIDES}: of the order `id`. */
  side!: Uint8Array;
  /** Index into {@link REASONS}. */
  reason!: Uint8Array;
  /** Bits of {@link EventFlags}. */
  flags!: Uint8Array;
  /** Events in the batch. Set by the book. */
  length = 0;
  /** Events of the same submit that did not fit a fixed buffer and wait in the book: `drain` them. */
  pending = 0;
  #bytes!: Uint8Array;
  #capacity!: number;
  readonly #growable: boolean;

  /** @throws ToprungError `ERR_TOPRUNG_OUT_OF_RANGE`, `ERR_TOPRUNG_BUFFER_LENGTH` */
  constructor(options: EventBatchOptions = {}) {
    const { buffer } = options;
    this.#growable = buffer === undefined;
    const room = buffer === undefined ? MAX_BATCH_EVENTS : Math.floor(buffer.byteLength / EVENT_BYTES / 2) * 2;
    if (room === 0) {
      throw new ToprungError(
        'ERR_TOPRUNG_BUFFER_LENGTH',
        `expected a buffer of ${2 * EVENT_BYTES} bytes or more, got ${buffer?.byteLength}`,
      );
    }
    const capacity = options.capacity ?? (this.#growable ? 8192 : Math.min(room, MAX_BATCH_EVENTS));
    checkInteger('capacity', capacity, 1, Math.min(room, MAX_BATCH_EVENTS));
    const even = capacity + (capacity % 2);
    this.#lay(buffer ?? new ArrayBuffer(even * EVENT_BYTES), even);
  }

  /** Events that fit, an even number. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Whether it grows by itself: not over a buffer that was given to it. */
  get growable(): boolean {
    return this.#growable;
  }

  /** The columns as bytes, one behind the other in the order of the fields above. Replaced when it grows. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /**
   * Makes room for `events` events and keeps those that are there.
   *
   * @internal
   */
  grow(events: number): void {
    const old = { ...this.#columns() };
    const capacity = Math.min(Math.max(this.#capacity * 2, events + (events % 2)), MAX_BATCH_EVENTS);
    this.#lay(new ArrayBuffer(capacity * EVENT_BYTES), capacity);
    const fresh = this.#columns();
    for (const [name, column] of Object.entries(fresh)) column.set(old[name as keyof typeof old]);
  }

  /** One event as an object. */
  row(i: number): E {
    return this.#row(i) as E;
  }

  /** The events as objects, one by one. */
  *rows(): Generator<E, void, undefined> {
    for (let i = 0; i < this.length; i++) yield this.row(i);
  }

  #row(i: number): VenueEvent {
    if (!(i >= 0 && i < this.length)) {
      throw new ToprungError('ERR_TOPRUNG_OUT_OF_RANGE', `row: expected an integer in 0..${this.length}, got ${i}`, {
        path: 'row',
      });
    }
    const command = this.command[i]!;
    const id = this.id[i]!;
    const owner = this.owner[i]!;
    const side = SIDES[this.side[i]!]!;
    const price = this.price[i]!;
    const qty = this.qty[i]!;
    const other = this.other[i]!;
    const flags = this.flags[i]!;
    const market = (flags & EventFlags.MARKET) !== 0;
    const held = (flags & EventFlags.HELD) !== 0 && ({ held: true } as const);
    const hidden = (flags & EventFlags.HIDDEN) !== 0 && ({ hidden: true } as const);
    switch (this.kind[i]) {
      case 0: {
        const shown = other !== 0 && { displayQty: other };
        return { kind: 'accepted', command, id, owner, side, price, qty, market, ...held, ...hidden, ...shown };
      }
      case 1:
        return { kind: 'rejected', command, id, owner, reason: REASONS[this.reason[i]!]! };
      case 2: {
        const auction = (flags & EventFlags.AUCTION) !== 0 && ({ auction: true } as const);
        return { kind: 'trade', command, id, owner, maker: other, side, price, qty, ...auction };
      }
      case 3:
        return { kind: 'cancelled', command, id, owner, side, price, qty, reason: REASONS[this.reason[i]!]!, ...held };
      case 4:
        return { kind: 'reduced', command, id, owner, side, price, qty, by: other, ...held };
      case 5: {
        const keptPriority = (flags & EventFlags.KEPT_PRIORITY) !== 0;
        const newId = other !== 0 && { newId: other };
        return { kind: 'replaced', command, id, owner, side, price, qty, keptPriority, ...newId, ...held };
      }
      case 6:
        return { kind: 'triggered', command, id, owner, side, price, qty, market, ...held, ...hidden };
      case 7:
        return { kind: 'refreshed', command, id, owner, side, price, qty, behind: other };
      case 8:
        return { kind: 'repriced', command, id, owner, side, price, qty, ...held };
      case 9:
        return { kind: 'phase', command, id, owner, from: PHASES[other]!, to: PHASES[qty]! };
      case 10:
        return { kind: 'indicative', command, id, owner, side, price, qty, surplus: other };
      default:
        return { kind: 'acknowledged', command, id, owner, price, qty };
    }
  }

  #columns() {
    const { id, other, price, qty, command, owner, kind, side, reason, flags } = this;
    return { id, other, price, qty, command, owner, kind, side, reason, flags };
  }

  #lay(buffer: ArrayBufferLike, c: number): void {
    this.id = new Float64Array(buffer, 0, c);
    this.other = new Float64Array(buffer, 8 * c, c);
    this.price = new Float64Array(buffer, 16 * c, c);
    this.qty = new Float64Array(buffer, 24 * c, c);
    this.command = new Uint32Array(buffer, 32 * c, c);
    this.owner = new Uint32Array(buffer, 36 * c, c);
    this.kind = new Uint8Array(buffer, 40 * c, c);
    this.side = new Uint8Array(buffer, 41 * c, c);
    this.reason = new Uint8Array(buffer, 42 * c, c);
    this.flags = new Uint8Array(buffer, 43 * c, c);
    this.#bytes = new Uint8Array(buffer, 0, EVENT_BYTES * c);
    this.#capacity = c;
  }
}
