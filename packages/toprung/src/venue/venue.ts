/**
 * A venue, driven from TypeScript: a book with every order type, sessions and auctions around it. docs/venue.md has the
 * rules.
 *
 * As with an `OrderBook`, whatever is refused with an error leaves the venue as it was, and what the venue itself
 * refuses is a `rejected` event with a reason. {@link Venue.submit} takes a {@link VenueBatch} and fills columns; the
 * other methods carry out one request each and give its events as objects.
 */
import { parseConfig, type VenueConfigInput, venueConfigSchema } from '../config.js';
import {
  call,
  type Depth,
  depth,
  drain,
  orderOf,
  ordersOf,
  type RestingOrder,
  Row,
  sideCode,
  submit,
  wrongType,
} from '../crossing.js';
import { EventBatch, type VenueEvent } from '../event-batch.js';
import { Journal, type JournalOptions, journalSettings } from '../journal.js';
import { ORDER_TYPES, type OrderType, PHASES, type Phase, SIDES, type Side } from '../names.js';
import { type NativeVenue, native } from '../native.js';
import type { Bracket, MassCancelScope, Order, Replacement } from './orders.js';
import { VenueBatch } from './venue-batch.js';

/** An order that waits beside the book. */
export interface HeldOrder extends RestingOrder {
  type: OrderType;
  /** Where a stop becomes active, if it has a price now. */
  stopPrice?: number;
}

/** What an auction would do. */
export interface Indicative {
  /** Of all trades, in ticks. */
  price: number;
  /** Lots that would trade. */
  qty: number;
  /** Lots that would like to and could not. */
  surplus: number;
  /** The side that has too many. */
  side: Side;
}

/** Who asks. */
interface Asker {
  /** 0 (nobody) to 2^32 - 1. Default 0. */
  owner?: number;
}

/**
 * A venue for one instrument.
 *
 * ```ts
 * const venue = new Venue();
 * venue.enter({ type: 'stop', id: 1, side: 'buy', qty: 5, stopPrice: 101 });
 * venue.enter({ type: 'limit', id: 2, side: 'sell', qty: 10, price: 101 });
 * venue.enter({ type: 'market', id: 3, side: 'buy', qty: 1 });
 * // accepted, trade at 101, triggered 1, trade of 1 with 2
 * venue.depth().asks; // [{ price: 101, qty: 4, orders: 1 }]
 * ```
 */
export class Venue {
  /** The journal that the venue writes, if it was made with one. */
  readonly journal: Journal;
  readonly #native: NativeVenue;
  readonly #row = new Row();
  #events: EventBatch<VenueEvent> | undefined;
  #single: VenueBatch | undefined;
  #singleEvents: EventBatch<VenueEvent> | undefined;

  /**
   * An empty venue; or, with a journal that is resumed, the venue that comes out of it.
   *
   * @param journal - Writes every batch to a journal before it is carried out: see {@link Journal}.
   * @throws ToprungError `ERR_TOPRUNG_CONFIG`, `ERR_TOPRUNG_NATIVE_MISSING`, `ERR_TOPRUNG_JOURNAL_…`
   */
  constructor(config: VenueConfigInput = {}, journal?: JournalOptions) {
    const { policy, participants, selfTradeScope, replacePriority, maxOrders, expectedOrders, ...rest } = parseConfig(
      venueConfigSchema,
      config,
    );
    const book = { policy, participants, selfTradeScope, replacePriority, maxOrders, expectedOrders };
    const json = JSON.stringify({ book, ...rest });
    const { NativeVenue } = native();
    const settings = journal && journalSettings(journal);
    this.#native = call(() => new NativeVenue(json, settings));
    this.journal = new Journal(this.#native);
  }

  /**
   * Carries out a batch of commands in order.
   *
   * @param batch - Not changed: `clear()` it for the next round.
   * @param events - What to fill; without it the venue's own batch, which is valid until the next submit.
   * @returns `events`, its old content replaced.
   * @throws ToprungError with the venue unchanged: `ERR_TOPRUNG_NOT_INTEGER`, `ERR_TOPRUNG_OUT_OF_RANGE`,
   *   `ERR_TOPRUNG_UNKNOWN_ENUM` with `path` `commands[i].field`; `ERR_TOPRUNG_BUFFER_…`;
   *   `ERR_TOPRUNG_EVENTS_PENDING` when events of the last batch have not been drained.
   */
  submit(batch: VenueBatch, events: EventBatch<VenueEvent> = this.#ownEvents()): EventBatch<VenueEvent> {
    if (!(batch instanceof VenueBatch)) wrongType('batch', 'a VenueBatch', batch);
    return submit(this.#native, batch, events);
  }

  /**
   * Fetches the next events of the last submit, when they did not all fit: only with an {@link EventBatch} over a
   * buffer of your own. Repeat until `events.pending` is 0.
   */
  drain(events: EventBatch<VenueEvent>): EventBatch<VenueEvent> {
    return drain(this.#native, events);
  }

  /**
   * A new order.
   *
   * @throws ToprungError `ERR_TOPRUNG_ARGUMENT`, `ERR_TOPRUNG_UNKNOWN_ENUM`, `ERR_TOPRUNG_NOT_INTEGER`,
   *   `ERR_TOPRUNG_OUT_OF_RANGE`, with the field in `path`
   */
  enter(order: Order): VenueEvent[] {
    return this.#one((batch) => batch.enter(order));
  }

  /** Ends an order, resting or held. */
  cancel(id: number, { owner }: Asker = {}): VenueEvent[] {
    return this.#one((batch) => batch.cancel(id, owner));
  }

  /** Lowers an order's open quantity by `by` lots; of an iceberg first what is behind. */
  reduce(id: number, by: number, { owner }: Asker = {}): VenueEvent[] {
    return this.#one((batch) => batch.reduce(id, by, owner));
  }

  /** Changes an order. */
  replace(id: number, to: Replacement): VenueEvent[] {
    return this.#one((batch) => batch.replace(id, to));
  }

  /** Ends every order in the scope; without one, every order. */
  massCancel(scope: MassCancelScope = {}): VenueEvent[] {
    return this.#one((batch) => batch.massCancel(scope));
  }

  /** The kill switch: ends every order of an owner and refuses its new ones. */
  block(owner: number): VenueEvent[] {
    return this.#one((batch) => batch.block(owner));
  }

  /** Lets an owner enter orders again. */
  unblock(owner: number): VenueEvent[] {
    return this.#one((batch) => batch.unblock(owner));
  }

  /** Goes to a phase. */
  setPhase(phase: Phase): VenueEvent[] {
    return this.#one((batch) => batch.setPhase(phase));
  }

  /** Lets simulated time come to `ns` nanoseconds: what is due until then happens. */
  advance(ns: number): VenueEvent[] {
    return this.#one((batch) => batch.advance(ns));
  }

  /** Executes the auction now, in a phase that collects orders. */
  uncross(): VenueEvent[] {
    return this.#one((batch) => batch.uncross());
  }

  /** Makes a price the reference of bands, breaker and auctions. */
  setReference(price: number): VenueEvent[] {
    return this.#one((batch) => batch.setReference(price));
  }

  /** Makes a price the last traded one, as if a trade had been there. */
  setLastPrice(price: number): VenueEvent[] {
    return this.#one((batch) => batch.setLastPrice(price));
  }

  /**
   * An order, and two that close its position: a profit taken at a limit, a loss stopped, whichever comes first.
   *
   * The two wait until the entry has ended, and enter with all that it traded. An entry that trades whole at once has
   * ended before they can come: they then enter at once. An entry that ends without trading has none.
   */
  bracket({ entry, takeProfit, stopLoss }: Bracket): VenueEvent[] {
    const events = this.enter({ ...entry, parent: true });
    const { id, owner = 0 } = entry;
    if (events.some((e) => e.kind === 'rejected')) return events;
    const waits = this.order(id) !== undefined || this.held().some((o) => o.id === id);
    const traded = events.reduce(
      (sum, e) => (e.kind === 'trade' && (e.id === id || e.maker === id) ? sum + e.qty : sum),
      0,
    );
    if (!waits && traded === 0) return events;
    const side = entry.side === 'buy' ? 'sell' : 'buy';
    const link = waits ? { oneTriggersOther: id } : {};
    const common = { side, qty: waits ? entry.qty : traded, owner, ...link } as const;
    const profit = this.enter({ ...common, ...takeProfit, type: 'limit' });
    // A profit that was taken at once leaves nothing to protect.
    const isOpen = this.order(takeProfit.id) !== undefined || waits;
    if (!isOpen || profit.some((e) => e.kind === 'rejected')) return [...events, ...profit];
    const { price, ...stop } = stopLoss;
    const linked = { ...common, ...stop, oneCancelsOther: takeProfit.id };
    const loss = this.enter(
      price === undefined ? { ...linked, type: 'stop' } : { ...linked, type: 'stop-limit', price },
    );
    return [...events, ...profit, ...loss];
  }

  /**
   * L2: the best displayed levels of both sides.
   *
   * @throws ToprungError `ERR_TOPRUNG_INEXACT` when a level's quantity is past 2^53 - 1.
   */
  depth(levels = 10): Depth {
    return depth(this.#native, levels);
  }

  /** L3: the displayed orders of a side in priority order, with what icebergs have behind. */
  queue(side: Side): RestingOrder[] {
    return this.#orders(side, (code) => this.#native.queue(code));
  }

  /** The hidden orders of a side in priority order. */
  hidden(side: Side): RestingOrder[] {
    return this.#orders(side, (code) => this.#native.hidden(code));
  }

  /** The market orders of a side that rest, in time order; their price is 0. */
  unpriced(side: Side): RestingOrder[] {
    return this.#orders(side, (code) => this.#native.unpriced(code));
  }

  /** The orders that wait beside the book, in order of entry. */
  held(): HeldOrder[] {
    const rows = call(() => this.#native.held());
    const orders: HeldOrder[] = [];
    for (let i = 0; i < rows.length; i += 7) {
      const [id, price, qty, owner, side, type, stopPrice] = rows.subarray(i, i + 7);
      const stop = Number.isNaN(stopPrice) ? {} : { stopPrice: stopPrice! };
      const order = { id: id!, side: SIDES[side!]!, price: price!, qty: qty!, owner: owner! };
      orders.push({ ...order, type: ORDER_TYPES[type!]!, ...stop });
    }
    return orders;
  }

  /** One order that rests, displayed or not, with all it has open. */
  order(id: number): RestingOrder | undefined {
    return orderOf(this.#native, id, this.#row);
  }

  /** Resting orders, displayed or not. */
  get orderCount(): number {
    return this.#native.orderCount();
  }

  /** The phase. */
  get phase(): Phase {
    return PHASES[this.#native.phase()]!;
  }

  /** Simulated time in nanoseconds. */
  get now(): number {
    return this.#native.now();
  }

  /** Price of the last trade, if there was one. */
  get lastPrice(): number | undefined {
    return this.#native.lastPrice() ?? undefined;
  }

  /** The reference price, if there is one. */
  get reference(): number | undefined {
    return this.#native.reference() ?? undefined;
  }

  /** What an auction would do now, if anything would trade. */
  indicative(): Indicative | undefined {
    if (!call(() => this.#native.indicative(this.#row.bytes))) return undefined;
    const [price, qty, surplus, side] = this.#row.numbers;
    return { price: price!, qty: qty!, surplus: surplus!, side: SIDES[side!]! };
  }

  /** Digest of every event so far, 32 hexadecimal digits: equal for equal events on every platform. */
  get digest(): string {
    return this.#native.digest();
  }

  /** Bytes of native memory that the venue holds. */
  get memoryBytes(): number {
    return this.#native.memoryBytes();
  }

  /**
   * Looks at everything the venue keeps twice. Takes time in proportion to the venue.
   *
   * @throws ToprungError `ERR_TOPRUNG_INVARIANT` when it is inconsistent, which would be a defect of toprung.
   */
  checkInvariants(): void {
    call(() => this.#native.checkInvariants());
  }

  #ownEvents(): EventBatch<VenueEvent> {
    this.#events ??= new EventBatch<VenueEvent>();
    return this.#events;
  }

  #one(write: (batch: VenueBatch) => void): VenueEvent[] {
    this.#single ??= new VenueBatch({ capacity: 1 });
    this.#singleEvents ??= new EventBatch<VenueEvent>({ capacity: 64 });
    this.#single.clear();
    write(this.#single);
    return [...this.submit(this.#single, this.#singleEvents).rows()];
  }

  #orders(side: Side, list: (code: 0 | 1) => Float64Array): RestingOrder[] {
    const code = sideCode(side);
    return ordersOf(
      call(() => list(code)),
      side,
    );
  }
}
