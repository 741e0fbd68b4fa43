/**
 * Matching policies as zod schemas: an exchange's algorithm by name, or any list of steps, and what a policy knows of the
 * participants. Ranges and defaults are Rust's; a test compares them.
 */
import { z } from 'zod';

/** The presets: the exchange and the exchange's own tag. */
export const POLICY_PRESETS = [
  'fifo',
  'pro-rata',
  'cme.F',
  'cme.C',
  'cme.A',
  'cme.O',
  'cme.Q',
  'cme.S',
  'cme.T',
  'cme.K',
  'cme.Y',
  'cme.V',
  'ice.gtbpr',
  'eurex.pr',
  'eurex.tpr',
  'cboe.uma',
  'nasdaq.phlx',
  'nasdaq.bx',
] as const;

/** The name of a preset. */
export type PolicyPresetName = (typeof POLICY_PRESETS)[number];

const lots = (min: number, max: number) => z.int().min(min).max(max);
const qty = () => lots(0, Number.MAX_SAFE_INTEGER);
const minLot = () => lots(0, 2 ** 32);
const percent = (min = 0) => z.int().min(min).max(100);
const kind = <const K extends string>(name: K, what: string) => z.literal(name).describe(what);

/** One step of a policy. What it does is in docs/policies.md. */
export const policyStepSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: kind('fifo', 'Earliest first, each in full. Takes everything that is left.') }),
    z.strictObject({
      kind: kind('pro-rata', 'In proportion to open quantity.'),
      minLot: minLot().default(1).describe('Least share that is allocated, in lots; smaller ones become zero.'),
      rounding: z
        .enum(['floor', 'nearest', 'ceil-from-largest', 'largest-remainder'])
        .default('floor')
        .describe('What becomes of fractions of a lot.'),
      boardLot: lots(1, 2 ** 32)
        .default(1)
        .describe('Shares are multiples of so many lots.'),
    }),
    z.strictObject({
      kind: kind('top', 'The order that bettered its side last, if it still rests.'),
      minQty: qty().default(0).describe('Least size on entry, in lots, that makes an order TOP.'),
      maxQty: qty().optional().describe('Most lots per match; no cap without it.'),
      percent: percent(1).default(100).describe('Share of the aggressor, in percent.'),
    }),
    z.strictObject({
      kind: kind('lmm', 'Each lead market maker’s percentage of the aggressor.'),
      minLot: minLot().default(0).describe('Least entitlement, in lots.'),
    }),
    z.strictObject({
      kind: kind('split', 'Earliest first, but only a percentage of the aggressor; the rest is for the next steps.'),
      fifoPercent: percent().describe('Share that goes by time, in percent.'),
      rounding: z.enum(['floor', 'nearest']).default('nearest').describe('Rounding of that part.'),
    }),
    z.strictObject({
      kind: kind('time-pro-rata', 'In proportion to size and time.'),
      k: z.int().min(1).max(16).describe('Exponent: 1 is pro-rata, large values approach FIFO.'),
      untilExhausted: z.boolean().default(false).describe('Repeat until a pass allocates nothing.'),
    }),
    z.strictObject({
      kind: kind('parity', 'Partly in equal parts to every participant, partly by size.'),
      equalPercent: percent().default(50).describe('Weight of the equal part, in percent.'),
    }),
    z.strictObject({
      kind: kind('leveling', 'One lot to each order that the pro-rata step before left with nothing.'),
      order: z.enum(['size', 'time']).default('size').describe('Who is first: the largest or the earliest.'),
    }),
    z.strictObject({
      kind: kind('priority-class', 'Everything to the orders of one class.'),
      class: z.enum(['customer', 'market-maker', 'other']).describe('Whose orders.'),
      within: z.enum(['fifo', 'pro-rata']).default('fifo').describe('How they share.'),
    }),
    z.strictObject({
      kind: kind('entitlement', 'A percentage to each entitled participant.'),
      percentByOthers: z
        .tuple([percent(), percent(), percent()])
        .default([60, 40, 40])
        .describe('Percentages where one, two, three and more other market makers are at the level.'),
      floorAtProRata: z.boolean().default(true).describe('Whether the pro-rata share is the least.'),
    }),
    z.strictObject({ kind: kind('group-fifo', 'The aggressor’s own institutional group first, by time.') }),
  ])
  .describe('One step: allocates part of what the aggressor has left, and hands on the rest.');

/** How an aggressor's quantity is shared among the orders of a level. */
export const policySchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: kind('fifo', 'Price-time priority.') }),
    z.strictObject({
      kind: kind('pro-rata', 'In proportion to open quantity, the rest in time order.'),
      minLot: minLot()
        .default(1)
        .describe('Least share that is allocated, in lots; smaller ones go to the time-ordered rest.'),
    }),
    z.strictObject({
      kind: kind('preset', 'An exchange’s algorithm.'),
      name: z.enum(POLICY_PRESETS).describe('The exchange and its own tag.'),
      topMinQty: qty().optional().describe('Least size of a TOP order, in lots.'),
      topMaxQty: qty().optional().describe('Most lots that a TOP order gets per match.'),
      minLot: minLot().optional().describe('Least pro-rata share, in lots; the preset’s own without it.'),
      fifoPercent: percent().optional().describe('FIFO part of cme.K, in percent.'),
      splitRounding: z.enum(['floor', 'nearest']).optional().describe('Rounding of that part.'),
    }),
    z.strictObject({
      kind: kind('steps', 'Any steps.'),
      steps: z.array(policyStepSchema).min(1).max(64).describe('In order. The last is `fifo`, and no other is.'),
    }),
  ])
  .describe('How an aggressor’s quantity is shared among the orders of a level.');

/** What a policy knows of one owner of orders. */
export const participantSchema = z
  .strictObject({
    owner: z
      .int()
      .min(1)
      .max(2 ** 32 - 1)
      .describe('The owner that its orders carry.'),
    class: z.enum(['customer', 'market-maker', 'other']).default('other').describe('The capacity in which it trades.'),
    lmmPercent: percent().default(0).describe('Its share as a lead market maker, in percent; 0 when it is none.'),
    entitled: z.boolean().default(false).describe('Whether it has a participation entitlement.'),
    group: z
      .int()
      .min(0)
      .max(2 ** 32 - 1)
      .default(0)
      .describe('Its institutional group; 0 when it has none.'),
  })
  .describe('One participant.');

/** The participants of a book. */
export const participantsSchema = z
  .array(participantSchema)
  .max(2 ** 16)
  .default([])
  .describe('What the policy knows of the owners of orders; whoever is not listed is `other`.');

/** One step of a policy, complete. */
export type PolicyStep = z.output<typeof policyStepSchema>;
/** One step of a policy as people write it. */
export type PolicyStepInput = z.input<typeof policyStepSchema>;
/** A policy, complete. */
export type Policy = z.output<typeof policySchema>;
/** A policy as people write it. */
export type PolicyInput = z.input<typeof policySchema>;
/** A participant, complete. */
export type Participant = z.output<typeof participantSchema>;
