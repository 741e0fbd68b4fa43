/** `toprung simulate`: runs a market and prints a summary that can be checked: the digest, and the line to run it again. */
import {
  AbortError,
  catalogue,
  configJsonSchema,
  type DatasetOptionsInput,
  parseSimulationConfig,
  type SimulationConfig,
  type SimulationResult,
  scenarios,
  simulate,
} from 'toprung';
import type { CommandSpec, OptionSpec } from '../command-line.js';
import { configFrom, parseNumber } from '../config-input.js';
import { environment } from '../environment.js';
import { usageError } from '../errors.js';
import { ExitCode } from '../exit-codes.js';
import { compact } from '../format.js';
import { listenForInterrupt } from '../interrupt.js';
import type { Arguments } from '../main.js';
import { startProgress } from '../progress.js';
import { callPrefix, rerunLine } from '../rerun.js';
import { dataFolder, finishRun, prepareRun, tablesFrom } from '../run-folder.js';
import { type SettingOption, settingOptions } from '../schema-options.js';
import { namedRequest, serveDashboard, serverOptions, serverSettings, speedFor } from '../serve-dashboard.js';
import { resultDocument, summaryLines } from '../summary.js';
import type { Terminal } from '../terminal.js';
import { Timeline } from '../timeline.js';
import { findAnyScenario, findScenario } from './scenarios.js';

/** What runs when no scenario is named. */
const defaultScenario = 'zi-baseline';
/** One command in 2^6 is timed unless the configuration says otherwise: the clock costs as much as a command. */
const defaultLatencySampling = 6;

export function spec(): CommandSpec {
  const options: Record<string, OptionSpec> = {
    config: {
      type: 'string',
      describe: 'A JSON file of settings; options and --set override it',
      group: 'Configuration',
      requiresArg: true,
    },
    set: {
      type: 'array',
      describe: 'One setting by its path: --set flow.limitRate=30 (repeatable)',
      group: 'Configuration',
      requiresArg: true,
    },
    out: {
      type: 'string',
      describe: 'Keep the run in this folder: configuration, result, and tables in data/',
      group: 'Configuration',
      requiresArg: true,
    },
    tables: {
      type: 'string',
      describe:
        'With --out: which tables (orders, trades, l2, l1, depth, latency, metrics), all, or small (the last four)',
      group: 'Configuration',
      defaultDescription: 'small',
      requiresArg: true,
    },
  };
  options.verify = {
    type: 'boolean',
    describe: 'Run a second time on another number of threads; exit with 5 if the digest differs',
    group: 'Configuration',
  };
  options.live = {
    type: 'boolean',
    describe: 'Serve the dashboard and run the first book in it, at a speed; ends with Ctrl-C',
    group: 'Dashboard',
  };
  Object.assign(options, serverOptions);
  for (const setting of settings()) {
    options[setting.name] = {
      type: 'string',
      describe: setting.description + (setting.nullable ? ' `off` for null.' : ''),
      group: groupOf(setting),
      choices: setting.choices,
      requiresArg: true,
      ...(setting.kind === 'number' ? { shownType: 'number' } : {}),
      ...(setting.default === undefined ? {} : { defaultDescription: describeDefault(setting) }),
    };
  }
  return {
    name: 'simulate',
    usage: '[scenario]',
    summary: 'Simulate a market and print what happened',
    positionals: {
      scenario: { describe: `The scenario to start from (toprung scenarios); ${defaultScenario} if none is named` },
    },
    options,
    examples: [
      ['simulate', `${defaultScenario}, five million events`],
      ['simulate --books 100 --events 1M --seed 7', 'a hundred books of a million events each'],
      ['simulate zi-large-tick --live --speed 5', 'watched in the browser, at five times real time'],
      ['simulate flash-crash --live', 'a market of agents, watched in the browser'],
      ['simulate --out runs/a --tables all', 'keep it, with every order, trade and level change as Parquet'],
      ['simulate zi-pro-rata --set flow.orderSize=50 --json', 'another scenario, one setting changed, JSON out'],
    ],
  };
}

export async function run(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const wanted = (args.scenario as string | undefined) ?? defaultScenario;
  if (isOnlyMarket(wanted)) return runMarketLive(wanted, args, terminal);
  if (args.live === true) findAnyScenario(wanted);
  const { name, title, config: named } = findScenario(wanted);
  const base = { ...named, latencySampling: named.latencySampling ?? defaultLatencySampling };
  const config = parseSimulationConfig(
    configFrom(
      {
        base,
        file: args.config as string | undefined,
        sets: args.set as string[] | undefined,
        options: args,
      },
      settings(),
    ),
  );
  if (args.live === true) {
    const server = serverSettings(args);
    const scenario = { name, title };
    return serveDashboard(terminal, server, { show: { scenario, config, book: 0, speed: server.speed ?? 1 } });
  }
  const stray = Object.keys(serverOptions).find((option) => args[option] !== undefined);
  if (stray !== undefined) throw usageError(`--${stray} is for the dashboard`, ['add --live, or leave it out']);
  const out = typeof args.out === 'string' ? args.out : undefined;
  const record = recordFrom(args);
  // Before the run, so that a folder that cannot be written to does not cost the run.
  if (out !== undefined) prepareRun(out, config);
  const timeline = new Timeline();
  const { result, partial } = await simulateWithProgress(config, terminal, { record, timeline });
  const rerun = rerunLine({ name, config: base }, config, settings());
  const document = resultDocument(name, config, result, partial, rerun);
  if (out !== undefined) {
    const date = new Date().toISOString();
    finishRun(out, { ...document, date, environment: environment(), timeline: timeline.points });
  }
  const again = args.verify === true && !partial ? await runAgain(config, terminal) : undefined;
  if (terminal.options.json) terminal.printJson(document);
  else for (const line of summaryLines(terminal.paint, document)) terminal.print(line);
  if (out !== undefined) keptHint(terminal, out, result);
  else if (!partial && again === undefined) hint(terminal);
  if (partial || again?.partial === true) return ExitCode.interrupted;
  return again === undefined ? ExitCode.ok : compareDigests(terminal, document.digest, again.result);
}

/** Whether a name, with or without an arm, is a market of agents and no simulation. */
function isOnlyMarket(text: string): boolean {
  const [name, arm] = text.split(':');
  const isMarket = catalogue.list().some((scenario) => scenario.name === name);
  return isMarket && (arm !== undefined || !scenarios.list().some((scenario) => scenario.name === name));
}

/** A market of agents in the dashboard; of the settings it takes the seed. */
async function runMarketLive(text: string, args: Arguments, terminal: Terminal): Promise<ExitCode> {
  if (args.live !== true) {
    const [name] = text.split(':');
    throw usageError(`${name} is a market of agents`, [
      `${callPrefix()} simulate ${text} --live   watches it in the browser`,
      `${callPrefix()} scenarios run ${name}   runs it and measures`,
    ]);
  }
  const server = serverSettings(args);
  const known = [...Object.keys(serverOptions), 'live', 'seed'];
  const stray = Object.keys(spec().options ?? {}).find(
    (option) => args[option] !== undefined && !known.includes(option),
  );
  if (stray !== undefined) throw usageError(`--${stray}: a market of agents takes no setting but --seed`);
  const asked = namedRequest(text);
  const seed = args.seed === undefined ? asked.config.seed : parseNumber(String(args.seed));
  if (seed === undefined || !Number.isSafeInteger(seed) || seed < 0)
    throw usageError(`--seed: expected an integer of at least 0, got "${args.seed}"`);
  const config = { ...asked.config, seed };
  const speed = server.speed ?? speedFor(config);
  return serveDashboard(terminal, server, { show: { ...asked, config, book: 0, speed } });
}

/** The same run on one thread, or on two if one is what it had. */
function runAgain(
  config: SimulationConfig,
  terminal: Terminal,
): Promise<{ result: SimulationResult; partial: boolean }> {
  return simulateWithProgress({ ...config, threads: config.threads === 1 ? 2 : 1 }, terminal);
}

function compareDigests(terminal: Terminal, digest: string, again: SimulationResult): ExitCode {
  const threads = `${again.threads} thread${again.threads === 1 ? '' : 's'}`;
  if (again.digest === digest) {
    terminal.note(`verified: a second run on ${threads} gave the same digest`);
    return ExitCode.ok;
  }
  terminal.error(`not deterministic: a second run on ${threads} gave ${again.digest}. This is a fault of toprung.`);
  return ExitCode.nondeterministic;
}

async function simulateWithProgress(
  config: SimulationConfig,
  terminal: Terminal,
  { record, timeline }: { record?: DatasetOptionsInput | undefined; timeline?: Timeline } = {},
): Promise<{ result: SimulationResult; partial: boolean }> {
  const interrupt = listenForInterrupt(terminal);
  const title = config.books === 1 ? 'simulating' : `simulating ${compact(config.books)} books`;
  const progress = startProgress(terminal, title, 'events', 0);
  try {
    const result = await simulate(config, {
      signal: interrupt.signal,
      record,
      onProgress: ({ eventsDone, eventsTotal }) => {
        progress.update(eventsDone, eventsTotal);
        timeline?.note(eventsDone);
      },
    });
    return { result, partial: false };
  } catch (error) {
    if (error instanceof AbortError && error.partial !== undefined) {
      return { result: error.partial as SimulationResult, partial: true };
    }
    throw error;
  } finally {
    progress.stop();
    interrupt.release();
  }
}

function settings(): SettingOption[] {
  return settingOptions(configJsonSchema('simulation'));
}

function groupOf({ path: [first, ...rest] }: SettingOption): string {
  if (rest.length === 0 || first === 'horizon') return 'Run';
  return first!.charAt(0).toUpperCase() + first!.slice(1);
}

function describeDefault(setting: SettingOption): string {
  return setting.default === null ? 'off' : String(setting.default);
}

/** The dataset that `--out` asks for. */
function recordFrom(args: Arguments): DatasetOptionsInput | undefined {
  if (typeof args.out !== 'string') {
    if (args.tables !== undefined) throw usageError('--tables: there is nowhere to write them', ['add --out DIR']);
    return undefined;
  }
  return { folder: dataFolder(args.out), tables: tablesFrom(String(args.tables ?? 'small')) };
}

function keptHint(terminal: Terminal, out: string, { dataset }: SimulationResult): void {
  const call = callPrefix();
  terminal.note('');
  terminal.note(`Kept in ${out}, with the tables ${Object.keys(dataset?.tables ?? {}).join(', ')}`);
  terminal.note(`Next: ${call} report ${out}   a page to look at and to share`);
  if (dataset?.tables.trades === undefined) terminal.note(`      ${call} export ${out}   adds orders, trades and l2`);
}

function hint(terminal: Terminal): void {
  const call = callPrefix();
  terminal.note('');
  terminal.note(`Next: ${call} scenarios        other markets, and what to look at in each`);
  terminal.note(`      ${call} simulate --help  every setting; --books 1000 runs a thousand markets on all cores`);
}
