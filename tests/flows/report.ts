/**
 * The canonical report of an order flow: one text line per thing that happened, the same for every engine that matches
 * by price and time. Its SHA-256 is what independent engines agree on.
 *
 * The lines of one command are ordered by their type: ack 0, trade 1, cancel ack 2, modify ack 3, rejects 4 and 5;
 * trades of one command stay in match order.
 */
import { createHash, type Hash } from 'node:crypto';
import type { BookEvent } from '../lib/book.js';

/** What a command line asks for; it decides how a refusal is reported. */
export type FlowOp = 'new' | 'cancel' | 'modify';

/** Takes events in order, and gives the report as a hash, as text, or both. */
export class CanonicalReport {
  readonly #hash: Hash = createHash('sha256');
  readonly #lines: string[] | undefined;
  #pending: { type: number; line: string }[] = [];
  #seq = 0;
  #empty = true;
  #trades = 0;

  /** `keepLines` keeps the text, to say where it differs. */
  constructor(keepLines: boolean) {
    this.#lines = keepLines ? [] : undefined;
  }

  /** Trades so far. */
  get trades(): number {
    return this.#trades;
  }

  /** Adds the next event; `op` is what its command asked for. */
  add(event: BookEvent, op: FlowOp): void {
    if (event.seq !== this.#seq) this.#flush(event.seq);
    const { seq, id, price, qty } = event;
    const side = event.side === 'buy' ? 0 : 1;
    switch (event.kind) {
      case 'accepted':
        this.#push(0, `0,${seq},${side},${id},${price},${qty}`);
        break;
      case 'trade':
        this.#trades += 1;
        this.#push(1, `1,${seq},${price},${qty},${event.other},${id}`);
        break;
      case 'cancelled':
        this.#push(2, `2,${seq},${side},${id},${price}`);
        break;
      case 'replaced':
        this.#push(3, `3,${seq},${side},${id},${price},${qty}`);
        break;
      case 'rejected':
        if (op === 'cancel') this.#push(4, `4,${seq},${id}`);
        else if (op === 'modify') this.#push(5, `5,${seq},${id}`);
        // No engine of the consensus refuses a new order: make the report differ, and say why.
        else this.#push(9, `refused,${seq},${id},${event.reason}`);
        break;
      default:
        this.#push(9, `unexpected,${seq},${id},${event.kind}`);
    }
  }

  /** Ends the report: its SHA-256 in hexadecimal, and its lines if they were kept. */
  end(): { sha256: string; lines: readonly string[] } {
    this.#flush(-1);
    return { sha256: this.#hash.digest('hex'), lines: this.#lines ?? [] };
  }

  #push(type: number, line: string): void {
    this.#pending.push({ type, line });
  }

  #flush(nextSeq: number): void {
    this.#pending.sort((a, b) => a.type - b.type);
    for (const { line } of this.#pending) {
      this.#hash.update(this.#empty ? line : `\n${line}`);
      this.#empty = false;
      this.#lines?.push(line);
    }
    this.#pending = [];
    this.#seq = nextSeq;
  }
}
