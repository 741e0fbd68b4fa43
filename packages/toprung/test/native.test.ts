/** Loading the native core, and names that it shares with TypeScript. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { EVENT_KINDS, REASONS } from '../src/index.js';

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

  it('of event kinds are Rust’s, in the order of their codes', () => {
    const body = /pub enum EventKind \{([^}]*)\}/.exec(rust('event.rs'))?.[1] ?? '';
    const names = [...body.matchAll(/(\w+) = (\d+),/g)].map(([, name, code]) => [Number(code), name?.toLowerCase()]);
    expect(names).toEqual(EVENT_KINDS.map((name, code) => [code, name]));
  });
});
