/** Runs conformance cases on a venue through the Node API, one command per batch, and collects what differs. */
import type { Order } from 'toprung';
import type { BookEvent } from '../lib/book.js';
import { TestVenue } from '../lib/venue.js';
import type { CaseCommand, ConformanceCase } from './case.js';
import { type Difference, differences, type Observation } from './expectations.js';
import { numeric, ocoParts, orderOf, replacementOf } from './order.js';
import { conventionsOf, ownerOf, participantsOf, policyOf } from './policy.js';
import { contradictions, enteredBy, unsupported } from './supported.js';

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

/** Runs one case on an empty venue, or says why it cannot be run. */
export function runCase(testCase: ConformanceCase): CaseResult {
  const { id, suite, features, source } = testCase;
  const reason = unsupported(testCase);
  if (reason !== undefined) return { id, suite, features, source, outcome: 'skipped', reason };
  const failure = firstFailure(testCase);
  const known = contradictions[id];
  if (known !== undefined) {
    // It is run all the same, and has to differ exactly where it is known to.
    const keys = failure?.differences.map(({ key }) => key) ?? [];
    if (failure?.step === known.step && keys.includes(known.key)) {
      return { id, suite, features, source, outcome: 'skipped', reason: known.why };
    }
    if (failure === undefined) {
      const differences = [
        { key: known.key, expected: `a difference: ${known.why}`, actual: 'none: take it off the list' },
      ];
      const { cmd } = testCase.steps[known.step] ?? { cmd: { op: 'nothing' } };
      return { id, suite, features, source, outcome: 'failed', failure: { step: known.step, cmd, differences } };
    }
  }
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
  const venue = new TestVenue({
    ...conventionsOf(config, steps),
    policy: policyOf(config),
    participants: participantsOf(steps, (owner) => owners.numberOf(owner)),
  });
  for (const [step, { cmd, expect = {} }] of steps.entries()) {
    const outcome = apply(venue, cmd, orders, owners);
    venue.check();
    const seen: Observation = {
      ...outcome,
      bids: venue.levels('buy'),
      asks: venue.levels('sell'),
      bidQueue: venue.resting('buy'),
      askQueue: venue.resting('sell'),
      held: venue.held(),
      nameOf: (id) => orders.nameOf(id),
      knows: (name) => orders.knows(name),
      pricesAsserted: config.price_convention !== 'taker_limit',
    };
    const found = differences(expect, seen, cmd);
    if (found.length > 0) return { step, cmd, differences: found };
  }
  return undefined;
}

type Outcome = Pick<Observation, 'refusal'> & { readonly events: readonly BookEvent[] };

/** Carries out one command; input that the interface itself refuses counts as refused. */
function apply(venue: TestVenue, cmd: CaseCommand, orders: Names, owners: Names): Outcome {
  const id = orders.numberOf(String(cmd.id));
  const name = ownerOf(cmd);
  const owner = name === undefined ? 0 : owners.numberOf(name);
  const done = (events: BookEvent[]): Outcome => ({ events, refusal: undefined });
  try {
    switch (cmd.op) {
      case 'new': {
        if (cmd.type !== 'oco') return done(venue.enter(orderOf(cmd, id, owner)));
        const { limit, stop } = ocoParts(cmd);
        const entered = venue.enter(orderOf(limit, id, owner));
        if (entered.some(({ kind }) => kind === 'rejected')) return done(entered);
        const second = orderOf(stop, orders.numberOf(String(stop.id)), owner);
        return done([...entered, ...venue.enter({ ...second, oneCancelsOther: id } as Order)]);
      }
      case 'cancel':
        return done(venue.cancel(id, owner));
      case 'reduce':
        return done(venue.reduce(id, numeric(cmd.by), owner));
      case 'replace':
        return done(
          venue.replace(
            id,
            replacementOf(cmd, owner, (name) => orders.numberOf(name)),
          ),
        );
      case 'cancel_new': {
        const cancelled = apply(venue, { op: 'cancel', id: String(cmd.id), owner: cmd.owner }, orders, owners);
        // One step to the case: without the order to cancel there is no new one.
        if (cancelled.events.some(({ kind }) => kind === 'rejected')) return cancelled;
        const entered = apply(venue, enteredBy(cmd), orders, owners);
        return { events: [...cancelled.events, ...entered.events], refusal: entered.refusal };
      }
      case 'set_last_price':
        return done(venue.setLastPrice(numeric(cmd.price)));
      case 'uncross':
        return done(venue.uncross());
      default:
        throw new Error(`Invariant: unsupported commands are skipped, got ${cmd.op}`);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error)
      return { events: [], refusal: `${String(error.code)}: ${error.message}` };
    throw error;
  }
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

  knows(name: string): boolean {
    return this.#numbers.has(name);
  }

  nameOf(number: number): string {
    return this.#names[number] ?? `unknown order ${number}`;
  }
}
