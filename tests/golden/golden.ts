/** The golden simulations: small configurations of every scenario, and the digests they must give everywhere. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type SimulationConfig, scenarios, simulate } from 'toprung';
import { testsFolder } from '../lib/shared-data.js';

/** The committed file. */
export const goldenFile = path.join(testsFolder, 'golden/simulations.json');

/** One pinned run. */
export interface GoldenRun {
  readonly name: string;
  readonly config: SimulationConfig;
  /** Commands in all books, warm-up included. */
  readonly events: number;
  readonly trades: number;
  readonly digest: string;
}

/** The pinned runs. */
export function readGolden(): GoldenRun[] {
  return (JSON.parse(readFileSync(goldenFile, 'utf8')) as { runs: GoldenRun[] }).runs;
}

/** Every scenario at a size that takes milliseconds, with two seeds. */
export function goldenConfigs(): { name: string; config: SimulationConfig }[] {
  return scenarios.list().flatMap(({ name, config }) =>
    [1, 7].map((seed) => ({
      name: `${name}, seed ${seed}`,
      config: { ...config, seed, books: 3, horizon: { events: 10_000 }, warmupEvents: 2_000, threads: 1 },
    })),
  );
}

/** Runs one configuration. */
export async function goldenRun({ name, config }: { name: string; config: SimulationConfig }): Promise<GoldenRun> {
  const { events, metrics, digest } = await simulate(config);
  return { name, config, events, trades: metrics.trades, digest };
}
