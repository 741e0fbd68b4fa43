/**
 * Decisions that agents in TypeScript take, as columns, and what they decide, as rows: one crossing for all that fall due
 * before any of them can have an effect.
 */
import { SIDES, type Side } from './names.js';

/** Numbers in a decision and in an action: the layout that Rust writes and reads. */
const DECISION_COLUMNS = 16;
const ACTION_NUMBERS = 5;

const LIMIT = 0;
const POST = 1;
const IOC = 2;
const MARKET = 3;
const CANCEL_SIDE = 4;
const CANCEL_ALL = 5;

/** What is no side becomes a number that Rust refuses, with its place. */
const sideNumber = (side: Side): number => (side === SIDES[0] ? 0 : side === SIDES[1] ? 1 : Number.NaN);

/**
 * Decisions that are due, one row each, and the actions that answer them.
 *
 * Columns are typed arrays of which the first {@link length} numbers count; they are used again for the next batch. Every
 * number is as the agent of that row knows it at that time, however late its data is. What is written for a row takes effect
 * when that agent's order arrives.
 */
export class DecisionBatch {
  /** Rows. */
  length = 0;
  /** Rows that the columns have room for. */
  capacity = 0;
  /** Number of the book. */
  book = new Float64Array();
  /** Number of the agent in its market. */
  agent = new Float64Array();
  /** Number of its group in the configuration. */
  group = new Float64Array();
  /** Simulated time, ns. */
  timeNs = new Float64Array();
  /** Best bid, ticks, or the last one there was. */
  bid = new Float64Array();
  /** Lots at the best bid, 0 when there is none. */
  bidQty = new Float64Array();
  /** Best ask, ticks, or the last one there was. */
  ask = new Float64Array();
  /** Lots at the best ask, 0 when there is none. */
  askQty = new Float64Array();
  /** Published bid depth, lots. */
  bidDepth = new Float64Array();
  /** Published ask depth, lots. */
  askDepth = new Float64Array();
  /** Price of the last trade, ticks. */
  lastPrice = new Float64Array();
  /** Lots traded since the start. */
  volume = new Float64Array();
  /** Lots that the agent holds. */
  position = new Float64Array();
  /** Its cash, ticks × lots. */
  cash = new Float64Array();
  /** Its resting orders. */
  openOrders = new Float64Array();
  /** Its fills so far. */
  fills = new Float64Array();

  /** @internal */
  bytes = new Uint8Array();
  /** @internal */
  actionBytes = new Uint8Array();
  /** @internal */
  actionCount = 0;
  #actions = new Float64Array();

  /** A limit order that stays. */
  limit(row: number, side: Side, price: number, qty: number): void {
    this.#push(row, LIMIT, sideNumber(side), price, qty);
  }

  /** A limit order that is refused if it would trade on entry. */
  post(row: number, side: Side, price: number, qty: number): void {
    this.#push(row, POST, sideNumber(side), price, qty);
  }

  /** A limit order whose unfilled rest is cancelled. */
  ioc(row: number, side: Side, price: number, qty: number): void {
    this.#push(row, IOC, sideNumber(side), price, qty);
  }

  /** A market order. */
  market(row: number, side: Side, qty: number): void {
    this.#push(row, MARKET, sideNumber(side), 0, qty);
  }

  /** Takes the agent's resting orders of a side off. */
  cancelSide(row: number, side: Side): void {
    this.#push(row, CANCEL_SIDE, sideNumber(side), 0, 0);
  }

  /** Takes all of the agent's resting orders off. */
  cancelAll(row: number): void {
    this.#push(row, CANCEL_ALL, 0, 0, 0);
  }

  #push(row: number, what: number, side: number, price: number, qty: number): void {
    const at = this.actionCount * ACTION_NUMBERS;
    if (at === this.#actions.length) this.#growActions();
    const actions = this.#actions;
    actions[at] = row;
    actions[at + 1] = what;
    actions[at + 2] = side;
    actions[at + 3] = price;
    actions[at + 4] = qty;
    this.actionCount++;
  }

  #growActions(): void {
    const larger = new Float64Array(Math.max(64 * ACTION_NUMBERS, 2 * this.#actions.length));
    larger.set(this.#actions);
    this.#actions = larger;
    this.actionBytes = new Uint8Array(larger.buffer);
  }

  /**
   * Makes room for `rows` rows and forgets the actions.
   *
   * @internal
   */
  begin(rows: number): void {
    this.length = rows;
    this.actionCount = 0;
    if (this.#actions.length === 0) this.#growActions();
    if (rows <= this.capacity) return;
    this.capacity = Math.max(64, 2 ** Math.ceil(Math.log2(rows)));
    const buffer = new ArrayBuffer(this.capacity * DECISION_COLUMNS * 8);
    this.bytes = new Uint8Array(buffer);
    const column = (k: number) => new Float64Array(buffer, k * this.capacity * 8, this.capacity);
    this.book = column(0);
    this.agent = column(1);
    this.group = column(2);
    this.timeNs = column(3);
    this.bid = column(4);
    this.bidQty = column(5);
    this.ask = column(6);
    this.askQty = column(7);
    this.bidDepth = column(8);
    this.askDepth = column(9);
    this.lastPrice = column(10);
    this.volume = column(11);
    this.position = column(12);
    this.cash = column(13);
    this.openOrders = column(14);
    this.fills = column(15);
  }
}
