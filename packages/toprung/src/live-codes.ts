/**
 * The codes of a live session: names in the order of their numbers. Uses nothing of Node and not the native core, so that a page
 * in a browser can read what a session says: `toprung/live-codes`.
 */
import type { Account } from './market.js';

export { PHASES } from './names.js';

/** What a session is doing, by code. */
export const LIVE_PHASES = ['warm-up', 'running', 'paused', 'complete', 'stopped', 'failed'] as const;

/** What a session is doing. `complete`, `stopped` and `failed` are for good. */
export type LivePhase = (typeof LIVE_PHASES)[number];

/** What is marked on the time axis, by code: what the user did, then what happened in a market of agents. */
export const LIVE_MARKS = [
  'measuring',
  'paused',
  'running',
  'complete',
  'stopped',
  'starts',
  'ends',
  'shock',
  'retuned',
  'phase',
] as const;

/** The numbers of a track's account in their order. */
export const LIVE_ACCOUNT = [
  'position',
  'cash',
  'bought',
  'sold',
  'fills',
  'makerLots',
  'orders',
  'sentLots',
  'changes',
  'refused',
  'value',
] as const satisfies (keyof Account)[];

/**
 * The first numbers of a column in their order: the state at its end, and sums over its time. Behind them are the counts
 * of the latency classes, then the open quantity at each price from `depthBase` up; then, of a market of agents, position
 * and value of each track ({@link LiveMarket.tracks}).
 */
export const LIVE_COLUMN = [
  'bid',
  'ask',
  'depthBase',
  'bidQty',
  'askQty',
  'bidDepth',
  'askDepth',
  'resting',
  'limit',
  'market',
  'cancel',
  'reduce',
  'replace',
  'rejected',
  'trades',
  'buyVolume',
  'sellVolume',
  'buyNotional',
  'sellNotional',
  'busyNs',
  'latencyMaxNs',
] as const;
