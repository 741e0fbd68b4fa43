/**
 * Named simulations with a purpose. The data is Rust's; this is how to list and find it.
 */
import { parseConfig, type SimulationConfig, simulationConfigSchema } from './config.js';
import { fromNative, ToprungError } from './errors.js';
import { native } from './native.js';

/** A configuration with a name and a reason. */
export interface Scenario {
  /** In lower case with hyphens. */
  name: string;
  /** One line. */
  title: string;
  /** Why one would run it. */
  purpose: string;
  /** What to look at in the result, and what to expect. */
  lookAt: string[];
  /** What to give to `simulate()`, as it is or changed. */
  config: SimulationConfig;
}

let all: Scenario[] | undefined;

/**
 * The scenarios.
 *
 * ```ts
 * const { config } = scenarios.get('zi-baseline');
 * await simulate({ ...config, seed: 7 });
 * ```
 */
export const scenarios = {
  /**
   * Every scenario, in the order in which they should be read. Copies: change them as you like.
   *
   * @throws ToprungError `ERR_TOPRUNG_NATIVE_MISSING`
   */
  list(): Scenario[] {
    all ??= load();
    return structuredClone(all);
  },

  /**
   * The scenario of this name.
   *
   * @throws ToprungError `ERR_TOPRUNG_UNKNOWN_SCENARIO`, `ERR_TOPRUNG_NATIVE_MISSING`
   */
  get(name: string): Scenario {
    const list = this.list();
    const found = list.find((s) => s.name === name);
    if (found !== undefined) return found;
    const known = list.map((s) => s.name).join(', ');
    throw new ToprungError(
      'ERR_TOPRUNG_UNKNOWN_SCENARIO',
      `scenario: expected one of ${known}, got ${JSON.stringify(name)}`,
      { path: 'scenario' },
    );
  },
};

function load(): Scenario[] {
  let json: string;
  try {
    json = native().scenarios();
  } catch (error) {
    throw fromNative(error);
  }
  const list = JSON.parse(json) as Scenario[];
  return list.map((s) => ({ ...s, config: parseConfig(simulationConfigSchema, s.config) }));
}
