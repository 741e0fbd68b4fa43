/**
 * What the engine supports, as data: the only place to change when a feature is built.
 *
 * A case runs when everything it names is listed here. Otherwise it is skipped, by name and with the first thing that
 * is missing as the reason.
 */
import type { CaseCommand, ConformanceCase, Expectation } from './case.js';

/** Features of a case; the value is whether the engine has it. A feature that is not listed is not supported. */
const features: Readonly<Record<string, boolean>> = {
  // Order types and times in force.
  limit: true,
  gtc: true,
  market: true,
  ioc: true,
  fok: true,
  post_only: true,
  stop: true,
  stop_limit: true,
  oco: true,
  trailing: true,
  trailing_stop: true,
  trailing_stop_limit: true,
  market_to_limit: true,
  market_protected: true,
  fok_budget: true,
  // Order attributes.
  aon: true,
  iceberg: true,
  min_qty: true,
  stp: true,
  trigger: true,
  last_price: true,
  // Changes to resting orders.
  cancel: true,
  reduce: true,
  replace: true,
  cancel_new: true,
  replace_stop: true,
  replace_new_id: true,
  replace_side: true,
  ifm: true,
  // Refusals.
  owner_check: true,
  duplicate_id: true,
  invalid_input: true,
  // Matching policies and their steps; `no_top` says that no order has top priority.
  fifo: true,
  pro_rata: true,
  no_top: true,
  top: true,
  top_max: true,
  lmm: true,
  split: true,
  leveling: true,
  board_lot: true,
  // Sessions.
  uncross: true,
};

/** Values of each `config` key that the engine can be set to; a key that is not listed cannot be honoured. */
const conventions: Readonly<Record<string, readonly string[]>> = {
  algo: ['fifo', 'pro_rata', 'size_pro_rata_board_lot'],
  replace_priority: ['keep_on_decrease', 'lose_always'],
  market_remainder: ['cancel', 'rest', 'rest_at_worst'],
  price_convention: ['taker_limit'],
  stop_trigger: ['last_trade', 'last_trade_after_entry', 'best_opposite_quote_or_last'],
};

/** Steps of a pro-rata policy, and its parameters. */
const policySteps: readonly string[] = ['top', 'lmm', 'split_fifo', 'pro_rata', 'leveling', 'fifo'];
const policyParameters: Readonly<Record<string, (value: unknown) => boolean>> = {
  steps: Array.isArray,
  min: isNumber,
  top_min: isNumber,
  top_max: isNumber,
  fifo_pct: isNumber,
  split_round: (value) => ['nearest', 'floor', 'down'].includes(String(value)),
  lot: isNumber,
  round: (value) => value === 'nearest_lot',
};

/** Fields of each command; any other field that is set asks for something the engine does not have. */
const commandFields: Readonly<Record<string, readonly string[]>> = {
  new: [
    ...['id', 'side', 'type', 'tif', 'price', 'qty', 'owner', 'postOnly', 'lmmPct', 'stp', 'invalidField'],
    ...['displayQty', 'stopPrice', 'allOrNone', 'minQty', 'maxSlippage', 'protectionPoints', 'stopLimitPrice'],
    ...['budget', 'trailDistance', 'trailStep'],
  ],
  cancel: ['id', 'owner'],
  replace: ['id', 'owner', 'price', 'qty', 'newId', 'side', 'stopPrice', 'displayQty', 'inFlightMitigation'],
  reduce: ['id', 'by', 'owner'],
  set_last_price: ['price'],
  uncross: [],
  cancel_new: ['id', 'owner', 'new'],
};

/** What the runner can compare. */
const expectations: readonly (keyof Expectation)[] = [
  ...(['status', 'trades', 'fills', 'allocations', 'cancelled', 'triggered', 'bids', 'asks'] as const),
  ...(['bidQueue', 'askQueue', 'stops', 'visible', 'levels', 'ordersTotal', 'removed', 'reason'] as const),
];

/**
 * Cases that contradict other cases, or a rule of the venue that others need. They are run, and have to differ exactly
 * at this step (from 0) in this key.
 */
export const contradictions: Readonly<Record<string, { step: number; key: keyof Expectation; why: string }>> = {
  'nodejs/orderbook/test_modify': {
    step: 13,
    key: 'status',
    why: 'a least price above 0: it refuses a price of 0, which is a price here, and a replace that changes nothing',
  },
  'nodejs/orderbook/test_stop_limit_order': {
    step: 17,
    key: 'bids',
    why: 'an immediate-or-cancel order that rests after its stop was triggered, which contradicts the ioc cases',
  },
  'cpptrader/Automatic_matching_stop_limit_order': {
    step: 7,
    key: 'status',
    why: 'a second live order under one id, which contradicts the duplicate_id cases',
  },
};

/** Order types that `new` may name; a type that a case marks as invalid is there to be refused. */
const orderTypes: readonly string[] = [
  ...['limit', 'market', 'stop', 'stop_limit', 'oco', 'market_to_limit', 'market_protected', 'fok_budget'],
  ...['trailing_stop', 'trailing_stop_limit'],
];
const timesInForce: readonly string[] = ['gtc', 'ioc', 'fok'];

/** Why a case cannot be run, or `undefined` when it can. */
export function unsupported(testCase: ConformanceCase): string | undefined {
  const deliberate = new Set(testCase.steps.flatMap(({ cmd }) => (isInvalid(cmd, 'type') ? [String(cmd.type)] : [])));
  for (const feature of testCase.features) {
    // The case's list names every order type it uses, also the one that is deliberately wrong.
    if (!hasFeature(feature) && !deliberate.has(feature)) return `feature ${feature}`;
  }
  for (const [key, value] of Object.entries(testCase.config)) {
    const reason = key === 'pro_rata' ? unsupportedPolicy(value) : unsupportedConvention(key, value);
    if (reason !== undefined) return reason;
  }
  for (const { cmd, expect } of testCase.steps) {
    const reason = unsupportedCommand(cmd) ?? roundedNumber(cmd, expect) ?? unsupportedExpectation(expect);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Suites write `post_only` or `post-only`; `min2` and the like name the least share of a pro-rata step. */
function hasFeature(feature: string): boolean {
  return features[feature.replaceAll('-', '_')] === true || /^min\d+$/.test(feature);
}

/** Whether a case marks this field of a command as invalid on purpose. */
export function isInvalid(cmd: CaseCommand, field: string): boolean {
  return Array.isArray(cmd.invalidField) && cmd.invalidField.includes(field);
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number';
}

/** The order that a `cancel_new` enters, as a command of its own. */
export function enteredBy(cmd: CaseCommand): CaseCommand {
  return { ...(cmd.new as object | undefined), op: 'new' };
}

/** A number that `JSON.parse` has rounded: it can only be there to be refused. */
function roundedNumber(cmd: CaseCommand, expect: Expectation = {}): string | undefined {
  if (expect.status === 'rejected') return undefined;
  const field = Object.keys(cmd).find((key) => Number.isInteger(cmd[key]) && !Number.isSafeInteger(cmd[key]));
  return field === undefined ? undefined : `${cmd.op}.${field} past 2^53 - 1, where JavaScript has not every integer`;
}

function unsupportedExpectation(expect: Expectation = {}): string | undefined {
  const unknown = Object.keys(expect).find((key) => !expectations.includes(key as keyof Expectation));
  return unknown === undefined ? undefined : `expectation ${unknown}`;
}

function unsupportedConvention(key: string, value: unknown): string | undefined {
  return conventions[key]?.includes(String(value)) ? undefined : `config ${key}=${String(value)}`;
}

function unsupportedPolicy(value: unknown): string | undefined {
  const policy = value as { steps?: unknown };
  for (const [key, told] of Object.entries(policy)) {
    if (policyParameters[key]?.(told) !== true) return `config pro_rata.${key}=${String(told)}`;
  }
  for (const step of Array.isArray(policy.steps) ? policy.steps : []) {
    if (!policySteps.includes(String(step))) return `config pro_rata step ${String(step)}`;
  }
  return undefined;
}

function unsupportedCommand(cmd: CaseCommand): string | undefined {
  const known = commandFields[cmd.op];
  if (known === undefined) return `command ${cmd.op}`;
  for (const [field, value] of Object.entries(cmd)) {
    const unset = value === null || value === undefined || value === false;
    if (field !== 'op' && !known.includes(field) && !unset) return `field ${cmd.op}.${field}`;
  }
  if (cmd.op === 'cancel_new') return unsupportedCommand(enteredBy(cmd));
  if (cmd.op !== 'new') return undefined;
  if (!orderTypes.includes(String(cmd.type)) && !isInvalid(cmd, 'type')) return `order type ${String(cmd.type)}`;
  const tif = cmd.tif ?? 'gtc';
  if (!timesInForce.includes(String(tif)) && !isInvalid(cmd, 'tif')) return `time in force ${String(tif)}`;
  return undefined;
}
