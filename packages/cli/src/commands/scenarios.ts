/** `toprung scenarios`: the named markets as a list, one in full, run once, or checked over many seeds. */
import { catalogue, type MarketScenario, type Scenario, type ScenarioReport, scenarios } from 'toprung';
import type { CommandSpec } from '../command-line.js';
import { parseNumber } from '../config-input.js';
import { usageError } from '../errors.js';
import { ExitCode } from '../exit-codes.js';
import { duration, table } from '../format.js';
import { listenForInterrupt } from '../interrupt.js';
import { latencyTable } from '../latency-table.js';
import type { Arguments } from '../main.js';
import { startProgress } from '../progress.js';
import { callPrefix } from '../rerun.js';
import { nearest } from '../suggest.js';
import type { Terminal } from '../terminal.js';

const defaultSeeds = 32;

export function spec(): CommandSpec {
  return {
    name: 'scenarios',
    usage: '[action] [name]',
    summary: 'List the scenarios, show one, run it, or check it over many seeds',
    positionals: {
      action: { describe: 'list (default), show, run or check', choices: ['list', 'show', 'run', 'check'] },
      name: { describe: 'The scenario' },
    },
    options: {
      seeds: {
        describe: `Seeds of each arm, for check (${defaultSeeds} if not given)`,
        type: 'string',
        shownType: 'number',
        requiresArg: true,
      },
      seed: { describe: 'The seed, for run (1 if not given)', type: 'string', shownType: 'number', requiresArg: true },
    },
    examples: [
      ['scenarios list', 'names and what each is for'],
      ['scenarios show zi-baseline', 'what it shows, what to look at, and its configuration'],
      ['scenarios show zi-baseline --json', 'the same as JSON, to start a configuration of your own from'],
      ['scenarios run flash-crash', 'every arm once, and what was measured'],
      ['scenarios check flash-crash --seeds 32', 'both arms over 32 seeds, and the verdict'],
    ],
  };
}

export async function run(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const { action = 'list', name, seeds, seed } = args as Record<string, string | undefined>;
  if (action === 'list') {
    if (name !== undefined)
      throw usageError(`scenarios list takes no name, got ${name}`, [`toprung scenarios show ${name}`]);
    list(terminal);
    return ExitCode.ok;
  }
  if (action === 'show') {
    show(terminal, name);
    return ExitCode.ok;
  }
  const scenario = findMarketScenario(name);
  if (action === 'run') return check(scenario, 1, count('seed', seed, 1), terminal, false);
  return check(scenario, count('seeds', seeds, defaultSeeds), 1, terminal, true);
}

function count(option: string, typed: string | undefined, otherwise: number): number {
  const value = typed === undefined ? otherwise : parseNumber(typed);
  if (value === undefined || !Number.isSafeInteger(value) || value < 1)
    throw usageError(`--${option}: expected an integer of at least 1, got "${typed}"`);
  return value;
}

/** The scenario of a name for `simulate`; a mistyped one is answered with the nearest. */
export function findScenario(name: string | undefined): Scenario {
  return find(scenarios.list(), name);
}

/** The scenario of a name that has arms. */
export function findMarketScenario(name: string | undefined): MarketScenario {
  return find(catalogue.list(), name);
}

/** The scenario of a name, of either kind; where both have it, the simulation. */
export function findAnyScenario(name: string | undefined): Scenario | MarketScenario {
  return find<Scenario | MarketScenario>([...scenarios.list(), ...catalogue.list()], name);
}

function find<T extends { name: string }>(all: readonly T[], name: string | undefined): T {
  const found = all.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  const names = all.map((scenario) => scenario.name);
  const near = name === undefined ? undefined : nearest(name, names);
  throw usageError(name === undefined ? 'which scenario?' : `there is no scenario ${name}`, [
    near === undefined ? `there are: ${names.join(', ')}` : `did you mean ${near}?`,
  ]);
}

function list(terminal: Terminal): void {
  const [books, markets] = [scenarios.list(), catalogue.list()];
  if (terminal.options.json) {
    terminal.printJson({ schema: 'toprung.scenarios/2', scenarios: books, catalogue: markets });
    return;
  }
  const rows = (all: readonly { name: string; title: string }[]) => table(all.map(({ name, title }) => [name, title]));
  terminal.print(terminal.paint('bold', 'With a control arm and a verdict'));
  for (const row of rows(markets)) terminal.print(`  ${row}`);
  terminal.print('');
  terminal.print(terminal.paint('bold', 'Configurations of independent books'));
  for (const row of rows(books)) terminal.print(`  ${row}`);
  terminal.note('');
  terminal.note(
    `${callPrefix()} scenarios show NAME tells more; ${callPrefix()} scenarios check NAME gives the verdict;`,
  );
  terminal.note(`${callPrefix()} simulate NAME runs a configuration`);
}

function show(terminal: Terminal, name: string | undefined): void {
  const market = catalogue.list().find((s) => s.name === name);
  const books = scenarios.list().find((s) => s.name === name);
  const scenario = market ?? books ?? find<Scenario | MarketScenario>([...catalogue.list(), ...scenarios.list()], name);
  if (terminal.options.json) {
    terminal.printJson({ schema: 'toprung.scenario/1', ...market, ...books });
    return;
  }
  terminal.print(`${terminal.paint('bold', scenario.name)}  ${scenario.title}`);
  terminal.print('');
  terminal.print(scenario.purpose);
  terminal.print('');
  terminal.print('Look at');
  for (const line of scenario.lookAt) terminal.print(`  - ${line}`);
  terminal.print('');
  if (market !== undefined) {
    terminal.print('Must hold');
    for (const rule of market.accept) terminal.print(`  - ${ruleText(rule)}`);
    terminal.print('');
    terminal.print(`Arms: ${['treatment', ...Object.keys(market.arms)].join(', ')}`);
    terminal.print('');
    terminal.print(`Market\n${JSON.stringify(market.market, null, 2)}`);
  }
  if (books !== undefined) terminal.print(`Configuration\n${JSON.stringify(books.config, null, 2)}`);
  terminal.note('');
  if (market !== undefined) terminal.note(`Check it: ${callPrefix()} scenarios check ${scenario.name}`);
  if (books !== undefined) terminal.note(`Run it: ${callPrefix()} simulate ${scenario.name}`);
}

/** A rule in words: `drop ≥ 5`. */
export function ruleText({
  measure,
  over,
  minus,
  atLeast,
  atMost,
  along,
  tStatistic,
  spread,
}: MarketScenario['accept'][number]): string {
  const value = `${measure}${minus == null ? '' : ` − ${minus}`}${over == null ? '' : ` / ${over}`}`;
  const bounds = [atLeast == null ? '' : `≥ ${atLeast}`, atMost == null ? '' : `≤ ${atMost}`].filter(Boolean);
  const numbers =
    along == null
      ? ''
      : ` on ${Object.values(along)
          .toSorted((a, b) => a - b)
          .join(', ')}`;
  const statistic = along != null ? 'R² of ' : spread ? 'sd of ' : tStatistic ? 't of ' : '';
  return `${statistic}${value}${numbers} ${bounds.join(' and ')}`;
}

async function check(
  scenario: MarketScenario,
  seeds: number,
  firstSeed: number,
  terminal: Terminal,
  verdict: boolean,
): Promise<ExitCode> {
  const interrupt = listenForInterrupt(terminal);
  const runs = seeds * (1 + Object.keys(scenario.arms).length);
  const progress = startProgress(terminal, scenario.name, 'runs', runs);
  const began = performance.now();
  let report: ScenarioReport;
  try {
    report = await catalogue.check(scenario.name, {
      seeds,
      firstSeed,
      signal: interrupt.signal,
      onProgress: ({ done, total }) => progress.update(done, total),
    });
  } finally {
    progress.stop();
    interrupt.release();
  }
  const elapsedNs = (performance.now() - began) * 1e6;
  if (terminal.options.json) terminal.printJson({ schema: 'toprung.scenario-report/1', ...report });
  else print(report, terminal, verdict, elapsedNs);
  return verdict && !report.passes ? ExitCode.differs : ExitCode.ok;
}

function print(report: ScenarioReport, terminal: Terminal, verdict: boolean, elapsedNs: number): void {
  const { arms, seeds } = report;
  const number = (value: number | null): string => (value === null ? 'n/a' : String(Number(value.toPrecision(4))));
  const right = new Set(Array.from({ length: arms.length }, (_, k) => k + 1));
  const measures = Object.keys(arms[0]?.measures ?? {});
  const rows = measures.map((m) => [
    `  ${m}`,
    ...arms.map(({ measures: of }) => {
      const [mean, sd] = of[m] ?? [null, null];
      return seeds > 1 && sd !== null ? `${number(mean)} ± ${number(sd)}` : number(mean);
    }),
  ]);
  terminal.print(terminal.paint('bold', report.name));
  for (const row of table([['  measure', ...arms.map(({ arm }) => arm)], ...rows], right)) terminal.print(row);
  const latency = latencyTable(report.latencyByKind, 'one command of a market in 256 was timed, over all runs');
  for (const line of latency.length === 0 ? [] : ['', ...latency]) terminal.print(line);
  if (!verdict) {
    terminal.print('');
    for (const { arm, digest } of arms) terminal.print(`  digest of ${arm}: ${digest}`);
    return;
  }
  terminal.print('');
  const rules = report.rules.map((r) => [
    `  ${ruleText(r.rule)}`,
    number(r.treatment),
    `${r.treatmentMeets}/${seeds}`,
    number(r.control),
    r.rule.anyArm ? 'either' : `${r.controlMeets}/${seeds}`,
  ]);
  const heading = ['  must hold', 'treatment', 'seeds', 'control', 'seeds'];
  for (const row of table([heading, ...rules], new Set([1, 2, 3, 4]))) terminal.print(row);
  terminal.print('');
  terminal.print(
    `${terminal.paint(report.passes ? 'green' : 'red', report.passes ? 'passes' : 'FAILS')}: ` +
      `the treatment meets every rule in ${report.treatmentMeets} of ${seeds} seeds, ` +
      `the control in ${report.controlMeets} (${duration(elapsedNs)})`,
  );
}
