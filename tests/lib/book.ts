/** A book driven through the public Node API, with events as flat records: what every runner here works on. */
import { CommandBatch, EVENT_KINDS, type EventBatch, OrderBook, REASONS, type Reason, SIDES, type Side } from 'toprung';

/** One event; which fields mean something depends on its kind, as in `EventBatch`. */
export interface BookEvent {
  /** Number of the command that caused it, counted by the book from 0. */
  readonly seq: number;
  readonly kind: (typeof EVENT_KINDS)[number];
  /** The order concerned; of a trade the aggressor. */
  readonly id: number;
  /** Of a trade the resting order; of a reduction the lots taken off. */
  readonly other: number;
  readonly side: Side;
  readonly price: number;
  readonly qty: number;
  readonly reason: Reason;
}

/** A command of an order flow. */
export interface FlowOrder {
  readonly op: 'new' | 'cancel' | 'modify';
  readonly id: number;
  readonly side: Side;
  readonly ioc: boolean;
  readonly qty: number;
  readonly price: number;
}

/** Wraps `OrderBook` for order flows: every replace loses priority, commands go over in batches. */
export class TestBook {
  readonly #book = new OrderBook({ replacePriority: 'lose-always' });
  readonly #batch = new CommandBatch();
  #submitted = 0;

  /** Adds a command of an order flow to the batch. */
  add({ op, id, side, ioc, qty, price }: FlowOrder): void {
    if (op === 'new') this.#batch.limit(id, side, price, qty, ioc ? 'ioc' : 'gtc');
    else if (op === 'cancel') this.#batch.cancel(id);
    else this.#batch.replace(id, price, qty);
  }

  /** Submits what was added and hands every event to `take`, in order. */
  submitAdded(take: (event: BookEvent) => void): void {
    const events = this.#book.submit(this.#batch);
    for (let i = 0; i < events.length; i++) take(flat(events, i, this.#submitted));
    this.#submitted += this.#batch.length;
    this.#batch.clear();
  }
}

function flat(events: EventBatch, i: number, before: number): BookEvent {
  return {
    seq: before + events.command[i]!,
    kind: EVENT_KINDS[events.kind[i]!]!,
    id: events.id[i]!,
    other: events.other[i]!,
    side: SIDES[events.side[i]!]!,
    price: events.price[i]!,
    qty: events.qty[i]!,
    reason: REASONS[events.reason[i]!]!,
  };
}
