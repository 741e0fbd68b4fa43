/**
 * The names of the small codes that cross the boundary, in the order of the codes: the one table for both directions.
 */

/** Buyers' side or sellers' side. */
export type Side = 'buy' | 'sell';

/** How long a new limit order may live: until cancelled; what does not trade at once is cancelled; all or nothing. */
export type TimeInForce = 'gtc' | 'ioc' | 'fok';

/** How long a market order may live: what finds no counterparty is cancelled (`ioc`), or it trades whole or not at all. */
export type MarketTimeInForce = Exclude<TimeInForce, 'gtc'>;

/** What a command asks for, by code. */
export const COMMAND_KINDS = ['limit', 'market', 'cancel', 'reduce', 'replace'] as const;

/** Sides, by code. */
export const SIDES = ['buy', 'sell'] as const satisfies Side[];

/** Times in force, by code. */
export const TIMES_IN_FORCE = ['gtc', 'ioc', 'fok'] as const satisfies TimeInForce[];

/** What happened, by code. */
export const EVENT_KINDS = ['accepted', 'rejected', 'trade', 'cancelled', 'reduced', 'replaced'] as const;

/** Why a command was refused or an order ended, by code. */
export const REASONS = [
  'none',
  'unknown-order',
  'duplicate-id',
  'zero-quantity',
  'not-owner',
  'would-trade',
  'quantity-overflow',
  'book-full',
  'requested',
  'immediate-or-cancel',
  'fill-or-kill',
  'no-liquidity',
  'self-trade',
] as const;

/** Why a command was refused or an order ended. */
export type Reason = (typeof REASONS)[number];

/** What modifies a command; add them up. */
export const CommandFlags = {
  /** No modifier. */
  NONE: 0,
  /** Refuse the order (or the replace) if it would trade on entry. */
  POST_ONLY: 1,
  /** On a replace: keep the price, ignore the one given. */
  KEEP_PRICE: 2,
  /** On a replace: keep the open quantity, ignore the one given. */
  KEEP_QTY: 4,
  /** On meeting an order of the same owner: cancel that order and go on. At most one of the four. */
  SELF_TRADE_CANCEL_RESTING: 8,
  /** On meeting an order of the same owner: cancel what is left of this one. */
  SELF_TRADE_CANCEL_AGGRESSOR: 16,
  /** On meeting an order of the same owner: cancel both. */
  SELF_TRADE_CANCEL_BOTH: 24,
  /** On meeting an order of the same owner: take the smaller quantity from both, without a trade. */
  SELF_TRADE_DECREMENT: 32,
} as const;

/** The largest sum of {@link CommandFlags}: every switch, and the last self-trade prevention. */
export const MAX_COMMAND_FLAGS = 39;

/** Bits of an event's `flags` column. */
export const EventFlags = {
  /** On `accepted`: a market order; its price has no meaning. */
  MARKET: 1,
  /** On `replaced`: the order kept its place in the queue. */
  KEPT_PRIORITY: 2,
} as const;
