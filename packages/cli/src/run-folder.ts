/**
 * The folder of a run that was kept (`--out`): what is in it, how it gets there, and how it is found again.
 *
 * `config.json` is there from the start, `data/` (the dataset) when the run is over, and `result.json` last: a folder with
 * a result is a whole run. Whatever is called `….tmp` was left by a process that was killed, and is never looked at.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import {
  DATASET_TABLES,
  type DatasetManifest,
  type DatasetOptionsInput,
  type ReplayOptions,
  type ReplayReport,
  readManifest,
} from 'toprung';
import { CliError, usageError } from './errors.js';
import { ExitCode } from './exit-codes.js';
import { makeFolder, writeWhole } from './output-folder.js';
import { nearest } from './suggest.js';
import type { SimulationDocument } from './summary.js';

/** The document of `toprung replay --json`. */
export interface ReplayDocument extends ReplayReport {
  readonly schema: 'toprung.replay/1';
  readonly file: string;
}

/** What a kept run knows beside its result. */
export interface RunRecord {
  /** When it ended, ISO 8601. */
  readonly date: string;
  readonly version: string;
  readonly environment: Environment;
  /** Wall-clock milliseconds since the start, and what was done by then. */
  readonly timeline: readonly (readonly [ms: number, done: number])[];
}

/** Where a run ran. */
export interface Environment {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  /** Load of the machine at the end of the run, one minute's average. */
  readonly load: number;
  /** The commit of the checkout that toprung ran from; null when it was installed. */
  readonly commit: string | null;
}

/** `result.json`. */
export type ResultDocument = (SimulationDocument | ReplayDocument) & RunRecord;

/** `config.json` of a replay. */
export interface ReplayConfig {
  readonly file: string;
  readonly options: ReplayOptions;
}

/** A run that was kept. */
export interface Run {
  readonly folder: string;
  readonly result: ResultDocument;
  /** Its dataset, if it has one that belongs to it. */
  readonly dataset: DatasetManifest | undefined;
}

/** The tables that stay small however long the run is; `report` reads these. */
export const smallTables = ['l1', 'depth', 'latency', 'metrics'] as const;

/** Where a run's dataset is. */
export function dataFolder(folder: string): string {
  return path.join(folder, 'data');
}

/** What `--tables` says: names with commas between them, `all`, `small`. */
export function tablesFrom(text: string): DatasetOptionsInput['tables'] {
  const names = text.split(',').map((name) => name.trim());
  const tables = names.flatMap((name) => {
    if (name === 'all') return [...DATASET_TABLES];
    if (name === 'small') return [...smallTables];
    const known = DATASET_TABLES.find((table) => table === name);
    if (known !== undefined) return [known];
    const guess = nearest(name, DATASET_TABLES);
    throw usageError(`--tables: there is no table ${name}`, [
      guess === undefined ? `there are: ${DATASET_TABLES.join(', ')}; or all, small` : `did you mean ${guess}?`,
    ]);
  });
  return [...new Set(tables)];
}

/** Makes the folder of a run and writes its configuration; a result of an earlier run goes, since it would not fit. */
export function prepareRun(folder: string, config: unknown): void {
  try {
    makeFolder(folder);
    rmSync(path.join(folder, 'result.json'), { force: true });
  } catch (error) {
    throw outputError(folder, error);
  }
  writeJson(path.join(folder, 'config.json'), config);
}

/** Writes the result: with it the run is whole. */
export function finishRun(folder: string, result: unknown): void {
  writeJson(path.join(folder, 'result.json'), result);
}

function writeJson(file: string, value: unknown): void {
  writeOutput(file, `${JSON.stringify(value, null, 2)}\n`);
}

/** Writes a file whole; what the system refuses is an error of the command. */
export function writeOutput(file: string, text: string): void {
  try {
    writeWhole(file, text);
  } catch (error) {
    throw outputError(file, error);
  }
}

function outputError(where: string, error: unknown): CliError {
  return new CliError('ERR_TOPRUNG_OUTPUT', ExitCode.invalid, `cannot write the result: ${(error as Error).message}`, {
    where,
    fix: ['choose another folder with --out; `toprung doctor --out DIR` tests one'],
    cause: error,
  });
}

/** Opens a run. @throws CliError `ERR_TOPRUNG_RUN_…`, saying what is missing */
export function openRun(folder: string): Run {
  const result = readResult(folder);
  const data = dataFolder(folder);
  if (!existsSync(data)) return { folder, result, dataset: undefined };
  const dataset = readManifest(data);
  if (dataset.run.digest !== result.digest) {
    throw new CliError('ERR_TOPRUNG_RUN_VERSION', ExitCode.invalid, 'the tables are of another run than the result', {
      where: data,
      fix: [`\`toprung export ${folder}\` writes them again`],
    });
  }
  return { folder, result, dataset };
}

/** The result of a run alone, whatever its dataset is. */
export function readResult(folder: string): ResultDocument {
  const file = path.join(folder, 'result.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw notARun(folder, error);
  }
  const known = ['toprung.simulation/1', 'toprung.replay/1'];
  const schema = schemaOf(text);
  if (schema === undefined || !known.includes(schema)) {
    const got = schema ?? 'no schema';
    throw new CliError('ERR_TOPRUNG_RUN_VERSION', ExitCode.invalid, `expected ${known.join(' or ')}, got ${got}`, {
      where: file,
      fix: ['the run was kept by another version of toprung: use that one, or run it again'],
    });
  }
  return JSON.parse(text) as ResultDocument;
}

function schemaOf(text: string): string | undefined {
  try {
    const { schema } = JSON.parse(text) as { schema?: unknown };
    return typeof schema === 'string' ? schema : undefined;
  } catch {
    return undefined;
  }
}

function notARun(folder: string, cause: unknown): CliError {
  const leftovers = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.tmp')) : [];
  const begun = existsSync(path.join(folder, 'config.json'));
  const message = begun ? 'the run never came to its end: there is no result.json' : 'no run: there is no result.json';
  return new CliError(begun ? 'ERR_TOPRUNG_RUN_PARTIAL' : 'ERR_TOPRUNG_RUN_NOT_FOUND', ExitCode.invalid, message, {
    where: folder,
    fix: [
      'a run is kept with `toprung simulate --out DIR` or `toprung replay FILE --out DIR`',
      ...(leftovers.length === 0 ? [] : [`left by a process that was killed, may be removed: ${leftovers.join(', ')}`]),
    ],
    cause,
  });
}
