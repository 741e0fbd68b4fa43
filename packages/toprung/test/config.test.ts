/** Configuration: defaults, ranges, messages, JSON schema. */
import { describe, expect, it } from 'vitest';
import { configJsonSchema, parseSimulationConfig, scenarios, type ToprungError } from '../src/index.js';
import { native } from '../src/native.js';

/** A JSON schema, as far as these tests look into it. */
interface Schema {
  properties?: Record<string, Schema>;
  oneOf?: Schema[];
  anyOf?: Schema[];
  type?: string;
  const?: unknown;
  enum?: unknown[];
  required?: string[];
  minimum?: number;
  maximum?: number;
  description?: string;
  default?: unknown;
}

/** A numeric setting: its path, its range, and what must stand in the objects on the way for it to be a setting at all. */
interface NumericSetting {
  path: string[];
  schema: Schema;
  chain: Record<string, unknown>[];
}

/** Every numeric setting with its range, by path; unions by the branch that has it. */
function* numbers(schema: Schema, path: string[] = [], above: NumericSetting['chain'] = []): Generator<NumericSetting> {
  const required = Object.entries(schema.properties ?? {}).filter(([k]) => schema.required?.includes(k));
  const beside = required.map(([k, s]) => [k, s.const ?? s.enum?.[0]]).filter(([, v]) => v !== undefined);
  const chain = [...above, Object.fromEntries(beside) as Record<string, unknown>];
  for (const [key, value] of Object.entries(schema.properties ?? {})) {
    if (value.type === 'integer' || value.type === 'number') yield { path: [...path, key], schema: value, chain };
    for (const branch of [value, ...(value.oneOf ?? []), ...(value.anyOf ?? [])])
      yield* numbers(branch, [...path, key], chain);
  }
}

function problem(config: unknown): Pick<ToprungError, 'code' | 'path' | 'message'> | undefined {
  try {
    parseSimulationConfig(config);
  } catch (error) {
    return error as ToprungError;
  }
  return undefined;
}

/** What Rust says of a configuration that zod has not seen. The run is cancelled before it starts. */
async function rustProblem(config: object): Promise<{ code: string; message: string } | undefined> {
  const { CancelFlag, simulate } = native();
  const cancel = new CancelFlag();
  cancel.cancel();
  try {
    await simulate(JSON.stringify(config), cancel, () => {});
  } catch (error) {
    return error as { code: string; message: string };
  }
  return undefined;
}

const base = () => parseSimulationConfig({ horizon: { events: 1 } }) as unknown as Record<string, unknown>;

function withValue({ path, chain }: NumericSetting, value: number): Record<string, unknown> {
  const config = base();
  let at: Record<string, unknown> = config;
  for (const [depth, key] of path.slice(0, -1).entries()) {
    const beside = chain[depth + 1] ?? {};
    // Another alternative has other settings: they take their defaults.
    const other = key === 'horizon' || Object.keys(beside).length > 0;
    at[key] = other ? { ...beside } : { ...(at[key] as object) };
    at = at[key] as Record<string, unknown>;
  }
  at[path.at(-1)!] = value;
  return config;
}

describe('a simulation’s configuration', () => {
  it('has a default for everything', () => {
    expect(parseSimulationConfig({})).toMatchObject({
      seed: 1,
      books: 1,
      horizon: { events: 1_000_000 },
      book: { policy: { kind: 'fifo' }, replacePriority: 'keep-on-decrease' },
      flow: { model: 'santa-fe', limitRate: 25, windowTicks: 160 },
      latencySampling: null,
    });
  });

  it('has the defaults that Rust has', async () => {
    const { CancelFlag, simulate } = native();
    const run = async (config: object) =>
      (await simulate(JSON.stringify(config), new CancelFlag(), () => {})).summary();
    const pick = (summary: string) => JSON.parse(summary).digest;
    const horizon = { events: 5000 };
    expect(pick(await run({ horizon }))).toBe(pick(await run(parseSimulationConfig({ horizon }))));
  });

  it.each([
    'santa-fe',
    'cst',
    'queue-reactive',
    'imbalance-spread',
    'hawkes',
    'mike-farmer',
    'correlated',
    'realistic-day',
  ] as const)('has the defaults that Rust has for %s', async (model) => {
    const { CancelFlag, simulate } = native();
    const config = { horizon: { events: 2000 }, warmupEvents: 0, flow: { model } };
    const digest = async (complete: object) =>
      JSON.parse((await simulate(JSON.stringify(complete), new CancelFlag(), () => {})).summary()).digest;
    expect(await digest(parseSimulationConfig(config))).toBe(await digest(config));
  });

  const unit = Array.from({ length: 6 }, (_, i) => Array.from({ length: 6 }, (_, j) => (i === j ? 0.6 : 0)));
  const queue = { limit: [5], cancel: [0, 3], market: [0, 1] };
  it.each([
    [{ model: 'hawkes', sameSide: unit, crossSide: unit }, 'flow.sameSide', /below 1 in spectral radius.*unstable/],
    [
      { model: 'realistic-day', excitation: { sameSide: unit, crossSide: unit } },
      'flow.excitation.sameSide',
      /below 1 in spectral radius.*unstable/,
    ],
    [{ model: 'hawkes', baseRates: [1, 1, 1, 1, 1, -1] }, 'flow.baseRates[5]', /at least 0|0 or a number/],
    [{ model: 'hawkes', kernel: [{ decayRate: 1, weight: 0.5 }] }, 'flow.kernel', /weights add up to 1/],
    [{ model: 'cst', limitRates: [1, -2] }, 'flow.limitRates[1]', /at least 0|0 or a number/],
    [{ model: 'cst', cancelRates: [] }, 'flow.cancelRates', /at least 1|1 to 1000/],
    [{ model: 'queue-reactive', levels: [queue] }, 'flow.levels[0].limit', /grows for ever/],
    [
      { model: 'queue-reactive', levels: [{ ...queue, limit: [1], cancel: [1, 3] }] },
      'flow.levels[0].cancel[0]',
      /an empty queue has nothing to lose/,
    ],
    [{ model: 'queue-reactive', oppositeClasses: [3] }, 'flow.oppositeClasses', /one fewer than byOpposite/],
    [{ model: 'correlated', correlation: 1.1 }, 'flow.correlation', /at most 1|from 0 to 1/],
    [{ model: 'santa-fe', marketRate: -1 }, 'flow.marketRate', /at least 0|0 or a number/],
    [{ model: 'santa-fe', splitting: { lengthExponent: 0 } }, 'flow.splitting.lengthExponent', /at least 0.1|from 0.1/],
    [{ model: 'mike-farmer', splitting: { metaorders: 0 } }, 'flow.splitting.metaorders', /at least 1|from 1/],
    [{ model: 'mike-farmer', degreesOfFreedom: 0 }, 'flow.degreesOfFreedom', /at least 0.1|from 0.1/],
    [{ model: 'imbalance-spread', delayQuantilesNs: [5, 4] }, 'flow.delayQuantilesNs', /ascending/],
    [{ model: 'imbalance-spread', delayQuantilesNs: [0, 0] }, 'flow.delayQuantilesNs', /above 0/],
    [
      { model: 'realistic-day', sizes: { roundShare: 0.8, multipleShare: 0.3 } },
      'flow.sizes.multipleShare',
      /at most 1 together with roundShare/,
    ],
  ])('%j is refused by zod and by Rust alike, with the path and the rule', async (flow, path, rule) => {
    const found = problem({ flow });
    expect([found?.code, found?.path]).toEqual(['ERR_TOPRUNG_CONFIG', path]);
    expect(found?.message).toMatch(rule);
    const refused = await rustProblem({ flow });
    expect(refused?.message).toMatch(rule);
    expect(refused?.message).toContain(path);
  });

  it.each([
    [{ seed: -1 }, 'seed', 'seed: expected at least 0, got -1'],
    [{ seed: Number.NaN }, 'seed', /^seed: expected .*number.*, got NaN$/],
    [{ books: 1.5 }, 'books', 'books: expected an integer, got 1.5'],
    [{ bokos: 2 }, 'bokos', 'bokos: there is no such setting'],
    [{ horizon: { events: 0 } }, 'horizon.events', 'horizon.events: expected at least 1, got 0'],
    [{ samples: { rows: 1 } }, 'samples.rows', 'samples.rows: expected 0 or an integer from 2 to 65536, got 1'],
    [{ flow: { model: 'hawks' } }, 'flow.model', /^flow\.model: .*'santa-fe'/],
    [
      { book: { replacePriority: 'x' } },
      'book.replacePriority',
      /expected "keep-on-decrease" or "lose-always", got "x"/,
    ],
    [7, undefined, 'expected a value of type object, got 7'],
  ])('%j is refused with its place, what was expected and what came', (config, path, message) => {
    const found = problem(config);
    expect([found?.code, found?.path]).toEqual(['ERR_TOPRUNG_CONFIG', path]);
    expect(found?.message).toMatch(message);
  });

  it('names every setting that is wrong', () => {
    expect(problem({ seed: -1, books: 0 })?.message).toBe(
      'seed: expected at least 0, got -1; books: expected at least 1, got 0',
    );
  });
});

describe('ranges', () => {
  const settings = [...numbers(configJsonSchema() as Schema)];

  it('are on every numeric setting, with a description', () => {
    expect(settings.length).toBeGreaterThan(15);
    for (const { path, schema } of settings) {
      expect([schema.minimum, schema.maximum], path.join('.')).toEqual([expect.any(Number), expect.any(Number)]);
      expect(schema.description, path.join('.')).toMatch(/\.$/);
    }
  });

  it.each(settings.map((s) => [s.path.join('.'), s] as const))(
    'of %s are the same in zod and in Rust',
    async (name, s) => {
      const { minimum = 0, maximum = 0 } = s.schema;
      // JSON has no way to write a larger seed; Rust takes any u64.
      const outside = name === 'seed' ? [minimum - 1] : [minimum - 1, maximum + 1];
      for (const value of outside) {
        const config = withValue(s, value);
        expect(problem(config)?.code).toBe('ERR_TOPRUNG_CONFIG');
        expect(await rustProblem(config), `${name} = ${value}`).toMatchObject({ code: 'ERR_TOPRUNG_CONFIG' });
      }
      for (const value of [minimum, maximum]) {
        const config = withValue(s, value);
        // A value in its own range may still not fit the others; that has another rule or another code.
        expect(problem(config)?.message ?? '').toMatch(/^$|: expected such that /);
        const refused = await rustProblem(config);
        if (refused?.message.endsWith(`at ${name}`))
          expect(refused.message).toMatch(/^must be (such that|so |at most 10)/);
      }
    },
  );
});

describe('the JSON schema', () => {
  it('is one for each configuration and refuses unknown settings', () => {
    for (const kind of ['book', 'simulation', 'replay'] as const) {
      const schema = configJsonSchema(kind);
      expect(schema).toMatchObject({ type: 'object', additionalProperties: false });
      expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
    }
  });

  it('requires nothing, since everything has a default', () => {
    expect(configJsonSchema().required).toBeUndefined();
    expect((configJsonSchema() as Schema).properties?.books).toMatchObject({ default: 1 });
  });
});

describe('scenarios', () => {
  it('are Rust’s, each with a valid and complete configuration', () => {
    const list = scenarios.list();
    expect(list.length).toBeGreaterThan(0);
    for (const s of list) {
      expect(s).toMatchObject({
        name: expect.stringMatching(/^[a-z0-9-]+$/),
        title: expect.any(String),
        purpose: expect.any(String),
      });
      expect(s.lookAt.length).toBeGreaterThan(0);
      expect(parseSimulationConfig(s.config)).toEqual(s.config);
      expect(scenarios.get(s.name)).toEqual(s);
    }
  });

  it('can be changed without changing the next one’s', () => {
    const first = scenarios.list()[0]!;
    first.config.seed = 99;
    expect(scenarios.get(first.name).config.seed).not.toBe(99);
  });

  it('that do not exist are refused with the names that do', () => {
    expect(() => scenarios.get('zi-baselin')).toThrow(
      expect.objectContaining({
        code: 'ERR_TOPRUNG_UNKNOWN_SCENARIO',
        message: expect.stringContaining('zi-baseline'),
      }),
    );
  });
});
