/** A book driven through the public Node API, with events as flat records: what every runner here works on. */
import {
  type BookConfigInput,
  CommandBatch,
  CommandFlags,
  EVENT_KINDS,
  type EventBatch,
  type Level,
  OrderBook,
  type PolicyInput,
  REASONS,
  type Reason,
  type RestingOrder,
  SIDES,
  type Side,
  type TimeInForce,
  ToprungError,
} from 'toprung';

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

export type { Level, RestingOrder } from 'toprung';

/** The conventions a runner can ask for. */
export interface TestBookOptions {
  readonly replacePriority: 'keep-on-decrease' | 'lose-always';
  /** Price-time priority when absent. */
  readonly policy?: PolicyInput;
  /** What the policy knows of owners. */
  readonly participants?: NonNullable<BookConfigInput['participants']>;
}

/** A new order as a case states it: values that the types forbid do come, to be refused. */
export interface NewOrder {
  readonly id: number;
  readonly owner: number;
  readonly type: 'limit' | 'market';
  readonly side: Side;
  readonly tif: TimeInForce;
  readonly price: number;
  readonly qty: number;
  readonly postOnly: boolean;
  /** One of the `SELF_TRADE_…` flags, or 0. */
  readonly selfTrade: number;
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

/** Wraps `OrderBook`: single commands give their events at once, added ones go over in batches. */
export class TestBook {
  readonly #book: OrderBook;
  readonly #batch = new CommandBatch();
  #submitted = 0;

  constructor(options: TestBookOptions) {
    this.#book = new OrderBook(options);
  }

  /** Enters an order. @throws ToprungError when the interface refuses a value. */
  enter({ id, owner, type, side, tif, price, qty, postOnly, selfTrade }: NewOrder): BookEvent[] {
    const flags = (postOnly ? CommandFlags.POST_ONLY : CommandFlags.NONE) + selfTrade;
    return this.#one(() => {
      if (type === 'limit') this.#batch.limit(id, side, price, qty, tif, flags, owner);
      else if (type === 'market') this.#batch.market(id, side, qty, owner, tif === 'gtc' ? 'ioc' : tif, flags);
      // The interface has no method for any other type, so there is nothing that could be called.
      else
        throw new ToprungError('ERR_TOPRUNG_UNKNOWN_ENUM', `type: expected 'limit' or 'market', got ${String(type)}`);
    });
  }

  cancel(id: number, owner: number): BookEvent[] {
    return this.#one(() => this.#batch.cancel(id, owner));
  }

  reduce(id: number, by: number, owner: number): BookEvent[] {
    return this.#one(() => this.#batch.reduce(id, by, owner));
  }

  /** An absent price or quantity stays as it is. */
  replace(id: number, price: number | undefined, qty: number | undefined, owner: number): BookEvent[] {
    const flags =
      (price === undefined ? CommandFlags.KEEP_PRICE : CommandFlags.NONE) +
      (qty === undefined ? CommandFlags.KEEP_QTY : CommandFlags.NONE);
    return this.#one(() => this.#batch.replace(id, price ?? 0, qty ?? 0, flags, owner));
  }

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

  /** L2: every level of a side, best first. */
  levels(side: Side): Level[] {
    const { bids, asks } = this.#book.depth(0xffff_ffff);
    return side === 'buy' ? bids : asks;
  }

  /** L3: every resting order of a side, best first, in priority order. */
  queue(side: Side): RestingOrder[] {
    return this.#book.queue(side);
  }

  /** Digest of every event so far. */
  digest(): string {
    return this.#book.digest;
  }

  #one(write: () => void): BookEvent[] {
    const found: BookEvent[] = [];
    try {
      write();
      this.submitAdded((event) => found.push(event));
    } finally {
      // Refused input must not be sent again with the next command.
      this.#batch.clear();
    }
    return found;
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
