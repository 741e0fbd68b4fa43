/**
 * Command-line options from a configuration's JSON schema: every setting becomes an option, under its own name.
 *
 * `seed` is `--seed`, `horizon.events` is `--events`, `flow.limitRate` is `--limit-rate`, `book.policy.kind` is
 * `--policy`. Whatever the schema gains is an option without a change here.
 */

/** The parts of JSON schema that are looked at. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
}

/** One setting of a configuration as an option. */
export interface SettingOption {
  /** The option's name without dashes. */
  readonly name: string;
  /** Where the value goes: `['flow', 'limitRate']`. */
  readonly path: readonly string[];
  readonly kind: 'number' | 'string' | 'boolean';
  readonly description: string;
  readonly choices: readonly string[];
  readonly default: unknown;
  /** Whether `null` ("off") is a value. */
  readonly nullable: boolean;
  /** Settings of the same object that cannot stand beside this one, because they belong to another alternative. */
  readonly excludes: readonly string[];
}

/** Objects whose name says nothing that their settings do not: left out of the option's name. */
const transparent = new Set(['horizon', 'book', 'flow']);
/** Settings that name the alternative: the option is named for the object. */
const discriminators = new Set(['kind', 'model']);

/** Every setting of a schema, in its order. */
export function settingOptions(schema: unknown): SettingOption[] {
  const found = new Map<string, SettingOption>();
  for (const option of walk(schema as Schema, [], undefined)) {
    const earlier = found.get(option.name);
    // The same setting in several alternatives: the choices add up, and what one excludes another may not.
    found.set(option.name, earlier === undefined ? option : merge(earlier, option));
  }
  return [...found.values()];
}

function* walk(schema: Schema, path: readonly string[], inherited: unknown): Generator<SettingOption> {
  // `schema.default` of an object holds the defaults of its settings, where they have none of their own.
  const alternatives = schema.anyOf ?? schema.oneOf ?? [schema];
  const objects = alternatives.filter((part) => part.properties !== undefined);
  if (objects.length === 0) {
    // A list cannot be typed as an option; a configuration file has it.
    if (path.length > 0 && schema.type !== 'array') yield leaf(schema, alternatives, path, inherited);
    return;
  }
  const defaults = (schema.default ?? inherited) as Record<string, unknown> | undefined;
  const allNames = objects.flatMap((part) => Object.keys(part.properties ?? {}));
  for (const part of objects) {
    const own = new Set(Object.keys(part.properties ?? {}));
    const excludes = [...new Set(allNames.filter((name) => !own.has(name)))];
    for (const [name, property] of Object.entries(part.properties ?? {})) {
      for (const option of walk(property, [...path, name], property.default ?? defaults?.[name])) {
        if (option.path.length > path.length + 1) yield option;
        // What names the alternative is described by what it is an alternative of.
        else if (discriminators.has(name)) yield { ...option, description: schema.description ?? '', excludes };
        else yield { ...option, excludes };
      }
    }
  }
}

function leaf(
  schema: Schema,
  alternatives: readonly Schema[],
  path: readonly string[],
  inherited: unknown,
): SettingOption {
  const types = alternatives.flatMap(({ type }) => type ?? []);
  const [value] = alternatives.filter(({ type }) => type !== 'null');
  const choices = value?.const !== undefined ? [value.const] : (value?.enum ?? []);
  const isNumber = types.includes('number') || types.includes('integer');
  return {
    name: optionName(path),
    path,
    kind: isNumber ? 'number' : types.includes('boolean') ? 'boolean' : 'string',
    description: schema.description ?? value?.description ?? '',
    choices: choices.map(String),
    default: schema.default ?? inherited,
    nullable: types.includes('null'),
    excludes: [],
  };
}

function merge(a: SettingOption, b: SettingOption): SettingOption {
  return {
    ...a,
    choices: [...new Set([...a.choices, ...b.choices])],
    excludes: a.excludes.filter((name) => b.excludes.includes(name)),
  };
}

/** `['flow', 'limitRate']` is `limit-rate`, `['book', 'policy', 'kind']` is `policy`. */
export function optionName(path: readonly string[]): string {
  const parts = path.filter((part, i) => !(i === 0 && path.length > 1 && transparent.has(part)));
  const last = parts.at(-1) ?? '';
  const named = parts.length > 1 && discriminators.has(last) ? parts.slice(0, -1) : parts;
  // `policy.minLot` reads best as `min-lot`; `samples.rows` and `policy.name` need their object to be understood.
  const words = named[0] === 'policy' && named.length > 1 && last !== 'name' ? named.slice(1) : named;
  return words.map((word) => word.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)).join('-');
}

/** Writes a setting into a configuration, dropping the alternatives that it excludes. */
export function applySetting(
  config: Record<string, unknown>,
  option: SettingOption | undefined,
  path: readonly string[],
  value: unknown,
): void {
  let at = config;
  for (const part of path.slice(0, -1)) {
    const next = at[part];
    at[part] = typeof next === 'object' && next !== null ? { ...next } : {};
    at = at[part] as Record<string, unknown>;
  }
  const last = path.at(-1)!;
  for (const excluded of option?.excludes ?? []) delete at[excluded];
  // Another alternative has settings of its own, which take their defaults.
  if (discriminators.has(last) && at[last] !== value) for (const name of Object.keys(at)) delete at[name];
  at[last] = value;
}
