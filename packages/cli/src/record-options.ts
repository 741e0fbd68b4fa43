/** Options of a recorded run: what `toprung trace record`, `trace capture` and `profile` take, and what they mean. */
import { PLANTS, RECORD_LEVELS, type RecordOptions } from 'toprung';
import type { OptionSpec } from './command-line.js';
import { parseNumber } from './config-input.js';
import { usageError } from './errors.js';
import type { Arguments } from './main.js';

const text = (describe: string, group: string, more: Partial<OptionSpec> = {}): OptionSpec => ({
  type: 'string',
  describe,
  group,
  requiresArg: true,
  ...more,
});
const number = (describe: string, group: string, more: Partial<OptionSpec> = {}): OptionSpec =>
  text(describe, group, { shownType: 'number', ...more });

/** What is run. */
export const runOptions: Readonly<Record<string, OptionSpec>> = {
  events: number('Commands to run behind the warm-up, of a market in all; else the scenario’s own number', 'Run'),
  seed: number('Another seed than the scenario’s', 'Run'),
  book: number('Which of its books is recorded', 'Run'),
  plant: text(`Plant faults in every 4,096th order, to see them found: ${PLANTS.join(',')}`, 'Run'),
};

/** How it is recorded, and when its trigger fires. */
export const recordOptions: Readonly<Record<string, OptionSpec>> = {
  level: text('How much of an order is written', 'Recording', { choices: RECORD_LEVELS, defaultDescription: 'stages' }),
  every: number('One order in so many; else as many as the budget allows', 'Recording'),
  budget: number('Share of the time that recording may take, in percent', 'Recording', { defaultDescription: '2' }),
  ring: number('Entries of 16 bytes that are kept', 'Recording', { defaultDescription: '65536' }),
  context: number('Orders kept before a hit', 'Recording', { defaultDescription: '16' }),
  rate: number('Orders due per second (open loop)', 'Recording'),
  'latency-over': text('Fire on orders that take longer: 20us, 1500ns, 2ms', 'Trigger'),
  'every-nth': number('Fire on every so many orders', 'Trigger'),
  slowest: { type: 'boolean', describe: 'Fire on orders that are slower than all before', group: 'Trigger' },
  kinds: text('Fire on these kinds only: limit,market,cancel,reduce,replace', 'Trigger'),
  'levels-min': number('Fire on orders that sweep so many levels', 'Trigger'),
  warmup: number('Let so many orders pass first', 'Trigger'),
  cooldown: number('Let so many orders pass behind a hit', 'Trigger'),
  hits: number('Hits to keep', 'Trigger', { defaultDescription: '16' }),
};

/** What can be recorded. */
export type Input = Pick<RecordOptions, 'scenario' | 'journal' | 'day'>;

/** The options of a run of `input`; what is not given is left to the library. */
export function recordOptionsFrom(input: Input, args: Arguments): RecordOptions {
  const n = (name: string) => numberOption(args, name);
  const words = (name: string) => (args[name] === undefined ? undefined : String(args[name]).split(','));
  const latencyOverNs =
    args['latency-over'] === undefined ? undefined : durationNs('latency-over', args['latency-over']);
  const trigger = defined({
    latencyOverNs,
    everyNth: n('every-nth'),
    slowestSoFar: args.slowest === true ? true : undefined,
    kinds: words('kinds'),
    levelsMin: n('levels-min'),
  });
  const limits = defined({ warmup: n('warmup'), cooldown: n('cooldown'), hitsMax: n('hits') });
  const fires = Object.keys(trigger).length > 0;
  const idle = ['warmup', 'cooldown', 'hits', 'context'].find((name) => args[name] !== undefined);
  if (!fires && idle !== undefined) {
    const conditions = '--latency-over, --every-nth, --slowest, --kinds or --levels-min';
    throw usageError(`--${idle} needs something to fire on: ${conditions}`);
  }
  return defined({
    ...input,
    seed: n('seed'),
    events: n('events'),
    book: n('book'),
    plant: words('plant'),
    level: args.level,
    every: n('every'),
    budgetPercent: n('budget'),
    ringEntries: n('ring'),
    context: n('context'),
    ratePerSecond: n('rate'),
    trigger: fires ? { ...trigger, ...limits } : undefined,
  }) as RecordOptions;
}

/** An option's number. */
export function numberOption(args: Arguments, name: string): number | undefined {
  if (args[name] === undefined) return undefined;
  const value = parseNumber(String(args[name]));
  if (value !== undefined) return value;
  throw usageError(`--${name}: expected a number such as 5000, 20k or 1.5M, got "${args[name]}"`);
}

const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 };

/** A duration with its unit, in ns. */
export function durationNs(name: string, typed: unknown): number {
  const match = /^(\d+(?:\.\d+)?)(ns|us|µs|ms|s)$/.exec(String(typed).trim());
  if (match !== null) return Math.round(Number(match[1]) * UNITS[match[2]!]!);
  throw usageError(`--${name}: expected a duration such as 1500ns, 20us or 2ms, got "${typed}"`);
}

/** An object without what is undefined. */
export function defined<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
