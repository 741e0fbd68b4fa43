/** Matching policies: presets as data, previews, ranges that are Rust's, and books that match by them. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  OrderBook,
  POLICY_PRESETS,
  type PolicyInput,
  type PreviewRequest,
  policies,
  policySchema,
  policyStepSchema,
  type ToprungError,
} from '../src/index.js';
import { native } from '../src/native.js';

const book = '10T,5,20,50,75';
const fills = (policy: PolicyInput, level = book) => policies.preview({ book: level, aggressor: 60, policy }).fills;

/** What a function throws. */
function thrown(f: () => unknown): Pick<ToprungError, 'code' | 'path' | 'message'> | undefined {
  try {
    f();
  } catch (error) {
    return error as ToprungError;
  }
  return undefined;
}

describe('presets', () => {
  it('are the ones that the schema names, each with steps that end in fifo', () => {
    const list = policies.list();
    expect(list.map((p) => p.name)).toEqual([...POLICY_PRESETS]);
    for (const preset of list) {
      expect(preset.steps.at(-1), preset.name).toEqual({ kind: 'fifo' });
      expect(preset.steps.map((step) => policyStepSchema.parse(step))).toEqual(preset.steps);
      expect(policies.get(preset.name)).toEqual(preset);
    }
  });

  it('can be changed without changing the next one’s', () => {
    policies.list()[0]!.steps.length = 0;
    expect(policies.list()[0]!.steps).toHaveLength(1);
  });

  it('that do not exist are refused with the names that do', () => {
    expect(thrown(() => policies.get('cme.Z'))).toMatchObject({
      code: 'ERR_TOPRUNG_UNKNOWN_POLICY',
      message: expect.stringContaining('cme.K'),
    });
  });

  it.each([...POLICY_PRESETS])('%s is its steps', (name) => {
    const { steps } = policies.get(name);
    for (const level of [book, '10,20m,5c,30mL20,40e', '7g3,9,11L40,8']) {
      for (const aggressor of [1, 12, 60, 500]) {
        const by = (policy: PolicyInput) => policies.preview({ book: level, aggressor, policy });
        expect(by({ kind: 'steps', steps })).toEqual(by({ kind: 'preset', name }));
      }
    }
  });
});

describe('a preview', () => {
  it('of one book under every policy is the reference’s table', () => {
    const table: [PolicyInput, string, number[]][] = [
      [{ kind: 'preset', name: 'cme.F' }, book, [10, 5, 20, 25, 0]],
      [{ kind: 'preset', name: 'cme.C' }, book, [7, 0, 7, 18, 28]],
      [{ kind: 'preset', name: 'cme.C', minLot: 1 }, book, [6, 1, 7, 18, 28]],
      [{ kind: 'preset', name: 'cme.A' }, book, [10, 3, 6, 16, 25]],
      [{ kind: 'preset', name: 'cme.O', topMaxQty: 5 }, book, [9, 1, 7, 17, 26]],
      [{ kind: 'preset', name: 'cme.Q' }, '10T,5,20,50L40,75', [10, 3, 4, 26, 17]],
      [{ kind: 'preset', name: 'cme.S' }, '10T,5,20,50L40,75', [10, 5, 20, 25, 0]],
      [{ kind: 'preset', name: 'cme.T' }, '10T,5,20,50L40,75', [10, 5, 20, 25, 0]],
      [{ kind: 'preset', name: 'cme.K' }, book, [10, 5, 17, 11, 17]],
      [{ kind: 'preset', name: 'cme.K', fifoPercent: 20 }, book, [10, 5, 10, 14, 21]],
      [{ kind: 'preset', name: 'eurex.tpr' }, book, [9, 3, 12, 23, 13]],
      [{ kind: 'steps', steps: [{ kind: 'time-pro-rata', k: 4 }, { kind: 'fifo' }] }, book, [10, 5, 20, 23, 2]],
    ];
    for (const [policy, level, expected] of table)
      expect(fills(policy, level), JSON.stringify(policy)).toEqual(expected);
  });

  it('says what each step gives, and the steps add up', () => {
    const {
      byStep,
      fills: totals,
      orders,
    } = policies.preview({
      book: '10T,5,20L40,50,75',
      aggressor: 60,
      policy: { kind: 'preset', name: 'cme.K' },
    });
    expect(byStep.map(({ step }) => step.kind)).toEqual(['top', 'lmm', 'split', 'pro-rata', 'leveling', 'fifo']);
    expect(totals.map((_, i) => byStep.reduce((sum, s) => sum + s.fills[i]!, 0))).toEqual(totals);
    expect(orders.map(({ qty, top }) => [qty, top])).toEqual([
      [10, true],
      [5, false],
      [20, false],
      [50, false],
      [75, false],
    ]);
    expect(orders[2]?.participant).toMatchObject({ owner: 3, lmmPercent: 40 });
  });

  it('of a whole level is in time order, by no step', () => {
    expect(policies.preview({ book: '3,1', aggressor: 9, policy: { kind: 'preset', name: 'cme.C' } })).toMatchObject({
      wholeLevel: true,
      byStep: [],
      prints: [
        { order: 0, qty: 3 },
        { order: 1, qty: 1 },
      ],
    });
  });

  it('knows the aggressor’s group', () => {
    const policy = { kind: 'preset', name: 'cme.V' } as const;
    expect(policies.preview({ book: '5,5g7', aggressor: 5, group: 7, policy }).fills).toEqual([0, 5]);
    expect(policies.preview({ book: '5,5g7', aggressor: 5, policy }).fills).toEqual([5, 0]);
  });

  it.each<[Partial<PreviewRequest>, string, string, string]>([
    [{ book: '10,x' }, 'ERR_TOPRUNG_CONFIG', 'book', 'order 2 of the book'],
    [{ book: '10,5T' }, 'ERR_TOPRUNG_CONFIG', 'book', 'the oldest order alone'],
    [{ book: '' }, 'ERR_TOPRUNG_CONFIG', 'book', 'order 1 of the book'],
    [{ book: 7 as unknown as string }, 'ERR_TOPRUNG_ARGUMENT', 'book', 'expected a text'],
    [{ aggressor: 0 }, 'ERR_TOPRUNG_OUT_OF_RANGE', 'aggressor', 'got 0'],
    [{ aggressor: 1.5 }, 'ERR_TOPRUNG_NOT_INTEGER', 'aggressor', 'got 1.5'],
    [{ policy: { kind: 'x' } as never }, 'ERR_TOPRUNG_CONFIG', 'policy.kind', 'policy'],
    [{ policy: { kind: 'pro-rata', minLot: -1 } }, 'ERR_TOPRUNG_CONFIG', 'policy.minLot', 'at least 0'],
    [{ policy: { kind: 'steps', steps: [{ kind: 'top' }] } }, 'ERR_TOPRUNG_CONFIG', 'policy.steps', 'ends in `fifo`'],
    [
      { policy: { kind: 'steps', steps: [{ kind: 'fifo' }, { kind: 'fifo' }] } },
      'ERR_TOPRUNG_CONFIG',
      'policy.steps[1]',
      'never be reached',
    ],
  ])('of %j is refused with its place', (request, code, path, message) => {
    const found = thrown(() => policies.preview({ book, aggressor: 60, ...request }));
    expect(found).toMatchObject({ code, path });
    expect(found?.message).toContain(message);
  });
});

describe('a book', () => {
  it('matches by its steps and knows its participants', () => {
    const market = new OrderBook({
      policy: { kind: 'preset', name: 'cme.T' },
      participants: [{ owner: 9, lmmPercent: 50 }],
    });
    market.limit(1, 'sell', 100, 10);
    market.limit(2, 'sell', 100, 10, { owner: 9 });
    const trades = market.market(3, 'buy', 4).filter((e) => e.kind === 'trade');
    expect(trades.map(({ maker, qty }) => [maker, qty])).toEqual([
      [2, 2],
      [1, 2],
    ]);
  });

  it('matches by a preset exactly as by its steps', () => {
    const digest = (policy: PolicyInput) => {
      const market = new OrderBook({ policy });
      for (let i = 1; i <= 40; i++) market.limit(i, 'sell', 100 - (i % 3), (i * 7) % 23, { owner: i % 5 });
      for (let i = 41; i <= 60; i++) market.market(i, 'buy', (i * 5) % 31);
      return market.digest;
    };
    for (const { name, steps } of policies.list())
      expect(digest({ kind: 'steps', steps }), name).toBe(digest({ kind: 'preset', name }));
    expect(digest({ kind: 'preset', name: 'cme.A' })).not.toBe(digest({ kind: 'fifo' }));
  });

  it('refuses participants that do not fit, with their place', () => {
    expect(thrown(() => new OrderBook({ participants: [{ owner: 0 }] }))).toMatchObject({
      code: 'ERR_TOPRUNG_CONFIG',
      path: 'participants[0].owner',
    });
  });
});

/** A JSON schema, as far as these tests look into it. */
interface Schema {
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  items?: Schema | Schema[];
  prefixItems?: Schema[];
  required?: string[];
  const?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
}

/** Every number of every alternative, with a value that is right for whatever else it requires. */
function* numbers(schema: Schema): Generator<[name: string, make: (value: number) => object, schema: Schema]> {
  for (const { properties = {}, required = [] } of schema.oneOf ?? []) {
    const valid = ([key, s]: [string, Schema]) => [key, s.const ?? s.enum?.[0] ?? s.minimum];
    const beside = Object.fromEntries(
      Object.entries(properties)
        .filter(([key]) => required.includes(key))
        .map(valid),
    );
    for (const [key, property] of Object.entries(properties)) {
      const make = (value: number) => ({ ...beside, [key]: value });
      if (property.minimum !== undefined) yield [`${beside.kind}.${key}`, make, property];
      for (const [i, item] of (property.prefixItems ?? []).entries()) {
        const list = (value: number) => ({ ...beside, [key]: [0, 1, 2].map((at) => (at === i ? value : 0)) });
        yield [`${beside.kind}.${key}[${i}]`, list, item];
      }
    }
  }
}

describe('ranges are the same in zod and in Rust:', () => {
  const schemaOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input' }) as Schema;
  const rust = (policy: object) =>
    thrown(() => native().previewAllocation(JSON.stringify({ book, aggressor: 1, policy })));
  const asPolicy = (step: object) => ({ kind: 'steps', steps: [step, { kind: 'fifo' }] });
  const cases = [
    ...[...numbers(schemaOf(policySchema))].map(([name, make, s]) => [`policy ${name}`, make, s] as const),
    ...[...numbers(schemaOf(policyStepSchema))].map(
      ([name, make, s]) => [`step ${name}`, (value: number) => asPolicy(make(value)), s] as const,
    ),
  ];

  it('there are some', () => expect(cases.length).toBeGreaterThan(15));

  it.each(cases)('%s', (_, make, { minimum = 0, maximum = 0 }) => {
    for (const value of [minimum, maximum]) {
      expect(policySchema.safeParse(make(value)).success, `${value}`).toBe(true);
      expect(rust(make(value)), `${value}`).toBeUndefined();
    }
    for (const value of [minimum - 1, maximum + 1, minimum + 0.5]) {
      expect(policySchema.safeParse(make(value)).success, `${value}`).toBe(false);
      expect(rust(make(value)), `${value}`).toMatchObject({ code: 'ERR_TOPRUNG_CONFIG' });
    }
  });
});
