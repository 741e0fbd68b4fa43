/** Conformance cases: one JSON object per line of a `*.jsonl` file (format: `docs/formats.md`, "Conformance cases"). */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { DataError } from '../lib/data-error.js';

/** A command of a case, as it stands in the file: nothing is trusted, since cases hold invalid input on purpose. */
export interface CaseCommand {
  readonly op: string;
  readonly id?: string;
  readonly [field: string]: unknown;
}

/** An executed trade; `price` is absent where the case does not assert it. */
export interface ExpectedTrade {
  readonly taker: string;
  readonly maker: string;
  readonly price?: number;
  readonly qty: number;
}

/** What must be seen after a command; an absent key is not asserted. */
export interface Expectation {
  readonly status?: 'accepted' | 'rejected';
  readonly trades?: readonly ExpectedTrade[];
  readonly fills?: readonly { readonly id: string; readonly price?: number; readonly qty: number }[];
  readonly allocations?: Readonly<Record<string, number>>;
  readonly cancelled?: readonly { readonly id: string; readonly qty: number | null }[];
  readonly triggered?: readonly string[];
  readonly bids?: readonly (readonly (number | null)[])[];
  readonly asks?: readonly (readonly (number | null)[])[];
  readonly bidQueue?: readonly (readonly [string, number | null, number])[];
  readonly askQueue?: readonly (readonly [string, number | null, number])[];
  readonly stops?: readonly (readonly [string, number, number])[];
  readonly visible?: readonly [number, number];
  readonly levels?: readonly [number, number];
  readonly ordersTotal?: number;
  readonly removed?: boolean;
  /** The peer's words; informative, never compared. */
  readonly reason?: string;
}

/** One command and what must follow. */
export interface CaseStep {
  readonly cmd: CaseCommand;
  readonly expect?: Expectation;
}

/** One case, run on an empty book. */
export interface ConformanceCase {
  readonly id: string;
  readonly suite: string;
  readonly features: readonly string[];
  readonly config: Readonly<Record<string, unknown>>;
  readonly steps: readonly CaseStep[];
  readonly notes?: string;
  /** `false` when an independent reference engine contradicts the case: it depends on a convention it does not state. */
  readonly referenceAgrees: boolean;
  /** `file:line`, to find the case again. */
  readonly source: string;
}

/** Every `*.jsonl` file at a path: the file itself, or those directly in the folder, in name order. */
export function caseFiles(target: string): string[] {
  const stat = statSync(target, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new DataError(target, 'a folder of *.jsonl files or one such file', 'nothing at this path');
  if (stat.isFile()) return [target];
  const files = readdirSync(target)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => path.join(target, name));
  if (files.length === 0) throw new DataError(target, 'at least one *.jsonl file', 'none');
  return files;
}

/** The cases of one file, in order. */
export function readCases(file: string): ConformanceCase[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, i) => (line.trim() === '' ? [] : [parseCase(line, `${file}:${i + 1}`)]));
}

function parseCase(line: string, source: string): ConformanceCase {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new DataError(source, 'one JSON object', (error as Error).message);
  }
  if (!isRecord(value)) throw new DataError(source, 'a JSON object', JSON.stringify(value).slice(0, 40));
  const { id, suite, features, config = {}, steps, notes, ref_ok: reference } = value;
  if (typeof id !== 'string') throw new DataError(source, 'id: a string', String(id));
  if (typeof suite !== 'string') throw new DataError(source, 'suite: a string', String(suite));
  if (!isStrings(features)) throw new DataError(source, 'features: a list of strings', JSON.stringify(features));
  if (!isRecord(config)) throw new DataError(source, 'config: an object', JSON.stringify(config));
  if (!isSteps(steps))
    throw new DataError(source, 'steps: a list of {cmd: {op, …}, expect}', JSON.stringify(steps)?.slice(0, 60));
  const conventions = { ...conventionsIn(notes), ...config };
  return {
    id,
    suite,
    features,
    config: conventions,
    steps,
    source,
    referenceAgrees: reference !== false,
    ...(typeof notes === 'string' ? { notes } : {}),
  };
}

/**
 * Conventions that a case states only in its notes, written `key=value` (one case of the public suites names its
 * `market_remainder` there). They count as if they stood in `config`.
 */
function conventionsIn(notes: unknown): Record<string, string> {
  if (typeof notes !== 'string') return {};
  const keys = 'algo|replace_priority|market_remainder|stop_trigger|price_convention';
  return Object.fromEntries(
    [...notes.matchAll(new RegExp(`\\b(${keys})=(\\w+)`, 'g'))].map(([, key, value]) => [key, value]),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isSteps(value: unknown): value is CaseStep[] {
  return (
    Array.isArray(value) &&
    value.every((step) => isRecord(step) && isRecord(step.cmd) && typeof step.cmd.op === 'string') &&
    value.every((step) => step.expect === undefined || isRecord(step.expect))
  );
}
