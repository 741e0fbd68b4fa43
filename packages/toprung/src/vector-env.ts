/**
 * `VectorEnv`: many books and their learning agents, step by step, in typed arrays.
 */
import { parseConfig } from './config.js';
import { fromNative, ToprungError } from './errors.js';
import { type MarketConfigInput, marketConfigSchema } from './market-schema.js';
import { type NativeEnv, native } from './native.js';
import type { LatencyByKind } from './simulate.js';

/** What an environment is made of. */
export interface VectorEnvOptions {
  /** The market of every book. One group has kind `outside`; an episode lasts `durationNs`. */
  market: MarketConfigInput;
  /** The group that learns. Its `everyNs` is the time of a step. */
  group: string;
  /** Books. */
  books: number;
  /** Position from which on no further order on that side is valid, lots. Default 10. */
  positionMax?: number;
  /** Simulated time before the first decision of an episode, ns. Default 0. */
  warmupNs?: number;
}

/** What the first number of an action means. */
export const ENV_ACTIONS = ['nothing', 'bid', 'offer', 'buy', 'sell', 'cancel-all'] as const;

/** What an observation consists of, in order. */
export const ENV_OBSERVATION = [
  'bid',
  'ask',
  'bidQty',
  'askQty',
  'lastTrade',
  'position',
  'openOrders',
  'midChange',
  'volume',
  'timeLeft',
] as const;

/**
 * N books with A learning agents each.
 *
 * Every view is one typed array over all books and agents, filled anew by {@link reset} and {@link step}; nothing is
 * allocated. A book at its end starts its next episode at once: `done` is 1, `observations` are the new episode's, and
 * `finalObservations` what the old one showed last. Actions that {@link mask} does not allow are ignored and counted.
 *
 * ```ts
 * const env = new VectorEnv({ market, group: 'learner', books: 1000 });
 * const actions = new Int32Array(env.books * env.agents * 3);
 * for (let k = 0; k < 1000; k++) env.step(policy(env.observations, actions));
 * ```
 */
export class VectorEnv {
  /** Books. */
  readonly books: number;
  /** Learning agents in each. */
  readonly agents: number;
  /** Numbers in an observation: {@link ENV_OBSERVATION}. Prices are in ticks from the venue's reference price. */
  readonly observationLength: number;
  /** Numbers in an action: what ({@link ENV_ACTIONS}), ticks behind the best price, lots. */
  readonly actionLength: number;
  /** By book and agent. */
  readonly observations: Float32Array;
  /** By book and agent, of the episode that has just ended. */
  readonly finalObservations: Float32Array;
  /** Change of cash and position at the mid price since the last step, ticks × lots; by book and agent. */
  readonly rewards: Float32Array;
  /** 1 where the episode has just ended, by book. */
  readonly done: Uint8Array;
  /** 1 where an action is valid now, by book, agent and kind of action. */
  readonly mask: Uint8Array;
  readonly #native: NativeEnv;
  readonly #out: Uint8Array;
  #actions: Int32Array | undefined;
  #actionBytes: Uint8Array = new Uint8Array();

  /** @throws ToprungError `ERR_TOPRUNG_CONFIG` */
  constructor({ market, group, books, positionMax = 10, warmupNs = 0 }: VectorEnvOptions) {
    for (const [path, value] of Object.entries({ books, positionMax, warmupNs })) {
      if (!Number.isSafeInteger(value) || value < 0)
        throw new ToprungError('ERR_TOPRUNG_CONFIG', `${path}: expected an integer of at least 0, got ${value}`, {
          path,
        });
    }
    const json = JSON.stringify(parseConfig(marketConfigSchema, market));
    const { NativeEnv } = native();
    this.#native = call(() => new NativeEnv(json, group, books, positionMax, warmupNs));
    const layout = this.#native.layout();
    const [observations, finals, rewards, done, mask, bytes, agents, observation, action, kinds] =
      layout as unknown as [number, number, number, number, number, number, number, number, number, number];
    const buffer = new ArrayBuffer(bytes);
    this.books = books;
    this.agents = agents;
    this.observationLength = observation;
    this.actionLength = action;
    this.#out = new Uint8Array(buffer);
    const rows = books * agents;
    this.observations = new Float32Array(buffer, observations, rows * observation);
    this.finalObservations = new Float32Array(buffer, finals, rows * observation);
    this.rewards = new Float32Array(buffer, rewards, rows);
    this.done = new Uint8Array(buffer, done, books);
    this.mask = new Uint8Array(buffer, mask, rows * kinds);
    this.reset();
  }

  /**
   * Begins the first episode of a seed.
   *
   * @param seeds - One for each book. Default 1, 2, …
   * @param which - Books to reset: those whose number is not 0. Default all.
   */
  reset(seeds?: ArrayLike<number>, which?: ArrayLike<number>): void {
    const list = Float64Array.from(seeds ?? Array.from({ length: this.books }, (_, k) => k + 1));
    const chosen = which === undefined ? new Float64Array(this.books).fill(1) : Float64Array.from(which);
    call(() => this.#native.reset(list, chosen, this.#out));
  }

  /**
   * Carries out one action for every agent of every book and runs each book to its next decision.
   *
   * @param actions - By book and agent, {@link actionLength} numbers each. Starts at a multiple of 8 bytes.
   */
  step(actions: Int32Array): void {
    if (actions !== this.#actions) {
      this.#actions = actions;
      this.#actionBytes = new Uint8Array(actions.buffer, actions.byteOffset, actions.byteLength);
    }
    call(() => this.#native.step(this.#actionBytes, this.#out));
  }

  /** Actions so far that were not valid. */
  get invalidActions(): number {
    return this.#native.invalid();
  }

  /** Time per command over all books until now: one of a book in 256 is timed. No part of what an agent sees. */
  get latencyByKind(): LatencyByKind {
    return JSON.parse(call(() => this.#native.latencyByKind())) as LatencyByKind;
  }
}

function call<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fromNative(error);
  }
}
