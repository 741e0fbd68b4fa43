/**
 * Order-flow models as zod schemas. Equations, sources and what each model produces are in docs/flow-models.md; ranges and
 * defaults are Rust's, and a test compares them.
 */
import { z } from 'zod';

const rate = (what: string, max: number) => z.number().min(0).max(max).describe(`${what}: 0, or 10^-9 to ${max}.`);
const rates = (max: number, from = 1, to = 1000) => z.array(z.number().min(0).max(max)).min(from).max(to);
const between = (min: number, max: number, what: string) => z.number().min(min).max(max).describe(what);
const model = <const M extends string>(name: M, what: string) => z.literal(name).describe(what);

const orderSize = z
  .int()
  .min(1)
  .max(2 ** 20)
  .default(1)
  .describe('Size of every order, in lots.');
const referencePrice = z
  .int()
  .min(-(2 ** 50))
  .max(2 ** 50)
  .default(1_000_000)
  .describe('Price about which an empty book starts, in ticks.');

/** Metaorders whose pieces the market orders are (Lillo, Mike and Farmer 2005). */
export const splittingSchema = z
  .strictObject({
    metaorders: z.int().min(1).max(10_000).default(10).describe('Metaorders at work at a time.'),
    lengthExponent: between(0.1, 10, 'α: a metaorder has L pieces with probability ∝ L^-(1+α).').default(1.5),
    lengthMax: z.int().min(1).max(1_000_000).default(1000).describe('Most pieces of a metaorder.'),
  })
  .describe('Metaorders whose pieces the market orders are: their signs have long memory.');

/** The zero-intelligence ("Santa Fe") order flow. */
export const santaFeSchema = z
  .strictObject({
    model: model('santa-fe', 'Zero intelligence: independent Poisson processes (Smith et al. 2003).'),
    limitRate: rate('Limit orders per second, per tick and side', 1e9).default(25),
    marketRate: rate('Market orders per second, both sides together', 1e9).default(1000),
    cancelRate: rate('Cancels per second and resting order', 1e5).default(10),
    windowTicks: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(160)
      .describe('Limit orders are placed up to this many ticks from the opposite best price.'),
    orderSize,
    referencePrice,
    splitting: splittingSchema.optional(),
  })
  .describe('The zero-intelligence “Santa Fe” flow, with order splitting if asked for.');

const CST_RATES = [
  1.85,
  1.51,
  1.09,
  0.88,
  0.77,
  ...Array.from({ length: 25 }, (_, k) => Math.round(1.92 * (k + 6) ** -0.52 * 1e4) / 1e4),
];

/** The flow of Cont, Stoikov and Talreja (2010). */
export const cstSchema = z
  .strictObject({
    model: model('cst', 'Poisson flow by distance from the opposite best price (Cont, Stoikov and Talreja 2010).'),
    limitRates: rates(1e9)
      .default(CST_RATES)
      .describe('λ(i), i = 1 …: limit orders per second and side at i ticks from the opposite best price.'),
    marketRate: rate('Market orders per second, both sides together', 1e9).default(1.88),
    cancelRates: rates(1e5)
      .default([0.71, 0.81, 0.68, 0.56, 0.47])
      .describe('θ(i), i = 1 …: cancels per second and order at i ticks from the opposite best price.'),
    orderSize,
    referencePrice,
  })
  .describe('The flow of Cont, Stoikov and Talreja.');

const last = (list: readonly number[]) => list.at(-1) ?? 0;

/** Rates of one queue by its size. */
export const queueRatesSchema = z
  .strictObject({
    limit: rates(1e6, 1, 1024).describe('Limit orders per second by queue size from 0; the last holds beyond.'),
    cancel: rates(1e6, 1, 1024).describe('Cancels per second by queue size; the first is 0.'),
    market: rates(1e6, 1, 1024).describe('Market orders per second by queue size; the first is 0.'),
  })
  .check(({ value, issues }) => {
    for (const key of ['cancel', 'market'] as const) {
      if (value[key][0] === 0) continue;
      const message = 'expected 0: an empty queue has nothing to lose';
      issues.push({ code: 'custom', path: [key, 0], input: value[key][0], message });
    }
    const [limit, drain] = [last(value.limit), last(value.cancel) + last(value.market)];
    if (limit >= drain) {
      const message = 'expected below cancel + market for large queues, or the queue grows for ever';
      issues.push({ code: 'custom', path: ['limit'], input: limit, message });
    }
  })
  .describe('Rates of one queue by its size, events per second.');

function defaultQueue(limit: number, cancel: number, market: number) {
  return {
    limit: [limit],
    cancel: Array.from({ length: 9 }, (_, n) => Math.min(cancel, (cancel / 8) * n)),
    market: [0, ...Array.from({ length: 6 }, (_, n) => market / (n + 1))],
  };
}

/** The queue-reactive flow of Huang, Lehalle and Rosenbaum (2015). */
export const queueReactiveSchema = z
  .strictObject({
    model: model('queue-reactive', 'Queues whose rates depend on their sizes (Huang, Lehalle and Rosenbaum 2015).'),
    levels: z
      .array(queueRatesSchema)
      .min(1)
      .max(16)
      .default([defaultQueue(40, 36, 30), defaultQueue(32, 40, 0), defaultQueue(28, 32, 0)])
      .describe('Rates of queue 1 … K from the reference price, both sides alike.'),
    behindEmpty: queueRatesSchema
      .optional()
      .describe('Model IIa: rates of queue 2 while queue 1 of its side is empty.'),
    byOpposite: z
      .array(queueRatesSchema)
      .max(16)
      .default([])
      .describe('Model IIb: rates of queue 1 by class of the opposite queue 1.'),
    oppositeClasses: z
      .array(
        z
          .int()
          .min(0)
          .max(2 ** 31),
      )
      .max(15)
      .default([])
      .describe('Model IIb: largest size of every class but the last, ascending.'),
    move: between(0, 1, 'θ: probability that the reference price follows the mid price.').default(0.7),
    redraw: between(0, 1, 'Probability that the book is redrawn when the reference price moves.').default(0.85),
    orderSize,
    referencePrice,
  })
  .check(({ value, issues }) => {
    const { byOpposite, oppositeClasses } = value;
    const ascending = oppositeClasses.every((size, i) => i === 0 || size > (oppositeClasses[i - 1] ?? 0));
    if (!ascending || oppositeClasses.length !== Math.max(byOpposite.length - 1, 0)) {
      const message = 'expected ascending sizes, one fewer than byOpposite';
      issues.push({ code: 'custom', path: ['oppositeClasses'], input: oppositeClasses, message });
    }
  })
  .describe('The queue-reactive flow: model I, and IIa or IIb with `behindEmpty` or `byOpposite`.');

const line = (from: number, to: number) => Array.from({ length: 10 }, (_, k) => from + ((to - from) * k) / 9);

/** The queue-reactive flow projected on imbalance and spread. */
export const imbalanceSpreadSchema = z
  .strictObject({
    model: model('imbalance-spread', 'Queue-reactive, projected on imbalance and spread (Noble et al. 2026).'),
    rates: z
      .strictObject({
        addBest: rates(1e6, 1, 64).describe('Limit orders at the best price, by class of imbalance.'),
        cancelBest: rates(1e6, 1, 64).describe('Cancels at the best price.'),
        trade: rates(1e6, 1, 64).describe('Market orders against the best queue.'),
        addBehind: rates(1e6, 1, 64).describe('Limit orders a tick behind the best price.'),
        cancelBehind: rates(1e6, 1, 64).describe('Cancels a tick behind the best price.'),
      })
      .check(({ value, issues }) => {
        for (const [key, list] of Object.entries(value)) {
          if (list.length === value.addBest.length) continue;
          issues.push({ code: 'custom', path: [key], input: list.length, message: 'expected as many as addBest has' });
        }
      })
      .default({
        addBest: line(24, 42),
        cancelBest: line(33, 24),
        trade: line(15, 3),
        addBehind: line(18, 18),
        cancelBehind: line(18, 18),
      })
      .describe('Events per second and side at a spread of one tick, by class of imbalance.'),
    create: z
      .array(z.number().min(1).max(1e6))
      .min(1)
      .max(64)
      .default([60, 120])
      .describe('Orders per second and side that make a new best price, by spread from 2 ticks.'),
    delayQuantilesNs: z
      .array(
        z
          .int()
          .min(0)
          .max(2 ** 50),
      )
      .max(4097)
      .refine((list) => list.length !== 1 && list.at(-1) !== 0 && list.every((t, i) => t >= (list[i - 1] ?? 0)), {
        error: 'expected none, or 2 to 4097 ascending times, the last above 0',
      })
      .default([])
      .describe('Time between events as equally spaced quantiles, ns; empty for exponential times.'),
    orderSize,
    referencePrice,
  })
  .describe('The queue-reactive flow projected on imbalance and spread.');

/** One exponential of a kernel. */
export const kernelTermSchema = z.strictObject({
  decayRate: between(1e-4, 1e9, 'β: decay rate per second.'),
  weight: between(0, 1, 'Share of the integral.'),
});

type KernelTerm = z.output<typeof kernelTermSchema>;

const kernel = (terms: readonly (readonly [decayRate: number, weight: number])[]) =>
  z
    .array(kernelTermSchema)
    .min(1)
    .max(16)
    .refine((list: KernelTerm[]) => Math.abs(list.reduce((sum, term) => sum + term.weight, 0) - 1) < 1e-6, {
      error: 'expected terms whose weights add up to 1',
    })
    .default(terms.map(([decayRate, weight]) => ({ decayRate, weight })))
    .describe('The kernel: exponentials whose weights add up to 1.');

const placementSchema = z
  .strictObject({
    exponent: between(0, 10, 'Orders behind the touch are d ticks away with probability ∝ d^-exponent.').default(1.5),
    maxTicks: z.int().min(1).max(100_000).default(200).describe('Largest distance behind the touch, in ticks.'),
    insideMeanTicks: between(
      1,
      1e5,
      'Orders inside the spread are d ticks better than the best price of their side with probability ∝ (1 - 1/m)^d; without it every price there is as likely.',
    ).optional(),
    cancelRate: rate('Cancels per second and resting order, beside all others', 1e5).default(0.05),
    orderSize,
    referencePrice,
  })
  .prefault({})
  .describe('Where orders go, and how long they last.');

const matrix = z.array(z.array(z.number().min(0).max(1000)).length(6)).length(6);

/**
 * The spectral radius of a matrix without negative entries, by power iteration on I + G: the branching ratio of a Hawkes
 * process, which is stable below 1.
 */
export function spectralRadius(rows: readonly (readonly number[])[]): number {
  let v = rows.map(() => 1);
  let radius = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 2000; round++) {
    const next = rows.map((row, i) => row.reduce((sum, g, j) => sum + g * (v[j] ?? 0), v[i] ?? 0));
    const ratios = next.map((x, i) => x / (v[i] ?? 1));
    radius = Math.max(...ratios) - 1;
    if (Math.max(...ratios) - Math.min(...ratios) < 1e-12) break;
    const norm = next.reduce((a, b) => a + b, 0);
    v = next.map((x) => Math.max(x / norm, 1e-280));
  }
  return radius;
}

const hawkesSettings = {
  baseRates: rates(1e8, 6, 6)
    .default([1.5, 5, 5, 7, 5.5, 0.6])
    .describe(
      'Events per second and side that nothing triggered: limit orders inside the spread, at the touch, behind it; ' +
        'cancels at the touch, behind it; market orders.',
    ),
  sameSide: matrix
    .default([
      [0.1, 0.04, 0.02, 0.06, 0.02, 0.12],
      [0.15, 0.25, 0.06, 0.16, 0.04, 0.06],
      [0.05, 0.06, 0.3, 0.05, 0.22, 0.03],
      [0.15, 0.15, 0.04, 0.2, 0.05, 0.03],
      [0.02, 0.04, 0.15, 0.05, 0.22, 0.02],
      [0.03, 0.02, 0.01, 0.02, 0.01, 0.22],
    ])
    .describe('Children of each type (row) per event of each type (column) on the same side.'),
  crossSide: matrix
    .default([
      [0.05, 0.02, 0.01, 0.04, 0.01, 0.06],
      [0.05, 0.08, 0.03, 0.06, 0.03, 0.04],
      [0.02, 0.02, 0.06, 0.02, 0.07, 0.02],
      [0.06, 0.03, 0.02, 0.03, 0.02, 0.11],
      [0.02, 0.02, 0.04, 0.02, 0.05, 0.02],
      [0.05, 0.02, 0.01, 0.04, 0.01, 0.02],
    ])
    .describe('The same on the opposite side.'),
  kernel: kernel([
    [1000, 0.4],
    [100, 0.3],
    [10, 0.2],
    [1, 0.1],
  ]),
  method: z
    .enum(['cluster', 'thinning'])
    .default('cluster')
    .describe('How the process is drawn: as a branching process, or by thinning.'),
  placement: placementSchema,
};

const excitation = z.strictObject(hawkesSettings);

function checkStability(value: z.output<typeof excitation>, issues: z.core.$ZodRawIssue[]): void {
  const both = value.sameSide.map((row, i) => row.map((g, j) => g + (value.crossSide[i]?.[j] ?? 0)));
  const radius = spectralRadius(both);
  if (radius < 1) return;
  const message = 'expected below 1 in spectral radius together with crossSide: the process is unstable otherwise';
  issues.push({ code: 'custom', path: ['sameSide'], input: radius, message });
}

/** A Hawkes process of twelve types of events. */
export const hawkesSchema = z
  .strictObject({
    model: model('hawkes', 'Twelve types of events that trigger each other: a multivariate Hawkes process.'),
    ...hawkesSettings,
  })
  .check(({ value, issues }) => checkStability(value, issues))
  .describe('The Hawkes flow.');

/** The flow of Mike and Farmer (2008). */
export const mikeFarmerSchema = z
  .strictObject({
    model: model('mike-farmer', 'Signs with memory, Student-t placement, cancels by position (Mike and Farmer 2008).'),
    orderRate: between(1, 1e8, 'Orders per second, both sides together.').default(100),
    degreesOfFreedom: between(0.1, 100, 'ν of the Student placement.').default(1.3),
    scaleTicks: between(0.01, 1e5, 'Scale of the placement, in ticks.').default(6),
    offsetMaxTicks: z.int().min(1).max(100_000).default(4000).describe('The placement is cut at so many ticks.'),
    passiveTail: z.boolean().default(true).describe('Whether the passive side of the placement has a power-law tail.'),
    cancelStrength: between(1e-6, 100, 'A: strength of the cancels.').default(1.12),
    cancelOffset: between(0, 100, 'B: what the cancels do not owe to imbalance.').default(0.2),
    splitting: splittingSchema.prefault({}),
    orderSize,
    referencePrice,
  })
  .describe('The flow of Mike and Farmer.');

/** Assets with a common factor. */
export const correlatedSchema = z
  .strictObject({
    model: model('correlated', 'Assets with a common factor, quoted at random times: the Epps effect.'),
    assets: z
      .int()
      .min(1)
      .max(2 ** 18)
      .default(2)
      .describe('Books to a group: book k belongs to group floor(k / assets).'),
    correlation: between(0, 1, 'ρ: correlation of the values of two assets of a group.').default(0.8),
    jumpRate: between(1, 1e7, 'Jumps of a value per second.').default(1000),
    jumpTicks: between(0.001, 1000, 'Size of a jump, in ticks.').default(2),
    quoteRate: between(0.001, 1e7, 'Times per second that the dealer moves his quotes to the value.').default(10),
    marketRate: between(0, 1e7, 'Market orders per second, both sides together.').default(5),
    halfSpreadTicks: z.int().min(1).max(1_000_000).default(2).describe('Distance of the quotes from the value, ticks.'),
    orderSize: z
      .int()
      .min(1)
      .max(2 ** 20)
      .default(1000)
      .describe('Size of a quote, in lots; market orders are for one.'),
    referencePrice,
  })
  .describe('Assets whose values have a factor in common.');

/** The queue-reactive Hawkes flow with memory. */
export const realisticDaySchema = z
  .strictObject({
    model: model('realistic-day', 'Hawkes times, reactions to the book, memory of the signed flow, real sizes.'),
    excitation: excitation
      .check(({ value, issues }) => checkStability(value, issues))
      .prefault({})
      .describe('Times, types and places: a Hawkes process.'),
    splitting: splittingSchema.prefault({ metaorders: 4 }),
    imbalanceResponse: between(0, 1, 'How strongly imbalance decides on market orders and cancels.').default(0.6),
    spreadTicks: between(0.1, 1e5, 'Ticks of spread at which every order meant for the inside goes there.').default(4),
    memory: z
      .strictObject({
        strength: between(0, 100, 'How strongly liquidity comes back against the flow.').default(0.15),
        kernel: kernel([
          [1, 0.55],
          [0.1, 0.25],
          [0.01, 0.13],
          [0.001, 0.07],
        ]),
      })
      .prefault({})
      .describe('Memory of the signed flow.'),
    sizes: z
      .strictObject({
        roundLot: z
          .int()
          .min(1)
          .max(2 ** 16)
          .default(100)
          .describe('The round lot, in lots.'),
        roundShare: between(0, 1, 'Share of limit orders of exactly one round lot.').default(0.49),
        multipleShare: between(0, 1, 'Share of limit orders of two to ten round lots.').default(0.03),
        takeShare: between(0, 1, 'Share of market orders that take exactly the best queue.').default(0.55),
        throughShare: between(0, 1, 'Share of the others that may go through the best queue.').default(0.1),
      })
      .check(({ value, issues }) => {
        const sum = value.roundShare + value.multipleShare;
        if (sum <= 1) return;
        const message = 'expected such that it is at most 1 together with roundShare';
        issues.push({ code: 'custom', path: ['multipleShare'], input: sum, message });
      })
      .prefault({})
      .describe('Sizes of orders.'),
  })
  .describe('The queue-reactive Hawkes flow with memory.');

/** The order flow. */
export const flowSchema = z
  .discriminatedUnion('model', [
    santaFeSchema,
    cstSchema,
    queueReactiveSchema,
    imbalanceSpreadSchema,
    hawkesSchema,
    mikeFarmerSchema,
    correlatedSchema,
    realisticDaySchema,
  ])
  .describe('The background order flow: a model and its parameters.');

/** The day's shape: activity a + b (2t/T − 1)² with mean 1. */
export const seasonSchema = z
  .strictObject({
    sessionNs: z
      .int()
      .min(2 ** 20)
      .max(2 ** 50)
      .default(23_400_000_000_000)
      .describe('Length of a session, ns.'),
    openToNoon: between(1, 1000, 'Activity at the open and the close in units of that at noon.').default(2.6),
  })
  .optional()
  .describe('Intraday seasonality: the flow’s clock runs fast at the open and the close.');
