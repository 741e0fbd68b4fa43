/**
 * What can be asked of a venue, as objects: orders, told apart by `type`, whose illegal combinations do not compile as
 * far as types can say so. The rules are in docs/venue.md, a page for each type in docs/orders.
 *
 * Prices are integers of ticks in ±(2^53 - 1), quantities integers of lots and ids integers from 0 to 2^53 - 1.
 */
import type { PEGS, SelfTrade, Side } from '../names.js';

/** Fields that an order of this kind does not have. */
type No<K extends string> = { [P in K]?: never };

/** What every order says. */
interface Terms {
  /** Unique among live orders. */
  id: number;
  side: Side;
  /** In lots. */
  qty: number;
  /** 0 (nobody) to 2^32 - 1. Default 0. */
  owner?: number;
  /** Orders to come will wait for this one: for them, what it trades counts from its entry. Default false. */
  parent?: boolean;
}

/** What an order does on meeting one of the same owner. */
interface Prevents {
  /** Default `allow`. */
  selfTrade?: SelfTrade;
}

/** It may rest: until cancelled (the default), for the day, or until a time. */
type Rests =
  | { timeInForce?: 'gtc' | 'day'; expireAt?: never }
  | {
      timeInForce: 'gtd';
      /** Simulated time in nanoseconds from which it is over. */
      expireAt: number;
    };

/** It never rests. */
type AtOnce<T extends 'ioc' | 'fok'> = { timeInForce: T; expireAt?: never };

/** It waits for an auction and ends with it. */
type ForAuction = { timeInForce: 'at-open' | 'at-close'; expireAt?: never };

/** It ends when another order trades, becomes active or ends, and the other way round. */
interface CancelsOther {
  /** The order that it cancels and is cancelled by, which must be there. */
  oneCancelsOther?: number;
}

/** It waits until another order has ended, and enters with at most what that traded since, or in all if it is a `parent`. */
interface TriggeredByOther {
  /** The order that triggers this one, which must be there. */
  oneTriggersOther?: number;
}

/** It may rest and be linked. */
type RestsLinked = Rests & CancelsOther & TriggeredByOther;

/** It never rests, and may be another’s child. */
type AtOnceLinked<T extends 'ioc' | 'fok'> = AtOnce<T> & TriggeredByOther & No<'oneCancelsOther'>;

/** What an iceberg shows at a time. */
export interface Display {
  /** Lots, at least 1. */
  qty: number;
  /** It shows between `qty - range` and `qty + range` lots, at random by its id. Default 0. */
  range?: number;
}

/** All of it is shown, a part of it, or nothing. */
type Shown = { display?: Display; hidden?: false } | { display?: never; hidden: true };

/** It is refused if it would trade. */
type MayOnlyRest = { postOnly?: boolean };

/** A limit order: trades at `price` or better. */
export type LimitOrder = Terms & {
  type: 'limit';
  /** In ticks. */
  price: number;
} & (
    | (RestsLinked &
        Prevents &
        Shown &
        No<'minQty'> & {
          allOrNone?: false;
          /** Refused if it would trade; with `slide` it goes one tick from the opposite side instead. */
          postOnly?: boolean | 'slide';
        })
    // All-or-none orders are shown whole and know no self-trade prevention.
    | (RestsLinked & { allOrNone: true } & No<'display' | 'hidden' | 'postOnly' | 'minQty' | 'selfTrade'>)
    | (AtOnceLinked<'ioc'> &
        Prevents &
        MayOnlyRest & {
          /** Least lots that must trade at once, or it ends without trading. */
          minQty?: number;
        } & No<'display' | 'hidden' | 'allOrNone'>)
    | (AtOnceLinked<'fok'> & Prevents & MayOnlyRest & No<'display' | 'hidden' | 'allOrNone' | 'minQty'>)
    | (ForAuction & Prevents & Shown & No<'postOnly' | 'allOrNone' | 'minQty' | 'oneCancelsOther' | 'oneTriggersOther'>)
  );

/** What only limit orders have. */
type NoLimitOptions = No<'display' | 'hidden' | 'allOrNone'>;

/** A market order: trades at any price. What is left goes the way of the venue’s `marketRemainder`. */
export type MarketOrder = Terms &
  Prevents &
  NoLimitOptions & { type: 'market' } & (
    | (Rests & TriggeredByOther & MayOnlyRest & No<'oneCancelsOther' | 'minQty'>)
    | (AtOnceLinked<'ioc'> & MayOnlyRest & { minQty?: number })
    | (AtOnceLinked<'fok'> & MayOnlyRest & No<'minQty'>)
    | (ForAuction & No<'postOnly' | 'oneCancelsOther' | 'oneTriggersOther' | 'minQty'>)
  );

/** What no type but limit and market has. */
type NoOptions = NoLimitOptions & No<'postOnly' | 'minQty'>;

/** A limit order at the best opposite price. */
export type MarketToLimitOrder = Terms &
  Prevents &
  NoOptions & { type: 'market-to-limit' } & (RestsLinked | AtOnceLinked<'ioc'>);

/** A limit order that far through the best opposite price. */
export type MarketProtectedOrder = Terms &
  Prevents &
  NoOptions & {
    type: 'market-protected';
    /** Ticks through the best opposite price, at least 0. */
    protectionPoints: number;
  } & (RestsLinked | AtOnceLinked<'ioc'>);

/** As many lots, up to `qty`, as the money pays for. */
export type BudgetOrder = Terms &
  NoOptions &
  No<'selfTrade' | 'oneCancelsOther' | 'expireAt'> &
  TriggeredByOther & {
    type: 'budget';
    /** The money: price in ticks times lots. */
    notional: number;
    /** Default `ioc`. */
    timeInForce?: 'ioc' | 'fok';
  };

/** Where a stop becomes active, and how it lives. */
type Stops = Terms & Prevents & NoOptions & (RestsLinked | AtOnceLinked<'ioc' | 'fok'>);

/** A market order once the market has come to `stopPrice`. */
export type StopOrder = Stops & { type: 'stop'; stopPrice: number };

/** A limit order once the market has come to `stopPrice`. */
export type StopLimitOrder = Stops & { type: 'stop-limit'; stopPrice: number; price: number };

/**
 * The distance at which a stop follows the market, and its least move, both in ticks or in hundredths of a per cent.
 */
export type Trail = { ticks: number; step?: number } | { basisPoints: number; step?: number };

/** How a stop trails. */
interface Trails {
  trail: Trail;
  /** Where it begins; at the distance from the market without it. */
  stopPrice?: number;
}

/** A stop that follows the market. */
export type TrailingStopOrder = Stops & Trails & { type: 'trailing-stop' };

/** A stop-limit order that follows the market; its limit moves along. */
export type TrailingStopLimitOrder = Stops & Trails & { type: 'trailing-stop-limit'; price: number };

/** A hidden order that follows a price of the displayed book. */
export type PeggedOrder = Terms &
  Prevents &
  NoOptions &
  RestsLinked & {
    type: 'pegged';
    /** The best price of its own side (`primary`), of the other (`market`), or the middle. */
    peg: (typeof PEGS)[number];
    /** Ticks from it. Default 0. */
    offset?: number;
    /** The price that it never goes beyond. */
    limit?: number;
  };

/** A new order, told apart by `type`. */
export type Order =
  | LimitOrder
  | MarketOrder
  | MarketToLimitOrder
  | MarketProtectedOrder
  | BudgetOrder
  | StopOrder
  | StopLimitOrder
  | TrailingStopOrder
  | TrailingStopLimitOrder
  | PeggedOrder;

/** What a replace changes; what it does not name stays as it is. */
export type Replacement = {
  /** Limit, in ticks. */
  price?: number;
  stopPrice?: number;
  /** Lots that an iceberg shows at a time; 0 shows everything. */
  displayQty?: number;
  newId?: number;
  newSide?: Side;
  postOnly?: boolean;
  selfTrade?: SelfTrade;
  /** Who asks for it. */
  owner?: number;
} & (
  | {
      /** Open quantity, in lots; 0 ends the order. */
      qty?: number;
      totalQty?: never;
    }
  | {
      /** Quantity with what has traded already (in-flight mitigation); only where the venue counts fills. */
      totalQty: number;
      qty?: never;
    }
);

/** Which orders a mass cancel ends: all of them without any of these. */
export interface MassCancelScope {
  /** Of this owner alone. */
  owner?: number;
  side?: Side;
  /** Only displayed and hidden orders with a limit in this range, both ends included. */
  prices?: { from: number; to: number };
}

/** An order, and the two that are to close its position: whichever trades ends the other. */
export interface Bracket {
  entry: Order;
  /** A limit order on the other side. */
  takeProfit: { id: number; price: number };
  /** A stop, or with `price` a stop-limit order, on the other side. */
  stopLoss: { id: number; stopPrice: number; price?: number };
}
