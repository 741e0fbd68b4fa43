/**
 * The configuration of a market of agents, as a zod schema. What each kind of agent takes is the Rust core's table
 * ({@link agentKinds}); the schema checks the rest.
 */
import { z } from 'zod';
import { simulationConfigSchema } from './config.js';
import { flowSchema, seasonSchema } from './flow-schema.js';

const { book } = simulationConfigSchema.shape;

const ns = (what: string) => z.int().min(0).max(Number.MAX_SAFE_INTEGER).describe(`${what}, ns.`);
const delay = (what: string) => z.int().min(0).max(3_600_000_000_000).describe(`${what}, ns, at most an hour.`);

const phase = z.enum([
  'pre-open',
  'opening-auction',
  'continuous',
  'volatility-interruption',
  'halt',
  'closing-auction',
  'closed',
]);
const ticks = (what: string) =>
  z
    .int()
    .min(1)
    .max(2 ** 50)
    .nullable()
    .default(null)
    .describe(`${what}; null for none.`);

/** The law of a delay. */
export const latencySchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('constant'), ns: delay('The delay') }).describe('Always the same.'),
    z
      .strictObject({
        kind: z.literal('log-normal'),
        minNs: delay('What no message undercuts'),
        medianNs: delay('Median of what comes on top'),
        sigma: z.number().min(0).max(5).describe('Standard deviation of its logarithm.'),
        maxNs: delay('Longest delay altogether'),
      })
      .check(({ value, issues }) => {
        if (value.maxNs >= value.minNs) return;
        const message = `expected at least minNs (${value.minNs})`;
        issues.push({ code: 'custom', path: ['maxNs'], input: value.maxNs, message });
      })
      .describe('A least delay and a log-normal one on top.'),
    z
      .strictObject({ kind: z.literal('empirical'), ns: z.array(delay('A delay')).min(1).max(65_536) })
      .describe('Drawn from measured delays, each as likely as the others.'),
  ])
  .describe('How long a message takes.');

/** One venue. */
export const venueSchema = z
  .strictObject({
    book,
    flow: flowSchema.nullable().default(null).describe('The background flow; null for none.'),
    season: seasonSchema,
    referencePrice: z
      .int()
      .min(-(2 ** 50))
      .max(2 ** 50)
      .default(0)
      .describe('Price about which an empty book without flow starts, in ticks.'),
    serviceNs: delay('Time that the venue takes for one message: messages wait in line').default(0),
    speedBumpNs: delay('Agents’ orders wait this long in front of the venue').default(0),
    speedBumpSparesCancels: z.boolean().default(false).describe('Cancels and post-only orders do not wait there.'),
    depthTicks: z.int().min(0).max(64).default(0).describe('Publish the depth within this many ticks; 0 none.'),
    retunes: z
      .array(z.strictObject({ atNs: ns('From when on'), flow: flowSchema }))
      .default([])
      .describe('Other flow parameters from given times on.'),
    ladderTicks: z
      .int()
      .min(0)
      .max(16)
      .default(0)
      .describe('Keep with every sample the lots at so many prices on each side of the reference price.'),
    ladderFromTicks: z
      .int()
      .min(0)
      .max(65_536)
      .default(0)
      .describe('Those prices begin so many ticks behind the best price of their side; 0 for the reference price.'),
    sessions: z
      .strictObject({
        phase: phase.default('continuous').describe('The phase that it begins in.'),
        schedule: z
          .array(z.strictObject({ atNs: ns('When'), phase }))
          .default([])
          .describe('Changes of phase, in order of time.'),
        bandTicks: ticks('Ticks through the reference price beyond which a limit is refused'),
        breakerTicks: ticks('Ticks from the reference price beyond which trading is interrupted'),
        interruptionNs: delay('How long an interruption lasts; needed with a breaker').default(0),
        indicativeNs: ns('How often what the auction would give is published; 0 never').default(0),
        callNs: ns('How often what can trade does so, at one price, while orders are collected; 0 never').default(0),
      })
      .nullable()
      .default(null)
      .describe('Phases of trading, auctions and a breaker, by the rules of a venue; null for continuous trading.'),
  })
  .describe('One order book and what is in front of it.');

/** A group of agents. */
export const agentSchema = z
  .strictObject({
    name: z.string().min(1).max(64).describe('What the group is called; unlike the others.'),
    kind: z.string().describe('One of agentKinds().'),
    count: z.int().min(1).max(65_536).default(1).describe('How many there are.'),
    venues: z.array(z.int().min(0).max(255)).min(1).max(64).default([0]).describe('Indices of the venues.'),
    params: z.record(z.string(), z.number()).default({}).describe('The kind’s parameters by name.'),
    orders: latencySchema.default({ kind: 'constant', ns: 0 }).describe('How long its orders take.'),
    data: latencySchema.default({ kind: 'constant', ns: 0 }).describe('How long data takes to it.'),
    startNs: ns('When it starts').default(0),
    stopNs: ns('When it stops waking').nullable().default(null),
    selfTrade: z.int().min(0).max(4).default(0).describe('What its orders do when they meet own orders.'),
    absent: z.boolean().default(false).describe('Not there: for a control arm on common random numbers.'),
  })
  .describe('A group of agents of one kind.');

/** The configuration of {@link runMarket}. */
export const marketConfigSchema = z
  .strictObject({
    seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(1).describe('Master seed.'),
    streams: z.string().max(128).default('market').describe('Names the family of random streams.'),
    durationNs: z.int().min(1).max(Number.MAX_SAFE_INTEGER).default(60_000_000_000).describe('Simulated time, ns.'),
    venues: z.array(venueSchema).min(1).max(256).prefault([{}]).describe('The venues.'),
    agents: z.array(agentSchema).default([]).describe('Groups of agents.'),
    fundamental: z
      .strictObject({
        mean: z.number().default(1_000_000).describe('Start and long-run mean, ticks.'),
        reversion: z.number().min(0).max(1e6).default(0).describe('Mean reversion per second.'),
        volatility: z.number().min(0).max(1e9).default(0).describe('Ticks per √second.'),
        stepNs: z.int().min(1000).default(1_000_000_000).describe('Spacing of the path’s points, ns.'),
        jumps: z
          .array(z.strictObject({ atNs: ns('When'), ticks: z.number().describe('By how many ticks.') }))
          .default([])
          .describe('Jumps at given times.'),
      })
      .prefault({})
      .describe('What the instrument is worth.'),
    fairTies: z.boolean().default(false).describe('Orders that arrive together are taken in random order.'),
    sampleNs: ns('Spacing of the kept market data; 0 keeps none').default(0),
    keepTrades: z.boolean().default(false).describe('Keep every trade.'),
    keepQueues: z
      .boolean()
      .default(false)
      .describe('Keep with every sample where the agents’ resting orders stand in their queues.'),
  })
  .check(({ value, issues }) => {
    const refuse = (path: (string | number)[], input: unknown, message: string) =>
      issues.push({ code: 'custom', path, input, message: `expected ${message}` });
    if (value.keepQueues && value.sampleNs === 0) refuse(['keepQueues'], true, 'false, or sampleNs above 0');
    for (const [k, { flow, season, retunes }] of value.venues.entries()) {
      if (season !== undefined && flow === null) refuse(['venues', k, 'season'], season, 'none where there is no flow');
      for (const [r, retune] of retunes.entries()) {
        const before = retunes[r - 1]?.atNs ?? 0;
        const at = ['venues', k, 'retunes', r];
        if (retune.atNs < before) refuse([...at, 'atNs'], retune.atNs, `at least ${before}`);
        if (retune.flow.model !== flow?.model) refuse([...at, 'flow'], retune.flow.model, 'of the venue’s own model');
      }
    }
    for (const [k, agent] of value.agents.entries()) {
      if (value.agents.findIndex(({ name }) => name === agent.name) < k)
        refuse(['agents', k, 'name'], agent.name, 'unlike the other groups’ names');
      for (const [v, venue] of agent.venues.entries()) {
        const at = ['agents', k, 'venues', v];
        const { length } = value.venues;
        if (venue >= length) refuse(at, venue, `the index of one of ${length} venues`);
        if (agent.venues.indexOf(venue) < v) refuse(at, venue, 'unlike the agent’s other venues');
      }
      if (agent.stopNs !== null && agent.stopNs <= agent.startNs)
        refuse(['agents', k, 'stopNs'], agent.stopNs, `after startNs (${agent.startNs})`);
    }
  })
  .describe('Venues, agents and what connects them.');

/** A complete configuration of a market. */
export type MarketConfig = z.output<typeof marketConfigSchema>;
/** A configuration as people write it: everything has a default. */
export type MarketConfigInput = z.input<typeof marketConfigSchema>;
