/**
 * The configuration of a run, put together from its sources: scenario < `--config FILE` < `--set PATH=VALUE` < options.
 *
 * What comes out is checked by the library's schema; here only the syntax is.
 */
import { readFileSync } from 'node:fs';
import { CliError, usageError } from './errors.js';
import { ExitCode } from './exit-codes.js';
import { applySetting, type SettingOption } from './schema-options.js';
import { nearest } from './suggest.js';

/** Where the settings of a run come from. */
export interface ConfigSources {
  /** The scenario's configuration. */
  readonly base: Readonly<Record<string, unknown>>;
  /** `--config`: a JSON file. */
  readonly file?: string | undefined;
  /** `--set`: `path=value`, in order. */
  readonly sets?: readonly string[] | undefined;
  /** Options by name, as they were typed. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** The configuration that the sources give together. */
export function configFrom(sources: ConfigSources, settings: readonly SettingOption[]): Record<string, unknown> {
  const config = structuredClone(sources.base) as Record<string, unknown>;
  if (sources.file !== undefined) mergeInto(config, readConfigFile(sources.file));
  for (const text of sources.sets ?? []) {
    const { path, value } = parseSet(text, settings);
    applySetting(config, byPath(settings, path), path, value);
  }
  refuseExclusive(sources.options, settings);
  for (const setting of settings) {
    const typed = sources.options[setting.name];
    if (typed !== undefined) applySetting(config, setting, setting.path, parseOption(setting, typed));
  }
  return config;
}

/** Two options of different alternatives, such as `--events` and `--duration-ns`, cannot both be meant. */
function refuseExclusive(options: Readonly<Record<string, unknown>>, settings: readonly SettingOption[]): void {
  const typed = settings.filter(({ name }) => options[name] !== undefined);
  for (const { name, path, excludes } of typed) {
    const parent = path.slice(0, -1).join('.');
    const other = typed.find((o) => o.path.slice(0, -1).join('.') === parent && excludes.includes(o.path.at(-1)!));
    if (other !== undefined) throw usageError(`--${name} and --${other.name} exclude each other`, ['give one of them']);
  }
}

/** A number as people type it: `5e6`, `1_000_000`, `20M`; `undefined` when it is none. */
export function parseNumber(text: string): number | undefined {
  const match = /^([+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?)([kKmMgG]?)$/i.exec(text.trim());
  if (match === null) return undefined;
  const factor = { k: 1e3, m: 1e6, g: 1e9 }[match[2]!.toLowerCase()] ?? 1;
  const value = Number(match[1]!.replaceAll('_', '')) * factor;
  // 0.3M is 300000.00000000006 - epsilon in floating point, and was meant as an integer.
  return factor !== 1 && Math.abs(value - Math.round(value)) < 1e-6 ? Math.round(value) : value;
}

function parseOption(setting: SettingOption, typed: unknown): unknown {
  const text = String(Array.isArray(typed) ? typed.at(-1) : typed);
  const value = parseValue(setting, text);
  if (value !== undefined) return value;
  throw usageError(`--${setting.name}: expected ${expectation(setting)}, got "${text}"`);
}

/** A value of a setting's kind, or `undefined`. */
function parseValue(setting: SettingOption, text: string): unknown {
  if (setting.nullable && (text === 'off' || text === 'null')) return null;
  if (setting.kind === 'number') return parseNumber(text);
  if (setting.kind === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  return setting.choices.length === 0 || setting.choices.includes(text) ? text : undefined;
}

function expectation(setting: SettingOption): string {
  const what = { number: 'a number', boolean: 'true or false', string: 'a text' }[setting.kind];
  const choices = setting.choices.length > 0 ? setting.choices.join(', ') : what;
  return setting.nullable ? `${choices} or off` : choices;
}

function parseSet(text: string, settings: readonly SettingOption[]): { path: string[]; value: unknown } {
  const equals = text.indexOf('=');
  if (equals <= 0)
    throw usageError(`--set: expected PATH=VALUE, got "${text}"`, ['for example --set flow.limitRate=30']);
  const path = text.slice(0, equals).split('.');
  const raw = text.slice(equals + 1);
  const setting = byPath(settings, path);
  if (setting === undefined) {
    const known = settings.map((option) => option.path.join('.'));
    const guess = nearest(path.join('.'), known);
    throw usageError(`--set: there is no setting ${path.join('.')}`, [
      guess === undefined ? `there are: ${known.join(', ')}` : `did you mean ${guess}?`,
    ]);
  }
  const value = parseValue(setting, raw);
  if (value === undefined) throw usageError(`--set ${path.join('.')}: expected ${expectation(setting)}, got "${raw}"`);
  return { path, value };
}

function byPath(settings: readonly SettingOption[], path: readonly string[]): SettingOption | undefined {
  const wanted = path.join('.');
  return settings.find((setting) => setting.path.join('.') === wanted);
}

function readConfigFile(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw new CliError('ERR_TOPRUNG_CONFIG_FILE', ExitCode.invalid, `cannot read the configuration: ${why}`, {
      where: file,
      cause: error,
    });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('expected a JSON object');
    // Editors want to know the schema; the run does not.
    const { $schema: _, ...config } = value as Record<string, unknown>;
    return config;
  } catch (error) {
    throw new CliError(
      'ERR_TOPRUNG_CONFIG_FILE',
      ExitCode.invalid,
      `not a configuration: ${(error as Error).message}`,
      {
        where: file,
        fix: ['a configuration is a JSON object of settings, such as {"seed": 7, "books": 100}'],
        cause: error,
      },
    );
  }
}

/** Objects are merged setting by setting; everything else is replaced. */
function mergeInto(target: Record<string, unknown>, source: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(source)) {
    const old = target[key];
    // An alternative (`horizon`, `policy`, `flow` of another model) replaces the whole object.
    if (
      isRecord(old) &&
      isRecord(value) &&
      key !== 'horizon' &&
      key !== 'policy' &&
      old.model === (value.model ?? old.model)
    ) {
      mergeInto(old, value);
    } else target[key] = value;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
