/**
 * Order flows in a folder: command files (`NAME.cmds.csv`, plain or zstd) beside what is known about the answer — a line
 * in `HASHES.txt`, the report itself (`NAME.reports.txt`), or the list of trades (`NAME.trades.csv`).
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { DataError } from '../lib/data-error.js';
import { integerField, linesOf, plainOrZst, readText } from '../lib/files.js';
import type { FlowOp } from './report.js';

/** One order flow and what is known about its outcome. */
export interface Flow {
  readonly name: string;
  readonly commands: string;
  /** Expected SHA-256 of the canonical report, and where it comes from. */
  readonly sha256?: string;
  /** Expected trades, one list per flow (`msg,taker,maker,price,qty`). */
  readonly trades?: string;
  /** The expected report's text, to show the first line that differs. */
  readonly reports?: string;
}

/** One command of a flow. `line` is its number from 0, which is also its sequence number. */
export interface FlowCommand {
  readonly op: FlowOp;
  readonly id: number;
  readonly side: 'buy' | 'sell';
  readonly ioc: boolean;
  readonly qty: number;
  readonly price: number;
}

/** The flows of a folder, in name order, or the one flow of a command file. */
export function flowsIn(target: string): Flow[] {
  const stat = statSync(target, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new DataError(target, 'a folder with *.cmds.csv files, or one such file', 'nothing at this path');
  const folder = stat.isDirectory() ? target : path.dirname(target);
  const names = stat.isDirectory() ? readdirSync(target) : [path.basename(target)];
  const commands = names.filter((name) => /\.cmds\.csv(\.zst)?$/.test(name)).sort();
  if (commands.length === 0) throw new DataError(target, 'at least one NAME.cmds.csv or NAME.cmds.csv.zst', 'none');
  const hashes = readHashes(path.join(folder, 'HASHES.txt'));
  const missing = [...hashes.keys()].filter((name) => plainOrZst(path.join(folder, `${name}.cmds.csv`)) === undefined);
  if (missing.length > 0)
    throw new DataError(path.join(folder, 'HASHES.txt'), `the command file of ${missing[0]}`, 'no such file');
  return commands.map((file) => describe(folder, file, hashes));
}

/** The commands of a flow. */
export function* readCommands(file: string): Generator<FlowCommand> {
  for (const [i, line] of linesOf(readText(file)).entries()) {
    const where = `${file}:${i + 1}`;
    const fields = line.split(',');
    const number = (at: number, name: string): number => integerField(fields[at], name, where);
    switch (fields[0]) {
      case 'N': {
        const [side, ioc] = [sideField(fields[2], where), number(3, 'ioc') === 1];
        yield { op: 'new', id: number(1, 'id'), side, ioc, qty: number(4, 'qty'), price: number(5, 'price') };
        break;
      }
      case 'M': {
        const side = sideField(fields[2], where);
        yield { op: 'modify', id: number(1, 'id'), side, ioc: false, qty: number(3, 'qty'), price: number(4, 'price') };
        break;
      }
      case 'C':
        yield { op: 'cancel', id: number(1, 'id'), side: 'buy', ioc: false, qty: 0, price: 0 };
        break;
      default:
        throw new DataError(where, 'a line that begins with N, C or M', `"${line.slice(0, 40)}"`);
    }
  }
}

function describe(folder: string, file: string, hashes: ReadonlyMap<string, string>): Flow {
  const name = file.replace(/\.cmds\.csv(\.zst)?$/, '');
  const reports = plainOrZst(path.join(folder, `${name}.reports.txt`));
  const trades = plainOrZst(path.join(folder, `${name}.trades.csv`));
  const sha256 = hashes.get(name) ?? (reports === undefined ? undefined : hashOf(readText(reports)));
  return {
    name,
    commands: path.join(folder, file),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(trades === undefined ? {} : { trades }),
    ...(reports === undefined ? {} : { reports }),
  };
}

/** `HASHES.txt`: a header line that begins with `#` and names the columns, then one line per flow. */
function readHashes(file: string): Map<string, string> {
  const hashes = new Map<string, string>();
  if (!existsSync(file)) return hashes;
  for (const [i, line] of linesOf(readFileSync(file, 'utf8')).entries()) {
    if (line.startsWith('#') || line.trim() === '') continue;
    const [name] = line.split(/\s+/);
    const sha256 = line.match(/\b[0-9a-f]{64}\b/)?.[0];
    if (name === undefined || sha256 === undefined)
      throw new DataError(`${file}:${i + 1}`, 'NAME … SHA-256', `"${line}"`);
    hashes.set(name, sha256);
  }
  return hashes;
}

function sideField(text: string | undefined, where: string): 'buy' | 'sell' {
  if (text === 'B') return 'buy';
  if (text === 'S') return 'sell';
  throw new DataError(where, 'side: B or S', `"${text ?? ''}"`);
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
