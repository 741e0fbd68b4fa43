/** `toprung scenarios`: the named configurations, as a list or one in full. */
import { type Scenario, scenarios } from 'toprung';
import type { CommandSpec } from '../command-line.js';
import { usageError } from '../errors.js';
import { ExitCode } from '../exit-codes.js';
import { table } from '../format.js';
import type { Arguments } from '../main.js';
import { callPrefix } from '../rerun.js';
import { nearest } from '../suggest.js';
import type { Terminal } from '../terminal.js';

export function spec(): CommandSpec {
  return {
    name: 'scenarios',
    usage: '[action] [name]',
    summary: 'List the scenarios, or show one with its configuration',
    positionals: {
      action: { describe: 'list (default) or show', choices: ['list', 'show'] },
      name: { describe: 'The scenario to show' },
    },
    options: {},
    examples: [
      ['scenarios list', 'names and what each is for'],
      ['scenarios show zi-baseline', 'what it shows, what to look at, and its configuration'],
      ['scenarios show zi-baseline --json', 'the same as JSON, to start a configuration of your own from'],
    ],
  };
}

export async function run(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const { action = 'list', name } = args as { action?: string; name?: string };
  if (action === 'show') show(terminal, findScenario(name));
  else if (name !== undefined)
    throw usageError(`scenarios list takes no name, got ${name}`, [`toprung scenarios show ${name}`]);
  else list(terminal);
  return ExitCode.ok;
}

/** The scenario of a name; a mistyped one is answered with the nearest. */
export function findScenario(name: string | undefined): Scenario {
  const all = scenarios.list();
  const found = all.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  const names = all.map((scenario) => scenario.name);
  const near = name === undefined ? undefined : nearest(name, names);
  throw usageError(name === undefined ? 'which scenario?' : `there is no scenario ${name}`, [
    near === undefined ? `there are: ${names.join(', ')}` : `did you mean ${near}?`,
  ]);
}

function list(terminal: Terminal): void {
  const all = scenarios.list();
  if (terminal.options.json) {
    terminal.printJson({ schema: 'toprung.scenarios/1', scenarios: all });
    return;
  }
  const rows = table(all.map(({ name, title }) => [name, title]));
  const width = Math.max(...all.map(({ name }) => name.length));
  for (const row of rows) terminal.print(terminal.paint('bold', row.slice(0, width)) + row.slice(width));
  terminal.note('');
  terminal.note(`${callPrefix()} scenarios show NAME tells more; ${callPrefix()} simulate NAME runs it`);
}

function show(terminal: Terminal, scenario: Scenario): void {
  if (terminal.options.json) {
    terminal.printJson({ schema: 'toprung.scenario/1', ...scenario });
    return;
  }
  const { name, title, purpose, lookAt, config } = scenario;
  terminal.print(`${terminal.paint('bold', name)}  ${title}`);
  terminal.print('');
  terminal.print(purpose);
  terminal.print('');
  terminal.print('Look at');
  for (const line of lookAt) terminal.print(`  - ${line}`);
  terminal.print('');
  terminal.print(`Configuration\n${JSON.stringify(config, null, 2)}`);
  terminal.note('');
  terminal.note(`Run it: ${callPrefix()} simulate ${name}`);
}
