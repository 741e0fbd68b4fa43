/** Runs conformance cases on a book through the Node API, one command per batch, and collects what differs. */
import { CommandFlags } from 'toprung';
import { type BookEvent, type NewOrder, TestBook } from '../lib/book.js';
import type { CaseCommand, ConformanceCase } from './case.js';
import { type Difference, differences, type Observation } from './expectations.js';
import { ownerOf, participantsOf, policyOf } from './policy.js';
import { enteredBy, unsupported } from './supported.js';

/** What became of a case. */
export interface CaseResult {
  readonly id: string;
  readonly suite: string;
  readonly features: readonly string[];
  /** `file:line` of the case. */
  readonly source: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it was skipped: the first thing it needs that is not built. */
  readonly reason?: string;
  /** What differs, at the first command where something does. */
  readonly failure?: CaseFailure;
}

/** The first command of a case after which something differs. */
export interface CaseFailure {
  /** Position of the command in the case, from 0. */
  readonly step: number;
  readonly cmd: CaseCommand;
  readonly differences: readonly Difference[];
}

/** Runs one case on an empty book, or says why it cannot be run. */
export function runCase(testCase: ConformanceCase): CaseResult {
  const { id, suite, features, source } = testCase;
  const reason = unsupported(testCase);
  if (reason !== undefined) return { id, suite, features, source, outcome: 'skipped', reason };
  const failure = firstFailure(testCase);
  if (failure !== undefined && !testCase.referenceAgrees) {
    // Nothing can be concluded from it: the data's own reference engine does not do what the case expects, either.
    const command = JSON.stringify(failure.cmd);
    const peculiar = `a convention that the case does not state (ref_ok is false; differs after ${command})`;
    return { id, suite, features, source, outcome: 'skipped', reason: peculiar };
  }
  return failure === undefined
    ? { id, suite, features, source, outcome: 'passed' }
    : { id, suite, features, source, outcome: 'failed', failure };
}

function firstFailure({ config, steps }: ConformanceCase): CaseFailure | undefined {
  const orders = new Names();
  const owners = new Names();
  const book = new TestBook({
    replacePriority: config.replace_priority === 'lose_always' ? 'lose-always' : 'keep-on-decrease',
    policy: policyOf(config),
    participants: participantsOf(steps, (owner) => owners.numberOf(owner)),
  });
  for (const [step, { cmd, expect = {} }] of steps.entries()) {
    const outcome = apply(book, cmd, orders, owners);
    const seen: Observation = {
      ...outcome,
      bids: book.levels('buy'),
      asks: book.levels('sell'),
      bidQueue: book.queue('buy'),
      askQueue: book.queue('sell'),
      nameOf: (id) => orders.nameOf(id),
      pricesAsserted: config.price_convention !== 'taker_limit',
    };
    const found = differences(expect, seen, cmd);
    if (found.length > 0) return { step, cmd, differences: found };
  }
  return undefined;
}

type Outcome = Pick<Observation, 'refusal'> & { readonly events: readonly BookEvent[] };

/** Carries out one command; input that the interface itself refuses counts as refused. */
function apply(book: TestBook, cmd: CaseCommand, orders: Names, owners: Names): Outcome {
  const id = orders.numberOf(String(cmd.id));
  const name = ownerOf(cmd);
  const owner = name === undefined ? 0 : owners.numberOf(name);
  try {
    switch (cmd.op) {
      case 'new':
        return { events: book.enter(newOrder(cmd, id, owner)), refusal: undefined };
      case 'cancel':
        return { events: book.cancel(id, owner), refusal: undefined };
      case 'reduce':
        return { events: book.reduce(id, numeric(cmd.by), owner), refusal: undefined };
      case 'replace': {
        // What a replace does not name stays as it is.
        const [price, qty] = [cmd.price, cmd.qty].map((value) => (value === undefined ? undefined : numeric(value)));
        return { events: book.replace(id, price, qty, owner), refusal: undefined };
      }
      case 'cancel_new': {
        const cancelled = apply(book, { op: 'cancel', id: String(cmd.id), owner: cmd.owner }, orders, owners);
        // One step to the case: without the order to cancel there is no new one.
        if (cancelled.events.some(({ kind }) => kind === 'rejected')) return cancelled;
        const entered = apply(book, enteredBy(cmd), orders, owners);
        return { events: [...cancelled.events, ...entered.events], refusal: entered.refusal };
      }
      default:
        throw new Error(`Invariant: unsupported commands are skipped, got ${cmd.op}`);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error)
      return { events: [], refusal: `${String(error.code)}: ${error.message}` };
    throw error;
  }
}

/** The order of a case, its values passed on as they stand: refusing the wrong ones is the interface's part. */
function newOrder(cmd: CaseCommand, id: number, owner: number): NewOrder {
  return {
    id,
    owner,
    type: cmd.type as NewOrder['type'],
    side: cmd.side as NewOrder['side'],
    tif: (cmd.tif ?? 'gtc') as NewOrder['tif'],
    price: numeric(cmd.price),
    qty: numeric(cmd.qty),
    postOnly: cmd.postOnly === true,
    selfTrade: selfTradeFlags[String(cmd.stp ?? 'allow')] ?? Number.NaN,
  };
}

/** Self-trade preventions by the names of the format; the maker rests, the taker is the aggressor. */
const selfTradeFlags: Readonly<Record<string, number>> = {
  allow: CommandFlags.NONE,
  none: CommandFlags.NONE,
  cancel_maker: CommandFlags.SELF_TRADE_CANCEL_RESTING,
  cancel_taker: CommandFlags.SELF_TRADE_CANCEL_AGGRESSOR,
  cancel_both: CommandFlags.SELF_TRADE_CANCEL_BOTH,
  decrement: CommandFlags.SELF_TRADE_DECREMENT,
};

/** A number as it stands. Text and null are no numbers, though a typed array would make some of them. */
function numeric(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN;
}

/** Numbers for the names of a case, from 1. */
class Names {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [''];

  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = this.#names.length;
    this.#numbers.set(name, number);
    this.#names.push(name);
    return number;
  }

  nameOf(number: number): string {
    return this.#names[number] ?? `unknown order ${number}`;
  }
}
