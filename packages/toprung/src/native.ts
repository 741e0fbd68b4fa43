/**
 * Loads the native core at first use, so that `toprung --help`, configuration and documentation do without it.
 */
import { createRequire } from 'node:module';
import { ToprungError } from './errors.js';

/** What the addon exports. Internal: it may change with every version. */
type Addon = typeof import('../native/index.cjs');

export type {
  CancelFlag,
  NativeBook,
  NativeEnv,
  NativeLive,
  NativeMarket,
  NativeRecording,
  NativeSimulation,
  NativeTableReader,
  NativeTracer,
  NativeVenue,
} from '../native/index.cjs';

const PACKAGE_PREFIX = '@toprung/native-';

let loaded: Addon | undefined;

/**
 * The addon.
 *
 * @throws ToprungError `ERR_TOPRUNG_NATIVE_MISSING`
 */
export function native(): Addon {
  loaded ??= load();
  return loaded;
}

/** What is known of the native core without failing: for `toprung doctor`. */
export interface NativeStatus {
  /** The platform package that belongs to this machine. */
  package: string;
  /** Whether the core could be loaded. */
  loaded: boolean;
  /** Why not. */
  error?: ToprungError;
}

/** Tries to load the native core and says how it went. Never throws. */
export function nativeStatus(): NativeStatus {
  try {
    native();
    return { package: platformPackage(), loaded: true };
  } catch (error) {
    return { package: platformPackage(), loaded: false, error: error as ToprungError };
  }
}

function load(): Addon {
  try {
    return createRequire(import.meta.url)('../native/index.cjs') as Addon;
  } catch (cause) {
    throw missing(cause);
  }
}

function platformPackage(): string {
  const { platform, arch } = process;
  return `${PACKAGE_PREFIX}${platform}-${arch}${platform === 'linux' ? libc() : platform === 'win32' ? '-msvc' : ''}`;
}

function libc(): string {
  const header = (process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined)?.header;
  return header?.glibcVersionRuntime === undefined ? '-musl' : '-gnu';
}

/** Platforms with a prebuilt core. */
const PREBUILT = ['linux-x64-gnu', 'linux-arm64-gnu', 'darwin-x64', 'darwin-arm64', 'win32-x64-msvc'];

function missing(cause: unknown): ToprungError {
  const name = platformPackage();
  const here = `${process.platform} ${process.arch}, node ${process.version}`;
  const refused = causes(cause).find((c) => c.code === 'ERR_DLOPEN_FAILED');
  let message: string;
  if (refused !== undefined) {
    message =
      `the native core for ${here} is there but the system refuses to load it: ${refused.message.trim()}. ` +
      'Prebuilt Linux cores need glibc 2.34 or later (Debian 12, Ubuntu 22.04, RHEL 9); ' +
      'otherwise build from source: https://nodejs.org and https://rustup.rs, then `npm run setup` in a checkout';
  } else if (PREBUILT.includes(name.slice(PACKAGE_PREFIX.length))) {
    message =
      `the native core for ${here} is not installed: expected the package ${name}. ` +
      'It is an optional dependency of toprung: install again without --omit=optional (or --no-optional), and with ' +
      'the lockfile made on, or for, this platform. In a checkout: `npm run setup`';
  } else {
    message =
      `there is no prebuilt native core for ${here} (${name}); there are: ${PREBUILT.join(', ')}. ` +
      'Build it from a checkout with Rust installed: `npm run setup`';
  }
  return new ToprungError('ERR_TOPRUNG_NATIVE_MISSING', message, { cause });
}

/** An error and what caused it, outermost first; napi's loader chains one cause per place that it looked at. */
function causes(thrown: unknown): { code?: unknown; message: string }[] {
  const chain: { code?: unknown; message: string }[] = [];
  const visit = (e: unknown): void => {
    if (!(e instanceof Error) || chain.includes(e) || chain.length > 100) return;
    chain.push(e);
    visit(e.cause);
    if (e instanceof AggregateError) e.errors.forEach(visit);
  };
  visit(thrown);
  return chain;
}
