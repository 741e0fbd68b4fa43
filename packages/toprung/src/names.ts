/**
 * The names of the small codes that cross the boundary, in the order of the codes: the one table for both directions.
 */

/** Buyers' side or sellers' side. */
export type Side = 'buy' | 'sell';

/** How long a new limit order may live: until cancelled; what does not trade at once is cancelled; all or nothing. */
export type TimeInForce = 'gtc' | 'ioc' | 'fok';

/**
 * How long a market order may live: what finds no counterparty is cancelled (`ioc`), or it trades whole or not at all.
 */
export type MarketTimeInForce = Exclude<TimeInForce, 'gtc'>;

/** What a command asks for, by code. */
export const COMMAND_KINDS = ['limit', 'market', 'cancel', 'reduce', 'replace'] as const;

/** Sides, by code. */
export const SIDES = ['buy', 'sell'] as const satisfies Side[];

/** Times in force, by code. */
export const TIMES_IN_FORCE = ['gtc', 'ioc', 'fok'] as const satisfies TimeInForce[];

/** What happened, by code. A plain book gives the first six only. */
export const EVENT_KINDS = [
  'accepted',
  'rejected',
  'trade',
  'cancelled',
  'reduced',
  'replaced',
  'triggered',
  'refreshed',
  'repriced',
  'phase',
  'indicative',
  'acknowledged',
] as const;

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
  'unsupported',
  'wrong-phase',
  'outside-band',
  'stop-price',
  'unknown-link',
  'blocked',
  'expired',
  'linked',
  'minimum-quantity',
  'mass-cancel',
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
  /** The order waits beside the book. */
  HELD: 4,
  /** On `accepted` and `triggered`: nothing of the order is shown. */
  HIDDEN: 8,
  /** On `trade`: in an auction; `id` is the buyer. */
  AUCTION: 16,
} as const;

/** What a venue does with orders at a time, by code. */
export const PHASES = [
  'pre-open',
  'opening-auction',
  'continuous',
  'volatility-interruption',
  'halt',
  'closing-auction',
  'closed',
] as const;

/** What a venue does with orders at a time. */
export type Phase = (typeof PHASES)[number];

/** How an order finds its price and its time, by code. */
export const ORDER_TYPES = [
  'limit',
  'market',
  'market-to-limit',
  'market-protected',
  'budget',
  'stop',
  'stop-limit',
  'trailing-stop',
  'trailing-stop-limit',
  'pegged',
] as const;

/** How an order finds its price and its time. */
export type OrderType = (typeof ORDER_TYPES)[number];

/** How long an order may live at a venue, by code; the first three are a book’s, too. */
export const VENUE_TIMES_IN_FORCE = ['gtc', 'ioc', 'fok', 'gtd', 'day', 'at-open', 'at-close'] as const;

/** How long an order may live at a venue. */
export type VenueTimeInForce = (typeof VENUE_TIMES_IN_FORCE)[number];

/** What a pegged order follows, by code. */
export const PEGS = ['primary', 'mid', 'market'] as const;

/** What an order does on meeting one of the same owner, by code. */
export const SELF_TRADES = ['allow', 'cancel-resting', 'cancel-aggressor', 'cancel-both', 'decrement'] as const;

/** What an order does on meeting one of the same owner. */
export type SelfTrade = (typeof SELF_TRADES)[number];

/** What is asked of a venue, by code. */
export const VENUE_ACTIONS = [
  'enter',
  'cancel',
  'reduce',
  'replace',
  'mass-cancel',
  'block',
  'unblock',
  'set-reference',
  'set-last',
  'set-phase',
  'advance',
  'uncross',
] as const;

/** Bits of the options of a venue’s command, as `VenueBatch` writes them. */
export const VenueOptions = {
  HIDDEN: 1,
  ALL_OR_NONE: 2,
  SLIDE: 4,
  STOP_PRICE: 8,
  LIMIT: 16,
  DISPLAY: 32,
  NEW_ID: 64,
  NEW_SIDE: 128,
  TOTAL_QTY: 256,
  ONE_SIDE: 512,
  RANGE: 1024,
  ONE_CANCELS_OTHER: 2048,
  ONE_TRIGGERS_OTHER: 4096,
  PARENT: 8192,
} as const;
