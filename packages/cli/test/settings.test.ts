/** Options come from the configuration's schema, and a run's configuration from scenario, file, --set and options. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { configJsonSchema, parseSimulationConfig } from 'toprung';
import { afterAll, describe, expect, test } from 'vitest';
import { checkOptions, commandOf, globalOptions } from '../src/command-line.js';
import { configFrom, parseNumber } from '../src/config-input.js';
import { rerunLine } from '../src/rerun.js';
import { optionName, settingOptions } from '../src/schema-options.js';

const settings = settingOptions(configJsonSchema('simulation'));
const base = parseSimulationConfig({});
const folder = mkdtempSync(path.join(tmpdir(), 'toprung-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

function merged(sources: { file?: string; sets?: string[]; options?: Record<string, unknown> }) {
  return configFrom({ base, options: {}, ...sources }, settings);
}

describe('options from the schema', () => {
  test('every setting is an option under a name of its own', () => {
    const names = settings.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(
      expect.arrayContaining([
        'seed',
        'books',
        'events',
        'duration-ns',
        'threads',
        'policy',
        'min-lot',
        'limit-rate',
        'samples-rows',
      ]),
    );
  });

  test('names leave out what says nothing', () => {
    expect(optionName(['horizon', 'events'])).toBe('events');
    expect(optionName(['book', 'policy', 'kind'])).toBe('policy');
    expect(optionName(['book', 'policy', 'minLot'])).toBe('min-lot');
    expect(optionName(['samples', 'depthTicks'])).toBe('samples-depth-ticks');
  });

  test('an alternative knows what it excludes', () => {
    const events = settings.find(({ name }) => name === 'events');
    expect(events?.excludes).toEqual(['durationNs']);
  });
});

describe('numbers as people type them', () => {
  test.each([
    ['5e6', 5_000_000],
    ['1_000_000', 1_000_000],
    ['20M', 20_000_000],
    ['1.5k', 1500],
    ['-3', -3],
    ['.5', 0.5],
  ])('%s', (text, value) => expect(parseNumber(text)).toBe(value));

  test.each(['', 'abc', '1e', '5 6', '0x10', 'NaN', 'Infinity'])('%j is none', (text) =>
    expect(parseNumber(text)).toBeUndefined(),
  );
});

describe('the configuration of a run', () => {
  test('options win over --set, --set over the file, the file over the scenario', () => {
    const file = path.join(folder, 'config.json');
    writeFileSync(file, JSON.stringify({ $schema: 'x', seed: 2, books: 2, flow: { limitRate: 2 } }));
    const config = merged({ file, sets: ['seed=3', 'books=3'], options: { seed: '4' } });
    expect(config).toMatchObject({ seed: 4, books: 3, flow: { limitRate: 2, marketRate: 1000 } });
  });

  test('another model has settings of its own, at their defaults', () => {
    expect(merged({ options: { model: 'hawkes' } }).flow).toEqual({ model: 'hawkes' });
    expect(merged({ options: { model: 'cst', 'market-rate': '3' } }).flow).toEqual({ model: 'cst', marketRate: 3 });
    expect(merged({ options: { model: 'santa-fe' } }).flow).toEqual(base.flow);
  });

  test('one alternative replaces the other', () => {
    expect(merged({ options: { 'duration-ns': '1e9' } }).horizon).toEqual({ durationNs: 1e9 });
    expect(merged({ options: { policy: 'pro-rata', 'min-lot': '2' } })).toMatchObject({
      book: { policy: { kind: 'pro-rata', minLot: 2 } },
    });
  });

  test('options of two alternatives exclude each other', () => {
    expect(() => merged({ options: { events: '5', 'duration-ns': '5' } })).toThrow(
      '--events and --duration-ns exclude each other',
    );
  });

  test('a setting that can be switched off takes `off`', () => {
    expect(merged({ options: { 'latency-sampling': 'off' } }).latencySampling).toBeNull();
  });

  test('the scenario is not changed', () => {
    const before = structuredClone(base);
    merged({ sets: ['flow.limitRate=1', 'book.policy.kind=pro-rata'], options: { seed: '9' } });
    expect(base).toEqual(before);
  });

  test('an unknown path is answered with the nearest one', () => {
    expect(() => merged({ sets: ['flow.limitRat=1'] })).toThrow(
      expect.objectContaining({ code: 'ERR_TOPRUNG_USAGE', fix: ['did you mean flow.limitRate?'] }),
    );
  });

  test('text where a number belongs is refused with what was expected', () => {
    expect(() => merged({ options: { seed: 'seven' } })).toThrow('--seed: expected a number, got "seven"');
    expect(() => merged({ sets: ['seed'] })).toThrow('--set: expected PATH=VALUE, got "seed"');
  });

  test('a file that is missing, no JSON, or no object is named', () => {
    const file = path.join(folder, 'bad.json');
    expect(() => merged({ file: path.join(folder, 'none.json') })).toThrow('there is no such file');
    writeFileSync(file, '{"seed": }');
    expect(() => merged({ file })).toThrow(expect.objectContaining({ where: file, exitCode: 3 }));
    writeFileSync(file, '[1]');
    expect(() => merged({ file })).toThrow('expected a JSON object');
  });

  test('the rerun line holds exactly what differs from the scenario', () => {
    const config = parseSimulationConfig(merged({ options: { seed: '7', events: '5e6', 'latency-sampling': 'off' } }));
    const scenario = { name: 'zi', config: { ...base, latencySampling: 6 } };
    expect(rerunLine(scenario, config, settings)).toMatch(
      /simulate zi --seed 7 --events 5000000 --latency-sampling off$/,
    );
  });
});

describe('the command line', () => {
  test('an unknown command is answered with the nearest one', () => {
    expect(commandOf(['--json', 'replay', 'x'])).toBe('replay');
    expect(commandOf([])).toBeUndefined();
    expect(() => commandOf(['replya'])).toThrow(
      expect.objectContaining({ fix: ['did you mean replay?'], exitCode: 2 }),
    );
  });

  test('an unknown option is answered with the nearest one', () => {
    const known = { ...globalOptions, seed: { type: 'string', describe: '' } } as const;
    expect(() => checkOptions(['simulate', '--sed', '7'], 'simulate', known)).toThrow(
      expect.objectContaining({
        message: 'unknown option of `toprung simulate`: --sed',
        fix: ['did you mean --seed?'],
      }),
    );
    expect(() => checkOptions(['simulate', '-s'], 'simulate', known)).toThrow('unknown option');
    expect(() => checkOptions(['simulate', '--seed'], 'simulate', known)).toThrow('--seed: a value is missing');
    expect(() => checkOptions(['simulate', '--no-seed'], 'simulate', known)).toThrow('--no-seed');
    expect(() => checkOptions(['simulate', '--seed', '-5', '--no-color'], 'simulate', known)).not.toThrow();
  });
});
