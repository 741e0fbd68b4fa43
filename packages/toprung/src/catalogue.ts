/**
 * The catalogue: scenarios with a control arm, checked over many seeds; and the check that a market is deterministic.
 */
import { parseConfig } from './config.js';
import { fromNative, ToprungError } from './errors.js';
import { type MarketConfig, type MarketConfigInput, marketConfigSchema } from './market-schema.js';
import { native } from './native.js';
import { carryOut, type RunOptions } from './run.js';
import type { LatencyByKind } from './simulate.js';

/** One thing that must hold of a scenario. */
export interface ScenarioRule {
  /** The measure, of the treatment or `arm.measure`. */
  measure: string;
  /** A measure that it is divided by. */
  over?: string;
  /** A measure that is taken from it. */
  minus?: string;
  atLeast?: number;
  atMost?: number;
  /** Over all seeds together: R² of the straight line of the means of the measure in these arms on these numbers. */
  along?: Record<string, number>;
  /** Over all seeds together: the mean over its standard error. */
  tStatistic: boolean;
  /** Over all seeds together: the standard deviation over that of the measure it is divided by. */
  spread: boolean;
  /** Holds of this run alone, and the control need not fail it. */
  anyArm: boolean;
}

/** A scenario of the catalogue. */
export interface MarketScenario {
  name: string;
  title: string;
  purpose: string;
  lookAt: string[];
  /** The market of the treatment arm. */
  market: MarketConfigInput;
  /** The other arms: what is different, by JSON pointer. One is called `control`. */
  arms: Record<string, Record<string, unknown>>;
  measures: ({ name: string; of: string } & Record<string, unknown>)[];
  accept: ScenarioRule[];
}

/** What a scenario gave over many seeds. */
export interface ScenarioReport {
  name: string;
  seeds: number;
  /** Stopped before all seeds. */
  cancelled: boolean;
  /** Seeds whose treatment meets every rule; at least 90 % must. */
  treatmentMeets: number;
  /** The seeds whose treatment does not. */
  missed: number[];
  /** Seeds whose control meets them; at most 5 % may. */
  controlMeets: number;
  passes: boolean;
  rules: {
    rule: ScenarioRule;
    treatment: number | null;
    control: number | null;
    treatmentMeets: number;
    controlMeets: number;
    holds: boolean;
  }[];
  arms: { arm: string; measures: Record<string, [mean: number | null, sd: number | null]>; digest: string }[];
  /** Time per command over all runs: one of a market in 256 is timed. */
  latencyByKind: LatencyByKind;
}

/** How far a check is. */
export interface CheckProgress {
  /** Runs done and in all. */
  done: number;
  total: number;
  fraction: number;
}

let all: MarketScenario[] | undefined;

/** The catalogue of scenarios with a control arm. */
export const catalogue = {
  /** Every scenario, in the order in which they should be read. Copies. */
  list(): MarketScenario[] {
    try {
      all ??= JSON.parse(native().catalogue()) as MarketScenario[];
    } catch (error) {
      throw fromNative(error);
    }
    return structuredClone(all);
  },

  /**
   * The scenario of this name.
   *
   * @throws ToprungError `ERR_TOPRUNG_UNKNOWN_SCENARIO`
   */
  get(name: string): MarketScenario {
    const list = this.list();
    const found = list.find((s) => s.name === name);
    if (found !== undefined) return found;
    const known = list.map((s) => s.name).join(', ');
    const message = `scenario: expected one of ${known}, got ${JSON.stringify(name)}`;
    throw new ToprungError('ERR_TOPRUNG_UNKNOWN_SCENARIO', message, { path: 'scenario' });
  },

  /**
   * The market of one arm of a scenario, complete: `treatment`, or one of its `arms`.
   *
   * @throws ToprungError `ERR_TOPRUNG_UNKNOWN_SCENARIO`; `ERR_TOPRUNG_CONFIG` for an arm that it does not have
   */
  arm(name: string, arm = 'treatment'): MarketConfig {
    this.get(name);
    try {
      return parseConfig(marketConfigSchema, JSON.parse(native().scenarioArm(name, arm)));
    } catch (error) {
      throw fromNative(error);
    }
  },

  /**
   * Runs every arm of a scenario over `seeds` seeds, on all cores, and says whether it does what it claims.
   *
   * @throws ToprungError `ERR_TOPRUNG_UNKNOWN_SCENARIO`, `ERR_TOPRUNG_CONFIG`; AbortError
   */
  async check(
    name: string,
    { seeds = 32, firstSeed = 1, ...options }: { seeds?: number; firstSeed?: number } & RunOptions<CheckProgress> = {},
  ): Promise<ScenarioReport> {
    this.get(name);
    const progress = (done: number, total: number): CheckProgress => ({
      done,
      total,
      fraction: done / Math.max(total, 1),
    });
    return carryOut<ScenarioReport, CheckProgress>(
      {
        name: 'the check',
        start: async (cancel, onProgress) =>
          JSON.parse(await native().checkScenario(name, firstSeed, seeds, cancel, onProgress)) as ScenarioReport,
        progress,
        finalProgress: () => progress(1, 1),
        isPartial: (report) => report.cancelled,
      },
      options,
    );
  },
};

/**
 * Runs a market on each of these numbers of threads, and once more on the first, and gives the digests. They must agree.
 *
 * @throws ToprungError `ERR_TOPRUNG_CONFIG`
 */
export async function marketDigests(
  market: MarketConfigInput,
  threads: readonly number[] = [1, 2, 3, 7],
): Promise<{ threads: number; digest: string }[]> {
  const json = JSON.stringify(parseConfig(marketConfigSchema, market));
  try {
    const pairs = JSON.parse(await native().marketDigests(json, [...threads])) as [number, string][];
    return pairs.map(([count, digest]) => ({ threads: count, digest }));
  } catch (error) {
    throw fromNative(error);
  }
}
