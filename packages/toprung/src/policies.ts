/**
 * The exchanges' matching policies: which there are, what each consists of, and who gets what of a level.
 *
 * The data is Rust's, and a preview runs a book: nothing here allocates.
 */

import { parseConfig } from './config.js';
import { call } from './crossing.js';
import { ToprungError } from './errors.js';
import { native } from './native.js';
import {
  type Participant,
  type PolicyInput,
  type PolicyPresetName,
  type PolicyStep,
  policySchema,
} from './policy-schema.js';
import { checkInteger } from './record-batch.js';

/** An exchange's algorithm. */
export interface PolicyPreset {
  /** The exchange and its own tag: `cme.A`. */
  name: PolicyPresetName;
  /** What the exchange calls it. */
  title: string;
  /** Where it is used. */
  usedFor: string;
  /** What it does, in order, with the usual parameters. */
  steps: PolicyStep[];
}

/** What to preview. */
export interface PreviewRequest {
  /**
   * The level, oldest order first: `10T,5,20L40`. A size is followed by marks: `T` TOP (the oldest alone), `L40` a lead
   * market maker with 40 %, `c` a customer, `m` a market maker, `e` an entitled market maker, `g7` of group 7.
   */
  book: string;
  /** What the aggressor takes, in lots. */
  aggressor: number;
  /** The aggressor's institutional group. Default 0, none. */
  group?: number;
  /** Default price-time priority. */
  policy?: PolicyInput;
}

/** An order of a previewed level. */
export interface PreviewOrder {
  /** In lots. */
  qty: number;
  /** Whether it is TOP. */
  top: boolean;
  /** Who entered it. Order *i* belongs to owner *i* + 1. */
  participant: Participant;
}

/** Who gets what. Lists of lots are in the order of the level. */
export interface AllocationPreview {
  orders: PreviewOrder[];
  /** In all. */
  fills: number[];
  /** By each step; nothing when the whole level is taken, which no step decides. */
  byStep: { step: PolicyStep; fills: number[] }[];
  /** The prints in their order, orders counted from 0. */
  prints: { order: number; qty: number }[];
  /** Everything was taken, so that all were filled in time order whatever the policy. */
  wholeLevel: boolean;
}

let all: PolicyPreset[] | undefined;

/**
 * The matching policies.
 *
 * ```ts
 * const { fills } = policies.preview({
 *   book: '10T,5,20,50,75',
 *   aggressor: 60,
 *   policy: { kind: 'preset', name: 'cme.A' },
 * }); // [10, 3, 6, 16, 25]
 * ```
 */
export const policies = {
  /**
   * Every preset. Copies: change them as you like, and give `{ kind: 'steps', steps }` to a book.
   *
   * @throws ToprungError `ERR_TOPRUNG_NATIVE_MISSING`
   */
  list(): PolicyPreset[] {
    all ??= JSON.parse(call(() => native().policyPresets())) as PolicyPreset[];
    return structuredClone(all);
  },

  /**
   * The preset of this name.
   *
   * @throws ToprungError `ERR_TOPRUNG_UNKNOWN_POLICY`, `ERR_TOPRUNG_NATIVE_MISSING`
   */
  get(name: string): PolicyPreset {
    const list = this.list();
    const found = list.find((p) => p.name === name);
    if (found !== undefined) return found;
    const known = list.map((p) => p.name).join(', ');
    throw new ToprungError(
      'ERR_TOPRUNG_UNKNOWN_POLICY',
      `policy: expected one of ${known}, got ${JSON.stringify(name)}`,
      { path: 'policy' },
    );
  },

  /**
   * What each order of a level gets of an aggressor, in all and by step.
   *
   * @throws ToprungError `ERR_TOPRUNG_CONFIG` with `path` `book` or in `policy`; `ERR_TOPRUNG_NOT_INTEGER`,
   *   `ERR_TOPRUNG_OUT_OF_RANGE`
   */
  preview({ book, aggressor, group = 0, policy = { kind: 'fifo' } }: PreviewRequest): AllocationPreview {
    if (typeof book !== 'string') {
      throw new ToprungError('ERR_TOPRUNG_ARGUMENT', `book: expected a text, got ${typeof book}`, { path: 'book' });
    }
    checkInteger('aggressor', aggressor, 1, Number.MAX_SAFE_INTEGER);
    checkInteger('group', group, 0, 0xffff_ffff);
    const request = JSON.stringify({ book, aggressor, group, policy: parsePolicy(policy) });
    return JSON.parse(call(() => native().previewAllocation(request))) as AllocationPreview;
  },
};

/** Checked as a setting `policy`, so that the path of an error begins there, as Rust's does. */
function parsePolicy(policy: unknown): unknown {
  try {
    return parseConfig(policySchema, policy);
  } catch (error) {
    if (!(error instanceof ToprungError)) throw error;
    const path = error.path === undefined ? 'policy' : `policy.${error.path}`;
    throw new ToprungError(error.code, `policy: ${error.message}`, { path, cause: error.cause });
  }
}
