/** Loading the native core, and names that it shares with TypeScript. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  EVENT_KINDS,
  EventFlags,
  ORDER_TYPES,
  PEGS,
  PHASES,
  REASONS,
  SELF_TRADES,
  VENUE_ACTIONS,
  VENUE_TIMES_IN_FORCE,
  VenueOptions,
} from '../src/index.js';

afterEach(() => vi.unstubAllEnvs());

const rust = (file: string) =>
  readFileSync(new URL(`../../../crates/toprung-book/src/${file}`, import.meta.url), 'utf8');

describe('a native core that is not there', () => {
  it('is one clear error, raised at first use and not at import', async () => {
    vi.resetModules();
    vi.stubEnv('NAPI_RS_NATIVE_LIBRARY_PATH', '/nowhere/toprung.node');
    const { OrderBook, parseSimulationConfig, nativeStatus } = await import('../src/index.js');
    expect(parseSimulationConfig({}).books).toBe(1);
    expect(() => new OrderBook()).toThrow(
      expect.objectContaining({
        code: 'ERR_TOPRUNG_NATIVE_MISSING',
        message: expect.stringMatching(/native core for \w+ \w+, node v[\d.]+.*@toprung\/native-.*npm run setup/),
      }),
    );
    expect(nativeStatus()).toMatchObject({ loaded: false, error: { code: 'ERR_TOPRUNG_NATIVE_MISSING' } });
  });

  it('can be loaded later', async () => {
    vi.resetModules();
    const { OrderBook, nativeStatus } = await import('../src/index.js');
    expect(new OrderBook().orderCount).toBe(0);
    expect(nativeStatus().loaded).toBe(true);
  });
});

describe('the binding', () => {
  const folder = new URL('../../../crates/toprung-node/src/', import.meta.url);
  const sources = readdirSync(folder).map((f) => [f, readFileSync(new URL(f, folder), 'utf8')] as const);

  it('catches panics in every function that it exports', () => {
    const exported = /#\[napi(\(([^\]]*)\))?\]\s+pub fn (\w+)/g;
    const found = sources.flatMap(([file, text]) =>
      [...text.matchAll(exported)].map(([, , options = '', name]) => ({ name: `${file}: ${name}`, options })),
    );
    expect(found.length).toBeGreaterThan(15);
    for (const { name, options } of found) expect(options, name).toContain('catch_unwind');
  });
});

describe('names', () => {
  it('of reasons are Rust’s, in the order of their codes', () => {
    const names = [...rust('event.rs').matchAll(/Reason::\w+ => "([a-z-]+)"/g)].map(([, name]) => name);
    expect(names).toEqual([...REASONS]);
  });

  /** Members of a Rust enumeration by code, written as names are here: `StopLimit = 6` is `stop-limit`. */
  const members = (file: string, name: string) => {
    const body = new RegExp(`pub enum ${name} \\{([^}]*)\\}`).exec(rust(file))?.[1] ?? '';
    return [...body.matchAll(/(\w+) = (\d+),/g)].map(([, member = '', code]) => {
      return [Number(code), member.replace(/\B[A-Z]/g, '-$&').toLowerCase()];
    });
  };

  it.each([
    ['event.rs', 'EventKind', EVENT_KINDS],
    ['command.rs', 'TimeInForce', VENUE_TIMES_IN_FORCE],
    ['command.rs', 'SelfTrade', SELF_TRADES],
    ['venue/config.rs', 'Phase', PHASES],
    ['venue/command.rs', 'VenueAction', VENUE_ACTIONS],
    ['venue/command.rs', 'OrderType', ORDER_TYPES],
    ['venue/command.rs', 'Peg', PEGS],
  ])('of %s, %s, are Rust’s, in the order of their codes', (file, name, names) => {
    expect(members(file, name)).toEqual(names.map((n, code) => [code, n]));
  });

  it.each([
    ['event.rs', 'EventFlags', EventFlags],
    ['venue/command.rs', 'Options', VenueOptions],
  ])('of bits in %s, %s, are Rust’s', (file, type, bits) => {
    const consts = rust(file).matchAll(new RegExp(`pub const (\\w+): ${type} = ${type}\\((\\d+)\\)`, 'g'));
    const found = [...consts].map(([, name, bit]) => [name, Number(bit)]).filter(([, bit]) => bit !== 0);
    expect(Object.fromEntries(found)).toEqual(bits);
  });
});
