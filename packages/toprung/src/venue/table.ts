/**
 * Which orders a venue takes when: every cell is the answer of a venue that was brought into the phase and given the
 * order.
 */
import { PHASES, type Phase, type Reason, VENUE_TIMES_IN_FORCE, type VenueTimeInForce } from '../names.js';
import type { Order } from './orders.js';
import { Venue } from './venue.js';

/** What a venue does with an order: takes it, holds it beside the book, or refuses it with a reason. */
export type OrderAnswer = 'accepted' | 'held' | Reason;

/** One kind of order with one time in force, and what becomes of it in each phase. */
export interface OrderTableRow {
  /** Its type, and its option if it has one: `limit, hidden`. */
  order: string;
  timeInForce: VenueTimeInForce;
  answers: Record<Phase, OrderAnswer>;
}

/** The kinds of orders of the table, beside what all of them say. */
const KINDS: Readonly<Record<string, object>> = {
  limit: { type: 'limit', price: 100 },
  'limit, iceberg': { type: 'limit', price: 100, display: { qty: 2 } },
  'limit, hidden': { type: 'limit', price: 100, hidden: true },
  'limit, post-only': { type: 'limit', price: 100, postOnly: true },
  'limit, all-or-none': { type: 'limit', price: 100, allOrNone: true },
  'limit, minimum quantity': { type: 'limit', price: 100, minQty: 5 },
  market: { type: 'market' },
  'market, minimum quantity': { type: 'market', minQty: 5 },
  'market-to-limit': { type: 'market-to-limit' },
  'market-protected': { type: 'market-protected', protectionPoints: 2 },
  budget: { type: 'budget', notional: 1000 },
  stop: { type: 'stop', stopPrice: 105 },
  'stop-limit': { type: 'stop-limit', stopPrice: 105, price: 106 },
  'trailing-stop': { type: 'trailing-stop', trail: { ticks: 5 } },
  'trailing-stop-limit': { type: 'trailing-stop-limit', trail: { ticks: 5 }, price: 106 },
  pegged: { type: 'pegged', peg: 'primary' },
};

/**
 * Every order type and option, with every time in force, in every phase.
 *
 * The venue has a bid at 99, an ask at 101, and a last price of 100; the order buys 10 lots.
 *
 * @throws ToprungError `ERR_TOPRUNG_NATIVE_MISSING`
 */
export function orderTable(): OrderTableRow[] {
  return Object.entries(KINDS).flatMap(([order, kind]) =>
    VENUE_TIMES_IN_FORCE.map((timeInForce) => {
      const expiry = timeInForce === 'gtd' ? { expireAt: 1 } : {};
      // The table is about what types forbid, too.
      const tried = { id: 3, side: 'buy', qty: 10, ...kind, timeInForce, ...expiry } as Order;
      const answers = PHASES.map((phase) => [phase, answerTo(tried, phase)] as const);
      return { order, timeInForce, answers: Object.fromEntries(answers) as Record<Phase, OrderAnswer> };
    }),
  );
}

function answerTo(order: Order, phase: Phase): OrderAnswer {
  const venue = new Venue();
  venue.enter({ type: 'limit', id: 1, side: 'buy', price: 99, qty: 100 });
  venue.enter({ type: 'limit', id: 2, side: 'sell', price: 101, qty: 100 });
  venue.setLastPrice(100);
  if (phase !== venue.phase) venue.setPhase(phase);
  const [answer] = venue.enter(order);
  if (answer?.kind === 'rejected') return answer.reason;
  return answer?.kind === 'accepted' && answer.held === true ? 'held' : 'accepted';
}
