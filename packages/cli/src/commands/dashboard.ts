/** `toprung dashboard`: a page in the browser that shows runs while they happen, and lets one control them. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseSimulationConfig } from 'toprung';
import type { CommandSpec } from '../command-line.js';
import type { RunRequest } from '../dashboard/runs.js';
import { CliError } from '../errors.js';
import { ExitCode } from '../exit-codes.js';
import type { Arguments } from '../main.js';
import { namedRequest, serveDashboard, serverOptions, serverSettings, speedFor } from '../serve-dashboard.js';
import type { Terminal } from '../terminal.js';

export function spec(): CommandSpec {
  return {
    name: 'dashboard',
    usage: '[run]',
    summary: 'Watch and control simulations in the browser',
    positionals: {
      run: {
        describe:
          'What to run at once: a scenario, SCENARIO:ARM, or the folder of `simulate --out`; nothing if left out',
      },
    },
    options: {
      against: {
        type: 'string',
        describe: 'A second scenario or folder, to compare with',
        group: 'Dashboard',
        requiresArg: true,
      },
      ...serverOptions,
    },
    examples: [
      ['dashboard', 'an empty page, to start runs from'],
      ['dashboard zi-baseline --speed 10', 'a market at ten times real time'],
      ['dashboard flash-crash --against flash-crash:control', 'a market of agents, with and without its seller'],
      ['dashboard runs/a --against runs/b', 'two runs again, compared'],
    ],
  };
}

export async function run(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const settings = serverSettings(args);
  const request = (text: unknown): RunRequest | undefined => {
    if (typeof text !== 'string') return undefined;
    const asked = configOf(text);
    return { ...asked, book: 0, speed: settings.speed ?? speedFor(asked.config) };
  };
  return serveDashboard(terminal, settings, { show: request(args.run), against: request(args.against) });
}

/** A scenario's configuration, or that of a run in a folder: with its seed it is the run, so it is run again. */
function configOf(text: string): Pick<RunRequest, 'scenario' | 'config' | 'arm'> {
  if (statSync(text, { throwIfNoEntry: false })?.isDirectory() !== true) return namedRequest(text);
  const file = path.join(text, 'config.json');
  try {
    const config = parseSimulationConfig(JSON.parse(readFileSync(file, 'utf8')));
    return { scenario: { name: path.basename(path.resolve(text)), title: `The run in ${text}` }, config };
  } catch (error) {
    throw new CliError('ERR_TOPRUNG_CONFIG_FILE', ExitCode.invalid, `not a run: ${(error as Error).message}`, {
      where: file,
      fix: ['a run is a folder that `toprung simulate --out` wrote'],
      cause: error,
    });
  }
}
