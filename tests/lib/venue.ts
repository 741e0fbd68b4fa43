/**
 * A venue driven through the public Node API, one command at a time, with events as flat records: for the conformance
 * runs.
 */
import {
  EVENT_KINDS,
  EventBatch,
  type HeldOrder,
  type Level,
  type Order,
  REASONS,
  type Replacement,
  type RestingOrder,
  SIDES,
  type Side,
  Venue,
  VenueBatch,
  type VenueConfigInput,
  type VenueEvent,
} from 'toprung';
import type { BookEvent } from './book.js';

/** An order that rests; without a price it is ahead of all prices. */
export interface OpenOrder extends Omit<RestingOrder, 'price'> {
  readonly price: number | null;
}

/** Wraps `Venue`: every command gives its events at once. */
export class TestVenue {
  readonly #venue: Venue;
  readonly #batch = new VenueBatch({ capacity: 1 });
  readonly #events = new EventBatch<VenueEvent>();
  #submitted = 0;

  constructor(config: VenueConfigInput) {
    this.#venue = new Venue(config);
  }

  /** Enters an order: values that the types forbid do come, to be refused. @throws ToprungError by the interface. */
  enter(order: Order): BookEvent[] {
    return this.#one((batch) => batch.enter(order));
  }

  cancel(id: number, owner: number): BookEvent[] {
    return this.#one((batch) => batch.cancel(id, owner));
  }

  reduce(id: number, by: number, owner: number): BookEvent[] {
    return this.#one((batch) => batch.reduce(id, by, owner));
  }

  replace(id: number, to: Replacement): BookEvent[] {
    return this.#one((batch) => batch.replace(id, to));
  }

  setLastPrice(price: number): BookEvent[] {
    return this.#one((batch) => batch.setLastPrice(price));
  }

  uncross(): BookEvent[] {
    return this.#one((batch) => batch.uncross());
  }

  /** Displayed levels of a side, best first. */
  levels(side: Side): Level[] {
    const { bids, asks } = this.#venue.depth(0xffff_ffff);
    return side === 'buy' ? bids : asks;
  }

  /** Everything that rests on a side with all it has open: unpriced, displayed, hidden. */
  resting(side: Side): OpenOrder[] {
    const unpriced = this.#venue.unpriced(side).map((order) => ({ ...order, price: null }));
    return [...unpriced, ...this.#venue.queue(side), ...this.#venue.hidden(side)];
  }

  /** Orders that wait beside the book. */
  held(): HeldOrder[] {
    return this.#venue.held();
  }

  /** Fails when the venue is inconsistent. */
  check(): void {
    this.#venue.checkInvariants();
  }

  #one(write: (batch: VenueBatch) => void): BookEvent[] {
    this.#batch.clear();
    write(this.#batch);
    const events = this.#venue.submit(this.#batch, this.#events);
    const seq = this.#submitted++;
    return Array.from({ length: events.length }, (_, i) => ({
      seq,
      kind: EVENT_KINDS[events.kind[i]!]!,
      id: events.id[i]!,
      other: events.other[i]!,
      side: SIDES[events.side[i]!]!,
      price: events.price[i]!,
      qty: events.qty[i]!,
      reason: REASONS[events.reason[i]!]!,
    }));
  }
}
