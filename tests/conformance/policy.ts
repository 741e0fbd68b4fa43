/** From a case's words for a matching policy and for conventions to the library's. */
import type { BookConfigInput, PolicyInput, PolicyStepInput, VenueConfigInput } from 'toprung';
import type { CaseCommand, ConformanceCase } from './case.js';

/** What `config.pro_rata` of a case may say. */
interface ToldPolicy {
  readonly steps?: readonly string[];
  readonly min?: number;
  readonly top_min?: number;
  readonly top_max?: number;
  readonly fifo_pct?: number;
  readonly split_round?: string;
  readonly lot?: number;
}

/** The suite that says `last_trade` refuses stops on the wrong side; those that say nothing let them trade at once. */
const stops: Readonly<Record<string, Pick<VenueConfigInput, 'stopTrigger' | 'stopEntry'>>> = {
  last_trade: { stopTrigger: 'last-trade', stopEntry: 'reject' },
  last_trade_after_entry: { stopTrigger: 'last-trade-after-entry' },
  best_opposite_quote_or_last: { stopTrigger: 'best-opposite' },
};

const remainders: Readonly<Record<string, NonNullable<VenueConfigInput['marketRemainder']>>> = {
  rest: 'rest',
  rest_at_worst: 'rest-at-worst',
};

/** The conventions that a case asks for, beside its policy. What it leaves open is the venue's default. */
export function conventionsOf(config: ConformanceCase['config'], steps: ConformanceCase['steps']): VenueConfigInput {
  const { stop_trigger: trigger, market_remainder: remainder } = config;
  return {
    ...stops[String(trigger)],
    marketRemainder: remainders[String(remainder)] ?? 'cancel',
    replacePriority: config.replace_priority === 'lose_always' ? 'lose-always' : 'keep-on-decrease',
    countFills: steps.some(({ cmd }) => cmd.inFlightMitigation === true),
    // Orders can only lie crossed where they are collected.
    phase: steps.some(({ cmd }) => cmd.op === 'uncross') ? 'opening-auction' : 'continuous',
  };
}

/** The policy that a case asks for; price-time priority when it leaves that open. */
export function policyOf(config: ConformanceCase['config']): PolicyInput {
  const told = (config.pro_rata ?? {}) as ToldPolicy;
  if (config.algo === 'size_pro_rata_board_lot') {
    const step = { kind: 'pro-rata', minLot: 0, rounding: 'nearest', boardLot: told.lot ?? 1 } as const;
    return { kind: 'steps', steps: [step, { kind: 'fifo' }] };
  }
  if (config.algo !== 'pro_rata') return { kind: 'fifo' };
  const names = told.steps ?? ['pro_rata', 'fifo'];
  return { kind: 'steps', steps: names.map((name) => stepOf(name, names, told)) };
}

function stepOf(name: string, names: readonly string[], told: ToldPolicy): PolicyStepInput {
  const minLot = told.min ?? 0;
  switch (name) {
    case 'fifo':
      return { kind: 'fifo' };
    case 'pro_rata':
      return { kind: 'pro-rata', minLot };
    case 'top': {
      const cap = told.top_max === undefined ? {} : { maxQty: told.top_max };
      return { kind: 'top', minQty: told.top_min ?? 0, ...cap };
    }
    case 'lmm':
      // The least lot is the makers' own where no pro-rata step takes it.
      return { kind: 'lmm', minLot: names.includes('pro_rata') ? 0 : minLot };
    case 'split_fifo':
      return {
        kind: 'split',
        fifoPercent: told.fifo_pct ?? Number.NaN,
        rounding: ['floor', 'down'].includes(told.split_round ?? 'nearest') ? 'floor' : 'nearest',
      };
    case 'leveling':
      return { kind: 'leveling' };
    default:
      throw new Error(`Invariant: unsupported steps are skipped, got ${name}`);
  }
}

/** Who enters an order: a lead market maker without a name has one for each of its orders. */
export function ownerOf(cmd: CaseCommand): string | undefined {
  if (cmd.owner !== undefined && cmd.owner !== null) return String(cmd.owner);
  return typeof cmd.lmmPct === 'number' ? `the maker of ${String(cmd.id)}` : undefined;
}

/** The lead market makers that the orders of a case speak of. */
export function participantsOf(
  steps: ConformanceCase['steps'],
  numberOf: (owner: string) => number,
): NonNullable<BookConfigInput['participants']> {
  return steps.flatMap(({ cmd }) => {
    const owner = ownerOf(cmd);
    return owner === undefined || typeof cmd.lmmPct !== 'number'
      ? []
      : [{ owner: numberOf(owner), lmmPercent: cmd.lmmPct }];
  });
}
