/**
 * A venue's commands on their way: a writer over one buffer that crosses the boundary as it is.
 *
 * Numbers are checked in Rust, all of them before the venue sees the first; what a typed array would silently change is
 * checked here. Combinations that the types forbid and that come all the same are refused by the venue, with an event.
 */
import { ToprungError } from '../errors.js';
import {
  VenueOptions as Bits,
  MAX_COMMAND_FLAGS,
  ORDER_TYPES,
  PEGS,
  PHASES,
  type Phase,
  SELF_TRADES,
  type Side,
  VENUE_TIMES_IN_FORCE,
  type VenueTimeInForce,
} from '../names.js';
import { badOwner, type CommandBatchOptions, checkInteger, notNumber, RecordBatch, show } from '../record-batch.js';
import type { Display, MassCancelScope, Order, Replacement, Trail } from './orders.js';

/** Bytes of one command of a venue. */
export const VENUE_COMMAND_BYTES = 112;

const NUMBERS = VENUE_COMMAND_BYTES / 8;
const WORDS = VENUE_COMMAND_BYTES / 4;

/** Codes of {@link VENUE_ACTIONS}. */
const Action = {
  enter: 0,
  cancel: 1,
  reduce: 2,
  replace: 3,
  massCancel: 4,
  block: 5,
  unblock: 6,
  setReference: 7,
  setLast: 8,
  setPhase: 9,
  advance: 10,
  uncross: 11,
} as const;

/** Every field that some order has: what the types forbid together may come from JavaScript. */
interface AnyOrder {
  type: Order['type'];
  id: number;
  side: Side;
  qty: number;
  owner?: number;
  price?: number;
  timeInForce?: VenueTimeInForce;
  expireAt?: number;
  display?: Display;
  hidden?: boolean;
  postOnly?: boolean | 'slide';
  allOrNone?: boolean;
  minQty?: number;
  selfTrade?: (typeof SELF_TRADES)[number];
  oneCancelsOther?: number;
  oneTriggersOther?: number;
  parent?: boolean;
  stopPrice?: number;
  trail?: Trail;
  protectionPoints?: number;
  notional?: number;
  peg?: (typeof PEGS)[number];
  offset?: number;
  limit?: number;
}

/**
 * A reusable list of a venue's commands.
 *
 * ```ts
 * const batch = new VenueBatch();
 * batch.enter({ type: 'limit', id: 1, side: 'sell', price: 10_050, qty: 30, display: { qty: 5 } });
 * batch.limit(2, 'buy', 10_050, 10, 'ioc');
 * const events = venue.submit(batch);
 * batch.clear();
 * ```
 */
export class VenueBatch extends RecordBatch {
  /** @throws ToprungError `ERR_TOPRUNG_OUT_OF_RANGE`, `ERR_TOPRUNG_BUFFER_LENGTH` */
  constructor(options: CommandBatchOptions = {}) {
    super(VENUE_COMMAND_BYTES, options);
  }

  /** A new order. */
  enter(order: Order): void {
    checkObject('order', order);
    const o = order as AnyOrder;
    const type = codeOf('type', ORDER_TYPES, o.type);
    const isPegged = o.type === 'pegged';
    const tif = o.timeInForce ?? (o.type === 'budget' ? 'ioc' : 'gtc');
    const stopPrice = isStop(o.type) ? o.stopPrice : undefined;
    if (stopPrice === undefined && (o.type === 'stop' || o.type === 'stop-limit')) missing('stopPrice');
    const { display, postOnly } = o;
    if (display !== undefined) checkInteger('display.qty', display.qty, 1, Number.MAX_SAFE_INTEGER);
    const options =
      (o.hidden === true ? Bits.HIDDEN : 0) |
      (o.allOrNone === true ? Bits.ALL_OR_NONE : 0) |
      (postOnly === 'slide' ? Bits.SLIDE : 0) |
      (stopPrice === undefined ? 0 : Bits.STOP_PRICE) |
      (isPegged && o.limit !== undefined ? Bits.LIMIT : 0) |
      (o.oneCancelsOther === undefined ? 0 : Bits.ONE_CANCELS_OTHER) |
      (o.oneTriggersOther === undefined ? 0 : Bits.ONE_TRIGGERS_OTHER) |
      (o.parent === true ? Bits.PARENT : 0);
    if (postOnly !== undefined && typeof postOnly !== 'boolean') codeOf('postOnly', ['slide'], postOnly);
    if (o.timeInForce === 'gtd' && o.expireAt === undefined) missing('expireAt');
    const flags = (postOnly === undefined || postOnly === false ? 0 : 1) | selfTradeBits(o.selfTrade);
    const trail = o.type === 'trailing-stop' || o.type === 'trailing-stop-limit' ? trailOf(o.trail) : undefined;
    const offset = trail?.offset ?? offsetOf(o);
    const step = trail?.step ?? (o.type === 'budget' ? (o.notional ?? missing('notional')) : 0);
    const peg = isPegged ? codeOf('peg', PEGS, o.peg) : 0;
    this.#write(o.id, priceOf(o), o.qty, o.owner ?? 0, tailOf(o.side, tif, flags));
    this.#more(
      stopPrice ?? 0,
      display?.qty ?? 0,
      display?.range ?? 0,
      o.minQty ?? 0,
      o.expireAt ?? 0,
      o.oneCancelsOther ?? 0,
      o.oneTriggersOther ?? 0,
      offset,
      step,
    );
    this.#end(Action.enter | (type << 8) | (peg << 16), options);
  }

  /**
   * A plain limit order, without an object.
   *
   * @param flags - A sum of `CommandFlags`: post-only, self-trade prevention.
   */
  limit(
    id: number,
    side: Side,
    price: number,
    qty: number,
    tif: Exclude<VenueTimeInForce, 'gtd'> = 'gtc',
    flags = 0,
    owner = 0,
  ): void {
    this.#write(id, price, qty, owner, tailOf(side, tif, flagBits(flags)));
    this.#plain(Action.enter);
  }

  /** A plain market order, without an object. */
  market(
    id: number,
    side: Side,
    qty: number,
    owner = 0,
    tif: Exclude<VenueTimeInForce, 'gtd'> = 'gtc',
    flags = 0,
  ): void {
    this.#write(id, 0, qty, owner, tailOf(side, tif, flagBits(flags)));
    this.#plain(Action.enter | (1 << 8));
  }

  /** Ends an order, wherever it is. */
  cancel(id: number, owner = 0): void {
    this.#write(id, 0, 0, owner, 0);
    this.#plain(Action.cancel);
  }

  /** Lowers an order's open quantity by `by` lots; it keeps its place. */
  reduce(id: number, by: number, owner = 0): void {
    this.#write(id, 0, by, owner, 0);
    this.#plain(Action.reduce);
  }

  /** Changes an order. */
  replace(id: number, to: Replacement): void {
    checkObject('to', to);
    const { price, stopPrice, displayQty, newId, newSide, owner = 0 } = to;
    const qty = to.totalQty ?? to.qty;
    const options =
      (stopPrice === undefined ? 0 : Bits.STOP_PRICE) |
      (displayQty === undefined ? 0 : Bits.DISPLAY) |
      (newId === undefined ? 0 : Bits.NEW_ID) |
      (newSide === undefined ? 0 : Bits.NEW_SIDE) |
      (to.totalQty === undefined ? 0 : Bits.TOTAL_QTY);
    const flags =
      (to.postOnly === true ? 1 : 0) |
      (price === undefined ? 2 : 0) |
      (qty === undefined ? 4 : 0) |
      selfTradeBits(to.selfTrade);
    this.#write(id, price ?? 0, qty ?? 0, owner, tailOf(newSide ?? 'buy', 'gtc', flags));
    this.#more(stopPrice ?? 0, displayQty ?? 0, 0, 0, 0, newId ?? 0, 0, 0, 0);
    this.#end(Action.replace, options);
  }

  /** Ends every order in the scope. */
  massCancel(scope: MassCancelScope = {}): void {
    checkObject('scope', scope);
    const { owner = 0, side, prices } = scope;
    const options = (side === undefined ? 0 : Bits.ONE_SIDE) | (prices === undefined ? 0 : Bits.RANGE);
    this.#write(0, prices?.from ?? 0, 0, owner, tailOf(side ?? 'buy', 'gtc', 0));
    this.#more(prices?.to ?? 0, 0, 0, 0, 0, 0, 0, 0, 0);
    this.#end(Action.massCancel, options);
  }

  /** Ends every order of an owner and refuses its new ones. */
  block(owner: number): void {
    this.#write(0, 0, 0, owner, 0);
    this.#plain(Action.block);
  }

  /** Lets an owner enter orders again. */
  unblock(owner: number): void {
    this.#write(0, 0, 0, owner, 0);
    this.#plain(Action.unblock);
  }

  /** Makes a price the reference of bands, breaker and auctions. */
  setReference(price: number): void {
    this.#write(0, price, 0, 0, 0);
    this.#plain(Action.setReference);
  }

  /** Makes a price the last traded one, as if a trade had been there. */
  setLastPrice(price: number): void {
    this.#write(0, price, 0, 0, 0);
    this.#plain(Action.setLast);
  }

  /** Goes to a phase. */
  setPhase(phase: Phase): void {
    this.#write(0, 0, codeOf('phase', PHASES, phase), 0, 0);
    this.#plain(Action.setPhase);
  }

  /** Lets simulated time come to `ns` nanoseconds. */
  advance(ns: number): void {
    this.#write(0, 0, ns, 0, 0);
    this.#plain(Action.advance);
  }

  /** Executes the auction now. */
  uncross(): void {
    this.#write(0, 0, 0, 0, 0);
    this.#plain(Action.uncross);
  }

  /** The part that a book's command has, too; begins the record. */
  #write(id: number, price: number, qty: number, owner: number, tail: number): void {
    if (typeof id !== 'number') notNumber('id', id);
    if (typeof price !== 'number') notNumber('price', price);
    if (typeof qty !== 'number') notNumber('qty', qty);
    if (owner >>> 0 !== owner) badOwner(owner);
    const i = this.next();
    const numbers = this.numbers;
    numbers[i * NUMBERS] = id;
    numbers[i * NUMBERS + 1] = price;
    numbers[i * NUMBERS + 2] = qty;
    this.words[i * WORDS + 6] = owner;
    this.words[i * WORDS + 7] = tail;
  }

  #more(...rest: [number, number, number, number, number, number, number, number, number]): void {
    const at = (this.length - 1) * NUMBERS + 4;
    for (let k = 0; k < FIELDS.length; k++) {
      const value = rest[k]!;
      if (typeof value !== 'number') {
        this.unwrite();
        notNumber(FIELDS[k]!, value);
      }
      this.numbers[at + k] = value;
    }
  }

  /** The rest of a record that has nothing more to say. */
  #plain(action: number): void {
    const at = (this.length - 1) * NUMBERS;
    this.numbers.fill(0, at + 4, at + NUMBERS);
    this.#end(action, 0);
  }

  #end(action: number, options: number): void {
    const at = (this.length - 1) * WORDS;
    this.words[at + 26] = action;
    this.words[at + 27] = options;
  }
}

/** What `#more` writes, in the order of the record. */
const FIELDS = [
  'stopPrice',
  'displayQty',
  'displayRange',
  'minQty',
  'expireAt',
  'link',
  'parent',
  'offset',
  'step',
] as const;

function isStop(type: Order['type']): boolean {
  return type === 'stop' || type === 'stop-limit' || type === 'trailing-stop' || type === 'trailing-stop-limit';
}

/** The limit, where the type has one. */
function priceOf(o: AnyOrder): number {
  switch (o.type) {
    case 'limit':
    case 'stop-limit':
    case 'trailing-stop-limit':
      return o.price ?? missing('price');
    case 'pegged':
      return o.limit ?? 0;
    default:
      return 0;
  }
}

function offsetOf(o: AnyOrder): number {
  if (o.type === 'market-protected') return o.protectionPoints ?? missing('protectionPoints');
  return o.type === 'pegged' ? (o.offset ?? 0) : 0;
}

/** The venue's form of a distance: ticks as they are, hundredths of a per cent below zero. */
function trailOf(trail: Trail | undefined): { offset: number; step: number } {
  if (typeof trail !== 'object' || trail === null) return missing('trail');
  const max = Number.MAX_SAFE_INTEGER;
  const { step = 0 } = trail;
  if ('ticks' in trail) {
    checkInteger('trail.ticks', trail.ticks, 1, max);
    return { offset: trail.ticks, step };
  }
  checkInteger('trail.basisPoints', trail.basisPoints, 1, max);
  return { offset: -trail.basisPoints, step };
}

function tailOf(side: Side, tif: VenueTimeInForce, flags: number): number {
  const sideCode = side === 'buy' ? 0 : side === 'sell' ? 0x100 : codeOf('side', ['buy', 'sell'], side);
  const tifCode = tif === 'gtc' ? 0 : codeOf('timeInForce', VENUE_TIMES_IN_FORCE, tif) << 16;
  return sideCode | tifCode | (flags << 24);
}

function flagBits(flags: number): number {
  if (flags >>> 0 === flags && flags <= MAX_COMMAND_FLAGS) return flags;
  throw new ToprungError('ERR_TOPRUNG_UNKNOWN_ENUM', `flags: expected a sum of CommandFlags, got ${show(flags)}`, {
    path: 'flags',
  });
}

function selfTradeBits(mode: AnyOrder['selfTrade']): number {
  return mode === undefined ? 0 : codeOf('selfTrade', SELF_TRADES, mode) << 3;
}

/** The code of a name. */
function codeOf(path: string, names: readonly string[], name: unknown): number {
  const code = names.indexOf(name as string);
  if (code >= 0) return code;
  const known = names.map((n) => `'${n}'`).join(', ');
  throw new ToprungError('ERR_TOPRUNG_UNKNOWN_ENUM', `${path}: expected ${known}, got ${show(name)}`, { path });
}

function missing(path: string): never {
  throw new ToprungError('ERR_TOPRUNG_ARGUMENT', `${path}: expected a value, got nothing`, { path });
}

function checkObject(path: string, value: unknown): void {
  if (typeof value === 'object' && value !== null) return;
  throw new ToprungError('ERR_TOPRUNG_ARGUMENT', `${path}: expected an object, got ${show(value)}`, { path });
}
