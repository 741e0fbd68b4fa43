/** The last fills of a run, by number. Shared by the server and the page; uses nothing of Node. */

/** Fills that are kept. */
export const TRADES_MAX = 4096;

/** Numbers of a fill: time, price, quantity, aggressor's side, resting order, aggressor. */
export const TRADE_WIDTH = 6;

/** A ring of fills. */
export class TradeRing {
  /** Number of the first fill that is kept, and of the one behind the last. */
  first = 0;
  next = 0;
  readonly #numbers = new Float64Array(TRADES_MAX * TRADE_WIDTH);

  /** Appends fill `next`; fills before `number` that never came count as gone. */
  push(number: number, timeNs: number, price: number, qty: number, side: number, maker: number, taker: number): void {
    if (number !== this.next) {
      this.first = number;
      this.next = number;
    }
    this.#numbers.set([timeNs, price, qty, side, maker, taker], (number % TRADES_MAX) * TRADE_WIDTH);
    this.next += 1;
    this.first = Math.max(this.first, this.next - TRADES_MAX);
  }

  /** One number of fill `number`, which must be kept. */
  at(number: number, column: number): number {
    return this.#numbers[(number % TRADES_MAX) * TRADE_WIDTH + column]!;
  }

  /** Number of the first fill behind a time. */
  after(timeNs: number): number {
    let [low, high] = [this.first, this.next];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.at(middle, 0) <= timeNs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  clear(): void {
    this.first = 0;
    this.next = 0;
  }
}
