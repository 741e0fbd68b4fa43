/**
 * `validate()`: how real a market looks beside a recorded day; `calibrate()`: a flow model fitted to one.
 *
 * What is measured and how is in docs/realism.md.
 */
import { z } from 'zod';
import { parseConfig, type SimulationConfigInput, simulationConfigSchema } from './config.js';
import { fromNative } from './errors.js';
import { type flowSchema, kernelTermSchema } from './flow-schema.js';
import { native } from './native.js';
import { toPath } from './paths.js';

/** Where a tape comes from: a LOBSTER day with its order book file, or a book of a simulation. */
export type TapeSource =
  | {
      /** A zip archive, a folder, or one of the day's two files. */
      file: string | URL;
      /** Price units (1/10,000 of the currency) in a tick; 100, a cent, if left out. */
      tickUnits?: number;
    }
  | {
      config: SimulationConfigInput;
      /** Which book; the first, if left out. */
      book?: number;
      /** Simulated time to record behind the warm-up; an hour, if left out. */
      durationNs?: number;
    };

/** A statistic of one stylised fact. */
export interface FactScore {
  /** Number of the fact in the list of 24. */
  number: number;
  name: string;
  /** Mean over the blocks of the tape. */
  value: number;
  /** Mean over the reference's blocks. */
  real: number;
  /** Standard deviation over the reference's blocks. */
  deviation: number;
  /** (value - real) / deviation. */
  z: number;
  /** The reference's odd blocks against its even ones. */
  floorZ: number;
  /** A: |z| < 1, B: < 2, C: < 3, F. */
  grade: 'A' | 'B' | 'C' | 'F';
}

/** How far two samples of a distribution of LOB-Bench are apart. */
export interface DistributionDistance {
  name: string;
  /** ½ Σ |p - q| on bins of the pooled sample, as published. */
  l1: number;
  /** Wasserstein-1 in pooled standard deviations, as published. */
  wasserstein: number;
  /** Wasserstein-1 in interquartile ranges of the reference. */
  wassersteinReal: number;
}

/** What a tape scores. */
export interface Scorecard {
  /** Mean |z| without the tenth at either end. */
  overall: number;
  /** The same of the reference's odd blocks against its even ones. */
  floor: number;
  /** Statistics graded A, B, C and F. */
  grades: [number, number, number, number];
  /** Stylised facts that grade A or B by the mean |z| of their statistics, and how many both tapes have. */
  closeFacts: [close: number, of: number];
  facts: FactScore[];
  distances: DistributionDistance[];
  floorDistances: DistributionDistance[];
}

/** Models that can be fitted. */
export const calibrateModelSchema = z
  .enum(['santa-fe', 'cst', 'queue-reactive', 'hawkes'])
  .describe('The model to fit.');

/** Options of {@link calibrate}. */
export const calibrateOptionsSchema = z.strictObject({
  model: calibrateModelSchema,
  levels: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe('Distances of cst (30), queues of queue-reactive (3, up to 16).'),
  sizeMax: z.int().min(2).max(1000).default(30).describe('Largest queue with rates of its own, of queue-reactive.'),
  decayRates: z
    .array(kernelTermSchema.shape.decayRate)
    .min(1)
    .max(16)
    .default([1000, 100, 10, 1])
    .describe('Decay rates per second of the kernel, of hawkes.'),
});

/** Options of {@link calibrate} as people write them. */
export type CalibrateOptionsInput = z.input<typeof calibrateOptionsSchema>;

/** A fitted model. */
export interface Calibration {
  /** To be simulated as it is: `simulate({ flow })`. */
  flow: z.output<typeof flowSchema>;
  /** Every number that was estimated, by its path. */
  estimates: { path: string; value: number; standardError: number }[];
  /** Messages that were looked at. */
  messages: number;
  /** Time that they took, s. */
  seconds: number;
}

function request(source: TapeSource): object {
  if ('file' in source) return { file: toPath('file', source.file), tickUnits: source.tickUnits ?? 100 };
  const config = parseConfig(simulationConfigSchema, source.config);
  return { config, book: source.book ?? 0, durationNs: source.durationNs ?? 3_600_000_000_000 };
}

/**
 * Scores a market beside a recorded day: a z and a grade for each statistic, distances of distributions, and what the day's
 * own halves score against each other.
 *
 * ```ts
 * const card = await validate({ config: { flow: { model: 'realistic-day' } } }, { file: 'GOOG.zip' });
 * console.log(card.overall, 'beside', card.floor);
 * ```
 *
 * @throws ToprungError `ERR_TOPRUNG_TAPE_TOO_SHORT`, `ERR_TOPRUNG_CONFIG`, `ERR_TOPRUNG_DATA_…`
 */
export async function validate(tape: TapeSource, reference: TapeSource): Promise<Scorecard> {
  const json = JSON.stringify({ tape: request(tape), reference: request(reference) });
  try {
    return JSON.parse(await native().validate(json)) as Scorecard;
  } catch (error) {
    throw fromNative(error);
  }
}

/**
 * Fits a flow model to a tape.
 *
 * ```ts
 * const { flow } = await calibrate({ file: 'GOOG.zip' }, { model: 'cst' });
 * await simulate({ flow });
 * ```
 *
 * @throws ToprungError `ERR_TOPRUNG_NO_FIT`, `ERR_TOPRUNG_CONFIG`, `ERR_TOPRUNG_DATA_…`
 */
export async function calibrate(tape: TapeSource, options: CalibrateOptionsInput): Promise<Calibration> {
  const { levels, ...complete } = parseConfig(calibrateOptionsSchema, options);
  const depth = levels ?? (complete.model === 'cst' ? 30 : 3);
  const json = JSON.stringify({ tape: request(tape), levels: depth, ...complete });
  try {
    return JSON.parse(await native().calibrate(json)) as Calibration;
  } catch (error) {
    throw fromNative(error);
  }
}
