/**
 * One limit order book, driven from TypeScript.
 *
 * A native call costs some 300 ns whatever it does, so orders go in batches: {@link OrderBook.submit} takes a
 * {@link CommandBatch} and fills an {@link EventBatch}, both reused, and nothing is allocated. The methods for a single
 * order are for tests, notebooks and people at a prompt; each costs about 0.6 µs.
 *
 * Whatever is refused with an error leaves the book as it was. What the *book* refuses (an unknown order, a quantity of
 * zero) is not an error but a `rejected` event, as at an exchange.
 */
import { CommandBatch } from './command-batch.js';
import { type BookConfigInput, bookConfigSchema, parseConfig } from './config.js';
import {
  call,
  type Depth,
  depth,
  drain,
  type Level,
  orderOf,
  ordersOf,
  type RestingOrder,
  Row,
  sideCode,
  submit,
  wrongType,
} from './crossing.js';
import { type BookEvent, EventBatch } from './event-batch.js';
import { Journal, type JournalOptions, journalSettings } from './journal.js';
import type { MarketTimeInForce, Side, TimeInForce } from './names.js';
import { type NativeBook, native } from './native.js';

/** What may be said about a single order beside its terms. */
export interface OrderOptions {
  /** Default `gtc`. */
  tif?: TimeInForce;
  /** A sum of `CommandFlags`. Default 0. */
  flags?: number;
  /** 0 (nobody) to 2^32 - 1. Default 0. */
  owner?: number;
}

/** What may be said about a single market order beside its terms. */
export interface MarketOptions {
  /** Default `ioc`. */
  tif?: MarketTimeInForce;
  /** A sum of `CommandFlags`. Default 0. */
  flags?: number;
  /** 0 (nobody) to 2^32 - 1. Default 0. */
  owner?: number;
}

/**
 * One limit order book.
 *
 * ```ts
 * const book = new OrderBook();
 * book.limit(1, 'sell', 10_050, 30);
 * const events = book.limit(2, 'buy', 10_050, 10);
 * // [{ kind: 'accepted', id: 2, … }, { kind: 'trade', id: 2, maker: 1, price: 10050, qty: 10, … }]
 * book.best('sell'); // { price: 10050, qty: 20, orders: 1 }
 * ```
 */
export class OrderBook {
  /** The journal that the book writes, if it was made with one. */
  readonly journal: Journal;
  readonly #native: NativeBook;
  readonly #row = new Row();
  #events: EventBatch | undefined;
  #single: CommandBatch | undefined;
  #singleEvents: EventBatch | undefined;

  /**
   * An empty book; or, with a journal that is resumed, the book that comes out of it.
   *
   * @param journal - Writes every batch to a journal before it is carried out: see {@link Journal}.
   * @throws ToprungError `ERR_TOPRUNG_CONFIG`, `ERR_TOPRUNG_NATIVE_MISSING`, `ERR_TOPRUNG_JOURNAL_…`
   */
  constructor(config: BookConfigInput = {}, journal?: JournalOptions) {
    const json = JSON.stringify(parseConfig(bookConfigSchema, config));
    const settings = journal && journalSettings(journal);
    const { NativeBook } = native();
    this.#native = call(() => new NativeBook(json, settings));
    this.journal = new Journal(this.#native);
  }

  /**
   * Applies a batch of commands in order.
   *
   * @param batch - Not changed: `clear()` it for the next round.
   * @param events - What to fill; without it the book's own batch, which is valid until the next submit.
   * @returns `events`, its old content replaced.
   * @throws ToprungError with the book unchanged: `ERR_TOPRUNG_NOT_INTEGER`, `ERR_TOPRUNG_OUT_OF_RANGE`,
   *   `ERR_TOPRUNG_UNKNOWN_ENUM` with `path` `commands[i].field`; `ERR_TOPRUNG_BUFFER_…`;
   *   `ERR_TOPRUNG_EVENTS_PENDING` when events of the last batch have not been drained.
   */
  submit(batch: CommandBatch, events: EventBatch = this.#ownEvents()): EventBatch {
    if (!(batch instanceof CommandBatch)) wrongType('batch', 'a CommandBatch', batch);
    return submit(this.#native, batch, events);
  }

  /**
   * Fetches the next events of the last submit, when they did not all fit: only with an {@link EventBatch} over a
   * buffer of your own, since others grow. Repeat until `events.pending` is 0.
   *
   * @returns `events`, its old content replaced.
   */
  drain(events: EventBatch): EventBatch {
    return drain(this.#native, events);
  }

  /** A limit order. About 0.6 µs, and the objects of its events. */
  limit(id: number, side: Side, price: number, qty: number, options: OrderOptions = {}): BookEvent[] {
    const { tif, flags, owner } = options;
    return this.#one((batch) => batch.limit(id, side, price, qty, tif, flags, owner));
  }

  /** A market order. About 0.6 µs, and the objects of its events. */
  market(id: number, side: Side, qty: number, options: MarketOptions = {}): BookEvent[] {
    return this.#one((batch) => batch.market(id, side, qty, options.owner, options.tif, options.flags));
  }

  /** Takes a resting order off the book. About 0.6 µs, and the object of its event. */
  cancel(id: number, options: Pick<OrderOptions, 'owner'> = {}): BookEvent[] {
    return this.#one((batch) => batch.cancel(id, options.owner));
  }

  /** Lowers a resting order's open quantity by `by` lots. About 0.6 µs, and the object of its event. */
  reduce(id: number, by: number, options: Pick<OrderOptions, 'owner'> = {}): BookEvent[] {
    return this.#one((batch) => batch.reduce(id, by, options.owner));
  }

  /** Gives a resting order a new price and open quantity. About 0.6 µs, and the objects of its events. */
  replace(id: number, price: number, openQty: number, options: Omit<OrderOptions, 'tif'> = {}): BookEvent[] {
    return this.#one((batch) => batch.replace(id, price, openQty, options.flags, options.owner));
  }

  /** L1: the best level of a side, if anything rests there. */
  best(side: Side): Level | undefined {
    const code = sideCode(side);
    if (!call(() => this.#native.best(code, this.#row.bytes))) return undefined;
    const [price, qty, orders] = this.#row.numbers;
    return { price: price!, qty: qty!, orders: orders! };
  }

  /**
   * L2: the best levels of both sides.
   *
   * @param levels - At most so many per side, 0 to 2^32 - 1.
   * @throws ToprungError `ERR_TOPRUNG_INEXACT` when a level's quantity is past 2^53 - 1.
   */
  depth(levels = 10): Depth {
    return depth(this.#native, levels);
  }

  /** L3: every resting order of a side, best price first, in time order within a level. */
  queue(side: Side): RestingOrder[] {
    const code = sideCode(side);
    return ordersOf(
      call(() => this.#native.queue(code)),
      side,
    );
  }

  /** One resting order, if it rests. */
  order(id: number): RestingOrder | undefined {
    return orderOf(this.#native, id, this.#row);
  }

  /** Resting orders. */
  get orderCount(): number {
    return this.#native.orderCount();
  }

  /** Digest of every event so far, 32 hexadecimal digits: equal for equal events on every platform. */
  get digest(): string {
    return this.#native.digest();
  }

  /** Bytes of native memory that the book holds. */
  get memoryBytes(): number {
    return this.#native.memoryBytes();
  }

  /**
   * Looks at everything the book keeps twice. Takes time in proportion to the book.
   *
   * @throws ToprungError `ERR_TOPRUNG_INVARIANT` when the book is inconsistent, which would be a defect of toprung.
   */
  checkInvariants(): void {
    call(() => this.#native.checkInvariants());
  }

  #ownEvents(): EventBatch {
    this.#events ??= new EventBatch();
    return this.#events;
  }

  #one(write: (batch: CommandBatch) => void): BookEvent[] {
    this.#single ??= new CommandBatch({ capacity: 1 });
    this.#singleEvents ??= new EventBatch({ capacity: 64 });
    this.#single.clear();
    write(this.#single);
    return [...this.submit(this.#single, this.#singleEvents).rows()];
  }
}
