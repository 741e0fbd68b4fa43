/**
 * From a case's words for an order to the library's. Values are passed on as they stand: refusing the wrong ones is its
 * part.
 */
import type { Order, Replacement, SelfTrade } from 'toprung';
import type { CaseCommand } from './case.js';

/** Self-trade preventions by the names of the format; the maker rests, the taker is the aggressor. */
const selfTrades: Readonly<Record<string, SelfTrade>> = {
  allow: 'allow',
  none: 'allow',
  cancel_maker: 'cancel-resting',
  cancel_taker: 'cancel-aggressor',
  cancel_both: 'cancel-both',
  decrement: 'decrement',
};

/** The order of a `new`. */
export function orderOf(cmd: CaseCommand, id: number, owner: number): Order {
  const fillsWhole = cmd.allOrNone === true && (cmd.tif === 'ioc' || cmd.tif === 'fok');
  const prevention = cmd.stp === undefined || cmd.stp === null ? undefined : String(cmd.stp);
  // Values that the types forbid do come.
  return {
    id,
    owner,
    side: cmd.side,
    qty: numeric(cmd.qty),
    timeInForce: fillsWhole ? 'fok' : (cmd.tif ?? 'gtc'),
    ...typed(cmd),
    ...(cmd.postOnly === true ? { postOnly: true } : {}),
    ...(cmd.allOrNone === true && !fillsWhole ? { allOrNone: true } : {}),
    ...(isSet(cmd.displayQty) ? { display: { qty: numeric(cmd.displayQty) } } : {}),
    ...(isSet(cmd.minQty) ? { minQty: numeric(cmd.minQty) } : {}),
    ...(prevention === undefined ? {} : { selfTrade: selfTrades[prevention] ?? prevention }),
  } as Order;
}

/** What the type of an order asks for. */
function typed(cmd: CaseCommand): object {
  const [price, stopPrice] = [numeric(cmd.price), numeric(cmd.stopPrice)];
  const step = isSet(cmd.trailStep) ? { step: numeric(cmd.trailStep) } : {};
  const trails = {
    trail: { ticks: numeric(cmd.trailDistance), ...step },
    ...(isSet(cmd.stopPrice) ? { stopPrice } : {}),
  };
  switch (cmd.type) {
    case 'limit':
      return { type: 'limit', price };
    case 'market':
      return isSet(cmd.maxSlippage) ? protectedBy(cmd.maxSlippage) : { type: 'market' };
    case 'market_to_limit':
      return { type: 'market-to-limit' };
    case 'market_protected':
      return protectedBy(cmd.protectionPoints ?? cmd.maxSlippage);
    case 'fok_budget':
      return { type: 'budget', notional: numeric(cmd.budget) };
    case 'stop':
      return { type: 'stop', stopPrice };
    case 'stop_limit':
      return { type: 'stop-limit', price, stopPrice };
    case 'trailing_stop':
      return { type: 'trailing-stop', ...trails };
    case 'trailing_stop_limit':
      return { type: 'trailing-stop-limit', price, ...trails };
    default:
      return { type: cmd.type };
  }
}

function protectedBy(points: unknown): object {
  return { type: 'market-protected', protectionPoints: numeric(points) };
}

/** What a replace changes; what it does not name stays as it is. */
export function replacementOf(cmd: CaseCommand, owner: number, numberOf: (name: string) => number): Replacement {
  const number = (field: string, as = field): object => (cmd[field] === undefined ? {} : { [as]: numeric(cmd[field]) });
  return {
    owner,
    ...number('price'),
    ...number('qty', cmd.inFlightMitigation === true ? 'totalQty' : 'qty'),
    ...number('stopPrice'),
    ...number('displayQty'),
    ...(isSet(cmd.newId) ? { newId: numberOf(String(cmd.newId)) } : {}),
    ...(isSet(cmd.side) ? { newSide: cmd.side } : {}),
  } as Replacement;
}

/** The two orders of an `oco`, as commands of their own: a limit order and a stop-limit order. */
export function ocoParts(cmd: CaseCommand): { limit: CaseCommand; stop: CaseCommand } {
  return {
    limit: { ...cmd, type: 'limit' },
    stop: { ...cmd, id: `${String(cmd.id)} (stop)`, type: 'stop_limit', price: cmd.stopLimitPrice },
  };
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** A number as it stands. Text and null are no numbers, though a typed array would make some of them. */
export function numeric(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN;
}
