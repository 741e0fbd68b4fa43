/**
 * Commands on their way to a book: a writer over one buffer that crosses the boundary as it is.
 *
 * Writing a command takes 3 to 5 ns and allocates nothing. Numbers are checked in Rust, all of them before the book
 * sees the first; what a typed array would silently change (a side, a flag, an owner) is checked here.
 */
import { ToprungError } from './errors.js';
import { MAX_COMMAND_FLAGS, type MarketTimeInForce, type Side, type TimeInForce } from './names.js';
import { badOwner, type CommandBatchOptions, notNumber, RecordBatch, show } from './record-batch.js';

/** Bytes of one command: f64 id, price, qty; u32 owner; u8 kind, side, time in force, flags; little-endian. */
export const COMMAND_BYTES = 32;

/**
 * A reusable list of commands.
 *
 * ```ts
 * const batch = new CommandBatch();
 * batch.limit(1, 'sell', 10_050, 30);
 * batch.limit(2, 'buy', 10_050, 10, 'ioc');
 * const events = book.submit(batch);
 * batch.clear();
 * ```
 *
 * Ids and quantities are integers from 0 to 2^53 - 1 (a quantity of 0 is refused by the book, with an event), prices
 * integers of ticks in ±(2^53 - 1), owners integers from 0 (nobody) to 2^32 - 1.
 */
export class CommandBatch extends RecordBatch {
  /** @throws ToprungError `ERR_TOPRUNG_OUT_OF_RANGE`, `ERR_TOPRUNG_BUFFER_LENGTH` */
  constructor(options: CommandBatchOptions = {}) {
    super(COMMAND_BYTES, options);
  }

  /**
   * A limit order.
   *
   * @param id - Unique among live orders.
   * @param price - In ticks.
   * @param qty - In lots.
   * @param flags - A sum of {@link CommandFlags}: post-only, self-trade prevention.
   */
  limit(
    id: number,
    side: Side,
    price: number,
    qty: number,
    tif: TimeInForce = 'gtc',
    flags: number = 0,
    owner: number = 0,
  ): void {
    const tifBits = tif === 'gtc' ? 0 : tif === 'ioc' ? 0x1_0000 : tif === 'fok' ? 0x2_0000 : unknownTimeInForce(tif);
    this.#push(id, price, qty, sideBits(side) | tifBits | flagBits(flags), owner);
  }

  /** A market order; what finds no counterparty is cancelled, or with `fok` everything if not all of it would trade. */
  market(
    id: number,
    side: Side,
    qty: number,
    owner: number = 0,
    tif: MarketTimeInForce = 'ioc',
    flags: number = 0,
  ): void {
    // As a market order never rests, immediate-or-cancel is what the code of 0 means too.
    const tifBits = tif === 'ioc' ? 0 : tif === 'fok' ? 0x2_0000 : unknownMarketTimeInForce(tif);
    this.#push(id, 0, qty, 1 | sideBits(side) | tifBits | flagBits(flags), owner);
  }

  /** Takes a resting order off the book. */
  cancel(id: number, owner: number = 0): void {
    this.#push(id, 0, 0, 2, owner);
  }

  /** Lowers a resting order's open quantity by `by` lots; it keeps its place. At or above what is open it ends. */
  reduce(id: number, by: number, owner: number = 0): void {
    this.#push(id, 0, by, 3, owner);
  }

  /**
   * Gives a resting order a new price and a new open quantity. It may trade on re-entry.
   *
   * @param openQty - In lots; 0 removes the order.
   * @param flags - A sum of {@link CommandFlags}.
   */
  replace(id: number, price: number, openQty: number, flags: number = 0, owner: number = 0): void {
    this.#push(id, price, openQty, 4 | flagBits(flags), owner);
  }

  #push(id: number, price: number, qty: number, tail: number, owner: number): void {
    // A typed array would turn null into 0 and '7' into 7 before Rust could see it.
    if (typeof id !== 'number') notNumber('id', id);
    if (typeof price !== 'number') notNumber('price', price);
    if (typeof qty !== 'number') notNumber('qty', qty);
    if (owner >>> 0 !== owner) badOwner(owner);
    const i = this.next();
    const numbers = this.numbers;
    const words = this.words;
    const at = i * 4;
    numbers[at] = id;
    numbers[at + 1] = price;
    numbers[at + 2] = qty;
    words[i * 8 + 6] = owner;
    words[i * 8 + 7] = tail;
  }
}

function sideBits(side: Side): number {
  return side === 'buy' ? 0 : side === 'sell' ? 0x100 : unknownSide(side);
}

function flagBits(flags: number): number {
  return flags >>> 0 === flags && flags <= MAX_COMMAND_FLAGS ? flags << 24 : unknownFlags(flags);
}

function unknownSide(got: never): never {
  throw new ToprungError('ERR_TOPRUNG_UNKNOWN_ENUM', `side: expected 'buy' or 'sell', got ${show(got)}`, {
    path: 'side',
  });
}

function unknownTimeInForce(got: never): never {
  throw new ToprungError('ERR_TOPRUNG_UNKNOWN_ENUM', `tif: expected 'gtc', 'ioc' or 'fok', got ${show(got)}`, {
    path: 'tif',
  });
}

function unknownMarketTimeInForce(got: never): never {
  throw new ToprungError('ERR_TOPRUNG_UNKNOWN_ENUM', `tif: expected 'ioc' or 'fok', got ${show(got)}`, {
    path: 'tif',
  });
}

function unknownFlags(got: number): never {
  throw new ToprungError('ERR_TOPRUNG_UNKNOWN_ENUM', `flags: expected a sum of CommandFlags, got ${show(got)}`, {
    path: 'flags',
  });
}
