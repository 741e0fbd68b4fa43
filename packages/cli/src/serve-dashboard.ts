/** Serves the dashboard until Ctrl-C: what `toprung dashboard` and `toprung simulate --live` have in common. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OptionSpec } from './command-line.js';
import { findAnyScenario, findMarketScenario } from './commands/scenarios.js';
import { parseNumber } from './config-input.js';
import { isLoopback } from './dashboard/access.js';
import type { Speed } from './dashboard/protocol.js';
import { isMarket, type RunRequest } from './dashboard/runs.js';
import { requestOf, watchingSpeed } from './dashboard/scenario-list.js';
import type { Dashboard } from './dashboard/server.js';
import { CliError, usageError } from './errors.js';
import { ExitCode } from './exit-codes.js';
import { integer } from './format.js';
import { listenForInterrupt } from './interrupt.js';
import type { Arguments } from './main.js';
import type { Terminal } from './terminal.js';
import { version } from './version.js';

/** Where it is served unless somebody else is there. */
const DEFAULT_PORT = 4280;
const DEFAULT_HOST = '127.0.0.1';

/** The page's build, put there by `scripts/setup.mjs` and shipped with the package. */
const pageFolder = fileURLToPath(new URL('../dashboard/', import.meta.url));

/** A token of the person's own, so that pages find a server again that was started anew. */
const TOKEN_VARIABLE = 'TOPRUNG_DASHBOARD_TOKEN';

/** Options of the server. */
export const serverOptions: Readonly<Record<string, OptionSpec>> = {
  speed: {
    type: 'string',
    describe: 'Simulated time per real time, or `max` for as fast as possible',
    group: 'Dashboard',
    defaultDescription: '1; a market of agents is over in about a minute',
    requiresArg: true,
  },
  port: {
    type: 'string',
    describe: 'Port, 0 for any that is free',
    shownType: 'number',
    group: 'Dashboard',
    defaultDescription: `${DEFAULT_PORT}, or any that is free`,
    requiresArg: true,
  },
  host: {
    type: 'string',
    describe: 'Address to listen on; beyond this machine only with --allow-remote',
    group: 'Dashboard',
    defaultDescription: DEFAULT_HOST,
    requiresArg: true,
  },
  'allow-remote': {
    type: 'boolean',
    describe: 'Let other machines in, without encryption: whoever sees the address can look and control',
    group: 'Dashboard',
  },
};

/** The server's options, read. */
export interface ServerSettings {
  /** `undefined` for what suits the run. */
  speed: Speed | undefined;
  host: string;
  port: number | undefined;
  token: string | undefined;
}

/** Reads the server's options, so that a wrong one is told before anything starts. */
export function serverSettings(args: Arguments): ServerSettings {
  const host = (args.host as string | undefined) ?? DEFAULT_HOST;
  if (!isLoopback(host) && args['allow-remote'] !== true) {
    throw usageError(`--host ${host} would let other machines in`, [
      'add --allow-remote if that is meant, or leave --host out and use an SSH tunnel',
    ]);
  }
  const token = process.env[TOKEN_VARIABLE];
  if (token !== undefined && !/^[\w-]{32,128}$/.test(token)) {
    throw usageError(`${TOKEN_VARIABLE}: expected 32 to 128 letters, digits, _ or -, got ${token.length} characters`);
  }
  return {
    speed: readSpeed(args.speed as string | undefined),
    host,
    port: readPort(args.port as string | undefined),
    token,
  };
}

/** The run of a scenario, or of SCENARIO:ARM; a mistyped name is answered with the nearest. */
export function namedRequest(text: string): Pick<RunRequest, 'scenario' | 'config' | 'arm'> {
  const [name, arm] = text.split(':') as [string, string | undefined];
  if (arm !== undefined) {
    const arms = ['treatment', ...Object.keys(findMarketScenario(name).arms)];
    if (!arms.includes(arm)) throw usageError(`${name} has no arm ${arm}`, [`there are: ${arms.join(', ')}`]);
  } else findAnyScenario(name);
  return requestOf(name, arm);
}

/** The speed of a run for which none was asked. */
export function speedFor(config: RunRequest['config']): Speed {
  return isMarket(config) ? watchingSpeed(config.durationNs) : 1;
}

function readSpeed(text: string | undefined): Speed | undefined {
  if (text === undefined) return undefined;
  if (text === 'max') return 'max';
  const speed = parseNumber(text.replace(/x$/, ''));
  if (speed !== undefined && speed >= 1e-6 && speed <= 1e9) return speed;
  throw usageError(`--speed: expected max or a number from 0.000001 to 1e9, got "${text}"`);
}

function readPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = parseNumber(text);
  if (port !== undefined && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw usageError(`--port: expected an integer from 0 to 65535, got "${text}"`);
}

/** Serves until Ctrl-C. The address is all that goes to stdout. */
export async function serveDashboard(
  terminal: Terminal,
  settings: ServerSettings,
  runs: { show?: RunRequest | undefined; against?: RunRequest | undefined },
): Promise<ExitCode> {
  if (!existsSync(path.join(pageFolder, 'index.html'))) {
    throw new CliError('ERR_TOPRUNG_OUTPUT', ExitCode.internal, 'the page has not been built', {
      where: pageFolder,
      fix: ['in a checkout: `npm run setup`; otherwise install @toprung/cli again'],
    });
  }
  const { dashboard, url } = await listen(settings);
  dashboard.onOver = (run) => {
    if (run.failure !== null) terminal.error(`run ${run.id} failed: ${run.failure}`);
    else terminal.note(`run ${run.id} ${run.phase} after ${integer(run.state.events)} events, digest ${run.digest}`);
  };
  const interrupt = listenForInterrupt(terminal, 'the dashboard ends (Ctrl-C again ends at once)');
  try {
    // The first that is started is the one that is shown.
    if (runs.show !== undefined) dashboard.start(runs.show);
    if (runs.against !== undefined) dashboard.against = dashboard.start(runs.against);
    if (terminal.options.json) terminal.printJson({ schema: 'toprung.dashboard/1', url: url.href, pid: process.pid });
    else terminal.print(`Dashboard: ${url.href}`);
    if (!isLoopback(settings.host)) {
      terminal.error(
        `warning: other machines can reach ${settings.host}:${url.port}; the address is sent without encryption, and ` +
          'whoever has it can look and control',
      );
    }
    terminal.note('Open it in a browser. Ctrl-C ends it.');
    if (!interrupt.signal.aborted) {
      await new Promise((resolve) => interrupt.signal.addEventListener('abort', resolve, { once: true }));
    }
    return ExitCode.ok;
  } finally {
    interrupt.release();
    await dashboard.close();
  }
}

async function listen({ host, port, token }: ServerSettings): Promise<{ dashboard: Dashboard; url: URL }> {
  // Loaded here, so that a plain `simulate` does without the server.
  const { Dashboard } = await import('./dashboard/server.js');
  const serve = async (at: number): Promise<{ dashboard: Dashboard; url: URL }> => {
    const dashboard = new Dashboard({ host, port: at, folder: pageFolder, version: version(), token });
    return { dashboard, url: await dashboard.listen() };
  };
  try {
    return await serve(port ?? DEFAULT_PORT);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (port === undefined && code === 'EADDRINUSE') return await serve(0);
    throw new CliError('ERR_TOPRUNG_LISTEN', ExitCode.invalid, `cannot listen: ${(error as Error).message}`, {
      where: `${host}:${port ?? DEFAULT_PORT}`,
      fix: [
        code === 'EADDRINUSE' ? 'choose another --port, or 0 for any that is free' : 'choose another --host or --port',
      ],
      cause: error,
    });
  }
}
