/** The line that runs the same simulation again, and how this process itself was called. */
import type { SettingOption } from './schema-options.js';

/** How the person calls the command: `toprung`, or through npm in a checkout. */
export function callPrefix(env: Readonly<Record<string, string | undefined>> = process.env): string {
  if (env.npm_lifecycle_event === 'start' || env.npm_lifecycle_event === 'toprung') return 'npm run toprung --';
  return env.npm_lifecycle_event === 'npx' ? 'npx toprung' : 'toprung';
}

/** The scenario and every setting in which a run differs from it. */
export function rerunLine(
  scenario: { readonly name: string; readonly config: object },
  config: object,
  settings: readonly SettingOption[],
): string {
  const changed = settings.flatMap(({ name, path }) => {
    const value = at(config, path);
    if (value === undefined || value === at(scenario.config, path)) return [];
    return [`--${name} ${value === null ? 'off' : String(value)}`];
  });
  return [callPrefix(), 'simulate', scenario.name, ...changed].join(' ');
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}
