/** Compares what a command did with what a case expects: every key of the format, each in a function of its own. */
import { isDeepStrictEqual } from 'node:util';
import type { HeldOrder, Level } from 'toprung';
import type { BookEvent } from '../lib/book.js';
import type { OpenOrder } from '../lib/venue.js';
import type { CaseCommand, Expectation } from './case.js';

/** What a command did, in the case's own ids. */
export interface Observation {
  /** The command's events; empty when the interface refused the input before the book saw it. */
  readonly events: readonly BookEvent[];
  /** Why the interface refused the input, if it did. */
  readonly refusal: string | undefined;
  /** Displayed levels, best first. */
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
  /** Resting orders in priority order, unpriced ones first, with all they have open. */
  readonly bidQueue: readonly OpenOrder[];
  readonly askQueue: readonly OpenOrder[];
  /** Orders beside the book. */
  readonly held: readonly HeldOrder[];
  /** The case's name for an order. */
  readonly nameOf: (id: number) => string;
  /** Whether a command of the case named this order. */
  readonly knows: (name: string) => boolean;
  /** Whether trade prices are compared (not under `price_convention: taker_limit`). */
  readonly pricesAsserted: boolean;
}

/** One key that differs. */
export interface Difference {
  readonly key: keyof Expectation;
  readonly expected: unknown;
  readonly actual: unknown;
}

type Check<K extends keyof Expectation> = (
  expected: NonNullable<Expectation[K]>,
  seen: Observation,
  cmd: CaseCommand,
) => unknown;

/** For each key, what was seen in the shape the case expects it; equal shapes pass. */
const observed: { readonly [K in Exclude<keyof Expectation, 'reason'>]-?: Check<K> } = {
  status: (expected, seen, cmd) => {
    // A killed FOK may be reported as refused, or as accepted and cancelled without a trade; an order that self-trade
    // prevention ended before it traded likewise.
    if (wasKilled(seen) || wasTurnedAway(seen, cmd)) return expected;
    return wasRefused(seen) ? 'rejected' : 'accepted';
  },
  trades: (expected, seen) =>
    trades(seen).map(({ id, other, price, qty }, i) => {
      const asserted = seen.pricesAsserted && expected[i]?.price !== undefined;
      const trade = { taker: seen.nameOf(id), maker: seen.nameOf(other), qty };
      if (asserted) return { ...trade, price };
      return expected[i]?.price === undefined ? trade : { ...trade, price: expected[i].price };
    }),
  fills: (expected, seen) => {
    const priced = fillsArePriced(expected, seen);
    return fillTotals(
      trades(seen).flatMap(({ id, other, price, qty }) =>
        [id, other].map((order) => ({ id: seen.nameOf(order), qty, ...(priced ? { price } : {}) })),
      ),
    );
  },
  allocations: (_expected, seen) => {
    const totals: Record<string, number> = {};
    for (const { other, qty } of trades(seen)) totals[seen.nameOf(other)] = (totals[seen.nameOf(other)] ?? 0) + qty;
    return totals;
  },
  cancelled: (expected, seen, cmd) => {
    if (wasKilled(seen) && expected.length === 0) return expected;
    const asserted = new Map(expected.map(({ id, qty }) => [id, qty]));
    const ended = seen.events.flatMap((event) => {
      // What a reduce takes off has ended without trading, too.
      const qty = event.kind === 'cancelled' ? event.qty : event.kind === 'reduced' ? event.other : undefined;
      if (qty === undefined) return [];
      const id = seen.nameOf(event.id);
      // With self-trade prevention suites list what it took off the book; the aggressor's own end is told by its
      // status.
      if (cmd.stp !== undefined && id === cmd.id && !asserted.has(id)) return [];
      return [{ id, qty: asserted.get(id) === null ? null : qty }];
    });
    return byId(ended);
  },
  triggered: (expected, seen) => {
    const names = seen.events.flatMap(({ kind, id }) => (kind === 'triggered' ? [seen.nameOf(id)] : []));
    return names.map((name, i) => asMadeUp(expected[i], name, seen));
  },
  bids: (expected, seen) => levels(seen.bidQueue, expected),
  asks: (expected, seen) => levels(seen.askQueue, expected),
  bidQueue: (_expected, seen) => queue(seen.bidQueue, seen),
  askQueue: (_expected, seen) => queue(seen.askQueue, seen),
  stops: (expected, seen) => {
    const stops = seen.held.flatMap(({ id, stopPrice, qty }) =>
      stopPrice === undefined ? [] : [[seen.nameOf(id), stopPrice, qty] as const],
    );
    const sorted = stops.sort(([a], [b]) => (a < b ? -1 : 1));
    return sorted.map(([name, ...rest], i) => [asMadeUp(expected[i]?.[0], name, seen), ...rest]);
  },
  visible: (_expected, seen) => [sum(seen.bids), sum(seen.asks)],
  levels: (_expected, seen) => [seen.bids.length, seen.asks.length],
  ordersTotal: (_expected, seen) => seen.bidQueue.length + seen.askQueue.length,
  removed: (_expected, seen, cmd) => {
    const rests = [...seen.bidQueue, ...seen.askQueue].some(({ id }) => seen.nameOf(id) === cmd.id);
    return !wasRefused(seen) && !rests;
  },
};

/** The keys of an expectation that differ from what was seen. */
export function differences(expected: Expectation, seen: Observation, cmd: CaseCommand): Difference[] {
  const found: Difference[] = [];
  for (const key of Object.keys(expected) as (keyof Expectation)[]) {
    if (key === 'reason' || expected[key] === undefined) continue;
    const check = observed[key] as Check<typeof key> | undefined;
    const want = canonical(key, expected[key], seen);
    const actual = check?.(expected[key] as never, seen, cmd);
    if (check === undefined) found.push({ key, expected: want, actual: 'this runner does not know the key' });
    else if (!isDeepStrictEqual(want, actual)) found.push({ key, expected: want, actual });
  }
  return found;
}

/** Orders the parts of an expectation whose order is free, as `observed` does. */
function canonical(key: keyof Expectation, value: unknown, seen: Observation): unknown {
  if (key === 'fills') {
    const fills = value as NonNullable<Expectation['fills']>;
    return fillTotals(fillsArePriced(fills, seen) ? fills : fills.map(({ id, qty }) => ({ id, qty })));
  }
  if (key === 'cancelled') return byId(value as NonNullable<Expectation['cancelled']>);
  if (key === 'allocations') {
    return Object.fromEntries(
      Object.entries(value as NonNullable<Expectation['allocations']>).filter(([, qty]) => qty !== 0),
    );
  }
  return value;
}

function wasRefused(seen: Observation): boolean {
  return seen.refusal !== undefined || seen.events.some((event) => event.kind === 'rejected');
}

function wasKilled(seen: Observation): boolean {
  const killed = seen.events.some(({ kind, reason }) => kind === 'cancelled' && reason === 'fill-or-kill');
  return killed && trades(seen).length === 0;
}

function wasTurnedAway(seen: Observation, cmd: CaseCommand): boolean {
  const ended = seen.events.some(({ kind, reason, id }) => {
    return kind === 'cancelled' && reason === 'self-trade' && seen.nameOf(id) === cmd.id;
  });
  return ended && trades(seen).length === 0;
}

function trades(seen: Observation): BookEvent[] {
  return seen.events.filter((event) => event.kind === 'trade');
}

function fillTotals(fills: readonly { id: string; price?: number; qty: number }[]): unknown[] {
  const totals = new Map<string, { id: string; price?: number; qty: number }>();
  for (const fill of fills) {
    const key = JSON.stringify([fill.id, fill.price]);
    totals.set(key, { ...fill, qty: (totals.get(key)?.qty ?? 0) + fill.qty });
  }
  return byId([...totals.values()]);
}

function byId<T extends { readonly id: string; readonly price?: number }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : (a.price ?? 0) - (b.price ?? 0)));
}

/** The levels of one side with all that is open; the number of orders only where the case states it. */
function levels(orders: readonly OpenOrder[], expected: readonly (readonly unknown[])[]): unknown[] {
  const found: [number | null, number, number][] = [];
  for (const { price, qty } of orders) {
    const last = found.at(-1);
    if (last?.[0] === price) found[found.length - 1] = [price, last[1] + qty, last[2] + 1];
    else found.push([price, qty, 1]);
  }
  return found.map(([price, qty, count], i) => (expected[i]?.length === 2 ? [price, qty] : [price, qty, count]));
}

/** A name as the case has it, where that is one that the peer made up and no command names: it stands for any. */
function asMadeUp(expected: string | undefined, name: string, seen: Observation): string {
  return expected !== undefined && !seen.knows(expected) ? expected : name;
}

function queue(orders: readonly OpenOrder[], seen: Observation): unknown[] {
  return orders.map(({ id, price, qty }) => [seen.nameOf(id), price, qty]);
}

function sum(side: readonly Level[]): number {
  return side.reduce((total, { qty }) => total + qty, 0);
}

function fillsArePriced(expected: NonNullable<Expectation['fills']>, seen: Observation): boolean {
  return seen.pricesAsserted && expected.every((fill) => fill.price !== undefined);
}
