/** What a command takes for a market: a scenario, a flow model, a configuration file, or a recorded day. */
import { existsSync, readFileSync } from 'node:fs';
import { configJsonSchema, type SimulationConfigInput, scenarios, type TapeSource } from 'toprung';
import { parseNumber } from './config-input.js';
import { usageError } from './errors.js';
import { settingOptions } from './schema-options.js';

/** The market that `text` names; `seconds` of it are recorded if it is a simulation. */
export function tapeSource(text: string, seconds: unknown, seed: unknown): TapeSource {
  if (existsSync(text) && !text.endsWith('.json')) return { file: text };
  const durationNs = Math.round(number('duration-s', seconds, 3600) * 1e9);
  const config = { ...configOf(text), seed: number('seed', seed, 1) };
  return { config, durationNs };
}

function configOf(text: string): SimulationConfigInput {
  if (existsSync(text)) {
    const value: unknown = JSON.parse(readFileSync(text, 'utf8'));
    const inner = (value as { config?: unknown }).config;
    return (inner ?? value) as SimulationConfigInput;
  }
  const models = settingOptions(configJsonSchema()).find((option) => option.name === 'model')?.choices ?? [];
  const isScenario = scenarios.list().some(({ name }) => name === text);
  // A model under its own name runs with its defaults.
  if (!isScenario && models.includes(text)) return { flow: { model: text } } as SimulationConfigInput;
  return scenarios.get(text).config;
}

function number(name: string, typed: unknown, otherwise: number): number {
  if (typed === undefined) return otherwise;
  const value = parseNumber(String(typed));
  if (value === undefined || value <= 0) {
    throw usageError(`--${name}: expected a number above 0, got "${String(typed)}"`);
  }
  return value;
}

/** Options of every command that records a simulation. */
export const recordingOptions = {
  'duration-s': {
    type: 'string',
    describe: 'Simulated seconds to record',
    group: 'Recording',
    shownType: 'number',
    defaultDescription: '3600',
    requiresArg: true,
  },
  seed: {
    type: 'string',
    describe: 'Master seed of the simulation',
    group: 'Recording',
    shownType: 'number',
    defaultDescription: '1',
    requiresArg: true,
  },
} as const;
