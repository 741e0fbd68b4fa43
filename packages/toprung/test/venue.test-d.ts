/** Orders that cannot be: what the types refuse, each with what they take beside it. */
import { describe, expectTypeOf, it } from 'vitest';
import type {
  BudgetOrder,
  EventBatch,
  LimitOrder,
  MarketOrder,
  Order,
  PeggedOrder,
  Replacement,
  StopOrder,
  Venue,
  VenueConfig,
  VenueConfigInput,
  VenueEvent,
} from '../src/index.js';

/** What every order says. */
type Base = { id: number; side: 'buy'; qty: number };
type Limit = Base & { type: 'limit'; price: number };
type Market = Base & { type: 'market' };
type Stop = Base & { type: 'stop'; stopPrice: number };

describe('limit orders', () => {
  it('need a price, a side, an id and a quantity', () => {
    expectTypeOf<Limit>().toExtend<Order>();
    expectTypeOf<Base & { type: 'limit' }>().not.toExtend<Order>();
    expectTypeOf<Omit<Limit, 'id'>>().not.toExtend<Order>();
    expectTypeOf<Omit<Limit, 'side'> & { side: 'bid' }>().not.toExtend<Order>();
  });

  it('are good till a date only with a date', () => {
    expectTypeOf<Limit & { timeInForce: 'gtd'; expireAt: number }>().toExtend<LimitOrder>();
    expectTypeOf<Limit & { timeInForce: 'gtd' }>().not.toExtend<Order>();
    expectTypeOf<Limit & { timeInForce: 'day'; expireAt: number }>().not.toExtend<Order>();
    expectTypeOf<Limit & { expireAt: number }>().not.toExtend<Order>();
    expectTypeOf<Limit & { timeInForce: 'forever' }>().not.toExtend<Order>();
  });

  it('show a part or nothing only if they rest, and not both', () => {
    expectTypeOf<Limit & { display: { qty: number; range: number } }>().toExtend<LimitOrder>();
    expectTypeOf<Limit & { timeInForce: 'at-close'; hidden: true }>().toExtend<LimitOrder>();
    expectTypeOf<Limit & { display: { qty: number }; hidden: true }>().not.toExtend<Order>();
    expectTypeOf<Limit & { timeInForce: 'ioc'; display: { qty: number } }>().not.toExtend<Order>();
    expectTypeOf<Limit & { timeInForce: 'fok'; hidden: true }>().not.toExtend<Order>();
  });

  it('slide only if they rest, and are post-only only outside auctions', () => {
    expectTypeOf<Limit & { postOnly: true }>().toExtend<LimitOrder>();
    expectTypeOf<Limit & { postOnly: 'slide'; hidden: true }>().toExtend<LimitOrder>();
    expectTypeOf<Limit & { postOnly: 'jump' }>().not.toExtend<Order>();
    expectTypeOf<Limit & { timeInForce: 'ioc'; postOnly: true }>().toExtend<LimitOrder>();
    expectTypeOf<Limit & { timeInForce: 'ioc'; postOnly: 'slide' }>().not.toExtend<Order>();
    expectTypeOf<Limit & { timeInForce: 'at-open'; postOnly: true }>().not.toExtend<Order>();
  });

  it('are all-or-none only when shown whole, resting and without self-trade prevention', () => {
    expectTypeOf<Limit & { allOrNone: true; timeInForce: 'day' }>().toExtend<LimitOrder>();
    expectTypeOf<Limit & { allOrNone: true; timeInForce: 'ioc' }>().not.toExtend<Order>();
    expectTypeOf<Limit & { allOrNone: true; hidden: true }>().not.toExtend<Order>();
    expectTypeOf<Limit & { allOrNone: true; postOnly: true }>().not.toExtend<Order>();
    expectTypeOf<Limit & { allOrNone: true; selfTrade: 'cancel-both' }>().not.toExtend<Order>();
  });

  it('have a minimum quantity only as immediate-or-cancel', () => {
    expectTypeOf<Limit & { timeInForce: 'ioc'; minQty: number }>().toExtend<LimitOrder>();
    expectTypeOf<Limit & { minQty: number }>().not.toExtend<Order>();
    expectTypeOf<Limit & { timeInForce: 'fok'; minQty: number }>().not.toExtend<Order>();
  });

  it('are linked only if they may rest', () => {
    expectTypeOf<Limit & { oneCancelsOther: number; oneTriggersOther: number }>().toExtend<LimitOrder>();
    expectTypeOf<Limit & { timeInForce: 'ioc'; oneTriggersOther: number }>().toExtend<LimitOrder>();
    expectTypeOf<Limit & { timeInForce: 'ioc'; oneCancelsOther: number }>().not.toExtend<Order>();
    expectTypeOf<Limit & { timeInForce: 'at-open'; oneTriggersOther: number }>().not.toExtend<Order>();
  });
});

describe('other orders', () => {
  it('at the market have no price, no options of limit orders and no partner', () => {
    expectTypeOf<Market & { timeInForce: 'ioc'; minQty: number }>().toExtend<MarketOrder>();
    expectTypeOf<Market & { hidden: true }>().not.toExtend<Order>();
    expectTypeOf<Market & { display: { qty: number } }>().not.toExtend<Order>();
    expectTypeOf<Market & { postOnly: true }>().toExtend<Order>();
    expectTypeOf<Market & { postOnly: 'slide' }>().not.toExtend<Order>();
    expectTypeOf<Base & { type: 'market-to-limit'; postOnly: true }>().not.toExtend<Order>();
    expectTypeOf<Market & { oneCancelsOther: number }>().not.toExtend<Order>();
    expectTypeOf<Market & { minQty: number }>().not.toExtend<Order>();
    expectTypeOf<Base & { type: 'market-to-limit'; timeInForce: 'fok' }>().not.toExtend<Order>();
    expectTypeOf<Base & { type: 'market-protected' }>().not.toExtend<Order>();
    expectTypeOf<Base & { type: 'market-protected'; protectionPoints: number }>().toExtend<Order>();
  });

  it('by budget end at once', () => {
    expectTypeOf<Base & { type: 'budget'; notional: number; timeInForce: 'fok' }>().toExtend<BudgetOrder>();
    expectTypeOf<Base & { type: 'budget' }>().not.toExtend<Order>();
    expectTypeOf<Base & { type: 'budget'; notional: number; timeInForce: 'gtc' }>().not.toExtend<Order>();
    expectTypeOf<Base & { type: 'budget'; notional: number; selfTrade: 'decrement' }>().not.toExtend<Order>();
  });

  it('that are stops have a stop price, or a distance', () => {
    expectTypeOf<Stop & { timeInForce: 'fok' }>().toExtend<StopOrder>();
    expectTypeOf<Base & { type: 'stop' }>().not.toExtend<Order>();
    expectTypeOf<Stop & { timeInForce: 'at-close' }>().not.toExtend<Order>();
    expectTypeOf<Stop & { hidden: true }>().not.toExtend<Order>();
    expectTypeOf<Base & { type: 'stop-limit'; stopPrice: number }>().not.toExtend<Order>();
    expectTypeOf<Base & { type: 'trailing-stop'; trail: { ticks: number } }>().toExtend<Order>();
    expectTypeOf<Base & { type: 'trailing-stop'; trail: { step: number } }>().not.toExtend<Order>();
    expectTypeOf<Base & { type: 'trailing-stop-limit'; trail: { basisPoints: number } }>().not.toExtend<Order>();
  });

  it('that are pegged rest', () => {
    expectTypeOf<Base & { type: 'pegged'; peg: 'mid'; limit: number }>().toExtend<PeggedOrder>();
    expectTypeOf<Base & { type: 'pegged' }>().not.toExtend<Order>();
    expectTypeOf<Base & { type: 'pegged'; peg: 'last' }>().not.toExtend<Order>();
    expectTypeOf<Base & { type: 'pegged'; peg: 'mid'; timeInForce: 'ioc' }>().not.toExtend<Order>();
  });
});

describe('the venue', () => {
  it('refuses such orders as literals, too', () => {
    const refused = (venue: Venue) => {
      // @ts-expect-error a market order has no hidden quantity
      venue.enter({ type: 'market', id: 1, side: 'buy', qty: 1, hidden: true });
      // @ts-expect-error a fill-or-kill order shows nothing
      venue.enter({ type: 'limit', id: 1, side: 'buy', qty: 1, price: 1, timeInForce: 'fok', display: { qty: 1 } });
      // @ts-expect-error a limit order has no stop price
      venue.enter({ type: 'limit', id: 1, side: 'buy', qty: 1, price: 1, stopPrice: 1 });
      // @ts-expect-error there is no such phase
      venue.setPhase('lunch');
    };
    expectTypeOf(refused).toBeFunction();
  });

  it('takes an open or a total quantity, gives events that can be told apart, and needs no configuration', () => {
    expectTypeOf<{ qty: number; price: number }>().toExtend<Replacement>();
    expectTypeOf<{ totalQty: number }>().toExtend<Replacement>();
    expectTypeOf<{ qty: number; totalQty: number }>().not.toExtend<Replacement>();
    expectTypeOf<Venue['enter']>().returns.toEqualTypeOf<VenueEvent[]>();
    expectTypeOf<Venue['submit']>().returns.toEqualTypeOf<EventBatch<VenueEvent>>();
    expectTypeOf<Extract<VenueEvent, { kind: 'refreshed' }>['behind']>().toEqualTypeOf<number>();
    // biome-ignore lint/complexity/noBannedTypes: the empty object is what is meant
    expectTypeOf<{}>().toExtend<VenueConfigInput>();
    expectTypeOf<VenueConfig>().toExtend<VenueConfigInput>();
    expectTypeOf<{ stopTrigger: 'best-opposite' }>().toExtend<VenueConfigInput>();
    expectTypeOf<{ stopTrigger: 'bid' }>().not.toExtend<VenueConfigInput>();
  });
});
