/**
 * Every configuration, as zod schemas: the one source of the TypeScript types, the JSON schema, the command's options
 * and the documentation. Unknown settings are refused, missing ones take the default given here.
 *
 * The Rust core checks the same ranges once more, and alone those that span several settings.
 */
import { z } from 'zod';
import { ToprungError } from './errors.js';
import { flowSchema, seasonSchema } from './flow-schema.js';
import { PHASES } from './names.js';
import { participantsSchema, policySchema } from './policy-schema.js';

/** Whose orders are one’s own. */
export const selfTradeScopeSchema = z
  .enum(['owner', 'group'])
  .describe('Whose orders are one’s own for self-trade prevention: those of the same owner, or of the same group too');

/** What a replace does to an order’s place in the queue. */
export const replacePrioritySchema = z
  .enum(['keep-on-decrease', 'lose-always'])
  .describe(
    'What a replace does to an order’s place: kept when the price stays and the quantity does not rise, or lost.',
  );

/** What every book has to be told, one of its own or one of a simulation. */
const bookConventions = {
  policy: policySchema.prefault({ kind: 'fifo' }),
  participants: participantsSchema,
  selfTradeScope: selfTradeScopeSchema.default('owner'),
  replacePriority: replacePrioritySchema.default('keep-on-decrease'),
};

/** What a book has that is alone, and not one of a simulation. */
const bookLimits = {
  maxOrders: z
    .int()
    .min(1)
    .max(2 ** 28)
    .default(2 ** 28)
    .describe('Most orders that may rest at a time; a further one is rejected with `book-full`.'),
  expectedOrders: z
    .int()
    .min(0)
    .max(2 ** 28)
    .default(0)
    .describe('Resting orders to reserve memory for at once, at most `maxOrders`.'),
};

/** The configuration of an {@link OrderBook}. */
export const bookConfigSchema = z.strictObject({ ...bookConventions, ...bookLimits }).describe('One order book.');

/** A complete book configuration. */
export type BookConfig = z.output<typeof bookConfigSchema>;
/** A book configuration as people write it: everything has a default. */
export type BookConfigInput = z.input<typeof bookConfigSchema>;

/** What a venue does with orders at a time. */
export const phaseSchema = z.enum(PHASES).describe('What the venue does with orders at a time.');

const ticks = () => z.int().min(-Number.MAX_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);
const count = () => z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** The configuration of a {@link Venue}. What the settings do is in docs/venue.md. */
export const venueConfigSchema = z
  .strictObject({
    ...bookConventions,
    ...bookLimits,
    phase: phaseSchema.default('continuous').describe('The phase it begins in.'),
    marketRemainder: z
      .enum(['cancel', 'rest', 'rest-at-worst'])
      .default('cancel')
      .describe('What becomes of the rest of a market order: ended, resting unpriced, or a limit at the worst price.'),
    stopTrigger: z
      .enum(['last-trade', 'last-trade-after-entry', 'best-opposite'])
      .default('last-trade')
      .describe('What makes a stop active: a trade, one after its entry, or the best opposite price.'),
    stopEntry: z
      .enum(['trigger', 'reject'])
      .default('trigger')
      .describe('What a stop does whose price has been reached when it comes: becomes active, or is refused.'),
    auctionAllocation: z
      .enum(['fifo', 'pro-rata'])
      .default('fifo')
      .describe('How an auction shares the level that it fills in part.'),
    reference: ticks().optional().describe('Reference price of bands, breaker and auctions, in ticks.'),
    band: count().optional().describe('Ticks through the reference beyond which a limit is refused; none without it.'),
    breaker: count()
      .optional()
      .describe('Ticks from the reference beyond which nothing trades and trading is interrupted; none without it.'),
    interruption: count()
      .default(0)
      .describe('Nanoseconds after which a volatility interruption ends by itself; 0: never.'),
    countFills: z
      .boolean()
      .default(false)
      .describe('Count the fills of every order, so that a replace can be told a total quantity.'),
    schedule: z
      .array(
        z.strictObject({
          at: count().describe('Simulated time, in nanoseconds.'),
          phase: phaseSchema.describe('The phase that begins then.'),
        }),
      )
      .max(2 ** 16)
      .refine((list) => list.every(({ at }, i) => i === 0 || at >= list[i - 1]!.at), {
        error: 'expected entries in order of time',
      })
      .default([])
      .describe('Changes of phase to come, in order of time.'),
  })
  .describe('A venue: one book with every order type, sessions and auctions.');

/** A complete venue configuration. */
export type VenueConfig = z.output<typeof venueConfigSchema>;
/** A venue configuration as people write it: everything has a default. */
export type VenueConfigInput = z.input<typeof venueConfigSchema>;

const eventCount = z
  .int()
  .min(1)
  .max(2 ** 40);

/** When a book's run ends. */
export const horizonSchema = z
  .union([
    z.strictObject({ events: eventCount.describe('Commands per book, behind the warm-up.') }),
    z.strictObject({
      durationNs: z.int().min(1).max(Number.MAX_SAFE_INTEGER).describe('Simulated nanoseconds, behind the warm-up.'),
    }),
  ])
  .describe('When a book’s run ends: `{ events }` or `{ durationNs }`.');

/** The configuration of {@link simulate}. */
export const simulationConfigSchema = z
  .strictObject({
    seed: z
      .int()
      .min(0)
      .max(Number.MAX_SAFE_INTEGER)
      .default(1)
      .describe('Master seed. With the rest of the configuration it determines every event.'),
    streams: z
      .string()
      .max(128)
      .default('zi')
      .describe('Names the family of random streams: runs to compare on common random numbers share it.'),
    books: z
      .int()
      .min(1)
      .max(2 ** 18)
      .default(1)
      .describe('Number of independent books.'),
    horizon: horizonSchema.default({ events: 1_000_000 }),
    warmupEvents: z
      .int()
      .min(0)
      .max(2 ** 40)
      .default(20_000)
      .describe('Commands that fill each book before the measured part.'),
    threads: z
      .int()
      .min(0)
      .max(1024)
      .default(0)
      .describe('Worker threads, 0 for one per core. Changes nothing but the time it takes.'),
    book: z
      .strictObject({
        ...bookConventions,
        maxOrders: z
          .int()
          .min(1)
          .max(2 ** 26)
          .default(2 ** 20)
          .describe('Most orders that may rest in a book at a time.'),
      })
      .prefault({})
      .describe('The conventions of every book.'),
    flow: flowSchema.prefault({ model: 'santa-fe' }),
    season: seasonSchema,
    samples: z
      .strictObject({
        rows: z
          .int()
          .min(0)
          .max(65_536)
          .refine((rows) => rows === 0 || rows >= 2, { error: 'expected 0 or an integer from 2 to 65536' })
          .default(1024)
          .describe('Most rows per book, evenly spaced in simulated time: 0 (none) or 2 to 65,536.'),
        books: z
          .int()
          .min(0)
          .max(2 ** 18)
          .default(1)
          .describe('Rows are kept for the first so many books.'),
        depthTicks: z
          .int()
          .min(1)
          .max(64)
          .default(10)
          .describe('Depth is summed over so many ticks from the best price.'),
      })
      .prefault({})
      .describe('What to keep of the books’ state over time, for charts.'),
    latencySampling: z
      .int()
      .min(0)
      .max(30)
      .nullable()
      .default(null)
      .describe('Measure one command in 2^k with the clock; null measures nothing.'),
    maxMemoryMib: z
      .int()
      .min(1)
      .max(2 ** 24)
      .default(4096)
      .describe('Refuse to start a run that is expected to need more memory, in MiB.'),
  })
  .describe('A simulation of independent books under one order-flow model.');

/** A complete simulation configuration. */
export type SimulationConfig = z.output<typeof simulationConfigSchema>;
/** A simulation configuration as people write it: everything has a default. */
export type SimulationConfigInput = z.input<typeof simulationConfigSchema>;

/** How {@link replay} reads a file and checks a book against it. */
export const replayOptionsSchema = z
  .strictObject({
    format: z
      .enum(['replay', 'lobster'])
      .optional()
      .describe('What the file is; found out by looking at it otherwise.'),
    maxDifferences: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(20)
      .describe('Differences to keep in the report; others are counted.'),
    tickUnits: z
      .int()
      .min(1)
      .max(Number.MAX_SAFE_INTEGER)
      .default(100)
      .describe('Of a LOBSTER day: price units (1/10,000 of the currency) in a tick. A cent is 100.'),
    checkpointEvery: z
      .int()
      .min(1)
      .max(Number.MAX_SAFE_INTEGER)
      .default(1000)
      .describe('Of a LOBSTER day: check the book after every so many messages.'),
    checkpointLevels: z
      .int()
      .min(1)
      .max(Number.MAX_SAFE_INTEGER)
      .optional()
      .describe('Of a LOBSTER day: levels per side to check; all that the file has otherwise.'),
  })
  .describe('How a replay is read and checked.');

/** Complete replay options. */
export type ReplayOptions = z.output<typeof replayOptionsSchema>;
/** Replay options as people write them. */
export type ReplayOptionsInput = z.input<typeof replayOptionsSchema>;

/** The formats that a dataset can be written in. */
export const DATASET_FORMATS = ['parquet', 'arrow', 'ndjson', 'lobster'] as const;

/** The tables that a dataset can hold; docs/data.md has their columns. */
export const DATASET_TABLES = ['orders', 'trades', 'l2', 'l1', 'depth', 'latency', 'metrics'] as const;

/** What is written of a run, and where. */
export const datasetOptionsSchema = z
  .strictObject({
    folder: z
      .string()
      .min(1)
      .describe('The folder to make; an older dataset there is replaced once this one is whole.'),
    format: z.enum(DATASET_FORMATS).default('parquet').describe('How it is written.'),
    tables: z
      .array(z.enum(DATASET_TABLES))
      .default([...DATASET_TABLES])
      .describe('Which tables; without meaning for LOBSTER files.'),
    tickUnits: z
      .int()
      .min(1)
      .max(1e12)
      .default(100)
      .describe(
        'Price units (1/10,000 of the currency) in a tick, for the metadata and for LOBSTER files. A cent is 100.',
      ),
    levels: z
      .int()
      .min(1)
      .max(200)
      .default(50)
      .describe('Levels per side in `depth` and in LOBSTER’s order book files.'),
    sampleRows: z.int().min(2).max(65_536).default(512).describe('Times per book in `l1` and `depth`, at most.'),
    sampledBooks: z
      .int()
      .min(0)
      .max(2 ** 18)
      .default(1)
      .describe('`l1` and `depth` are kept for the first so many books.'),
    expectedDigest: z
      .string()
      .optional()
      .describe('The digest that the run must have, where it repeats one: of any other run nothing is left.'),
  })
  .describe('A dataset: what is written of a run.');

/** Complete dataset options. */
export type DatasetOptions = z.output<typeof datasetOptionsSchema>;
/** Dataset options as people write them. */
export type DatasetOptionsInput = z.input<typeof datasetOptionsSchema>;

const SCHEMAS = {
  book: bookConfigSchema,
  venue: venueConfigSchema,
  simulation: simulationConfigSchema,
  replay: replayOptionsSchema,
  dataset: datasetOptionsSchema,
} as const;

/** Which configuration: of an `OrderBook`, of a `Venue`, of `simulate()`, of `replay()`, of a dataset. */
export type ConfigKind = keyof typeof SCHEMAS;

/**
 * The JSON schema (draft 2020-12) of a configuration as people write it, for editors and documentation.
 */
export function configJsonSchema(kind: ConfigKind = 'simulation'): Record<string, unknown> {
  return z.toJSONSchema(SCHEMAS[kind], { io: 'input' }) as Record<string, unknown>;
}

/**
 * Checks a simulation configuration and fills in the defaults, without running it.
 *
 * @throws ToprungError `ERR_TOPRUNG_CONFIG`: the first setting that is wrong in `path`, all of them in the message.
 */
export function parseSimulationConfig(config: unknown): SimulationConfig {
  return parseConfig(simulationConfigSchema, config);
}

/**
 * Checks a value against a schema.
 *
 * @internal
 */
export function parseConfig<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const lines = result.error.issues.flatMap((issue) => explain(issue, []));
  const [first] = lines;
  const message = lines.map(({ path, text }) => (path === '' ? text : `${path}: ${text}`)).join('; ');
  throw new ToprungError('ERR_TOPRUNG_CONFIG', message, { path: first?.path || undefined, cause: result.error });
}

type Issue = z.core.$ZodIssue;

/** An issue as "expected …, got …" with its path; a union's as its closest branch's. */
function explain(issue: Issue, base: PropertyKey[]): { path: string; text: string }[] {
  const keys = [...base, ...issue.path];
  const got = show(issue.input);
  const say = (text: string) => [{ path: z.core.toDotPath(keys), text }];
  switch (issue.code) {
    case 'invalid_type':
      return say(
        `expected ${issue.expected === 'int' ? 'an integer' : `a value of type ${issue.expected}`}, got ${got}`,
      );
    case 'too_small':
      return say(`expected ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}, got ${got}`);
    case 'too_big':
      return say(`expected at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}, got ${got}`);
    case 'invalid_value':
      return say(`expected ${issue.values.map((v) => JSON.stringify(v)).join(' or ')}, got ${got}`);
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: z.core.toDotPath([...keys, key]), text: 'there is no such setting' }));
    case 'invalid_union': {
      if (issue.errors.length === 0) return say(`${issue.message}, got ${got}`);
      const closest = issue.errors.reduce((a, b) => (b.length < a.length ? b : a));
      return closest.flatMap((inner) => explain(inner, keys));
    }
    default:
      return say(`${issue.message}, got ${got}`);
  }
}

function show(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
