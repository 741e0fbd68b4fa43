/**
 * What of an ELF file decides whether magic-trace finds a trigger in it: kind, symbol table, where it lies in memory.
 *
 * Only 64-bit little-endian files are read; magic-trace runs on no other machine.
 */
import { closeSync, openSync, readFileSync, readSync, realpathSync } from 'node:fs';
import path from 'node:path';

/** An ELF file, as far as triggers go. */
export interface ElfFile {
  /** `exec`: linked to a fixed address. `dyn`: position independent, as libraries and most executables are. */
  kind: 'exec' | 'dyn' | 'other';
  /** Whether it has the symbol table without which magic-trace refuses every trigger. */
  hasSymbolTable: boolean;
  /** Names among its dynamic symbols that were asked for and are defined. */
  defines: string[];
  /** Lowest address that its segments ask for, as a bigint since it may be any 64-bit number. */
  lowestAddress: bigint;
}

const [SYMBOL_TABLE, STRING_TABLE, DYNAMIC_SYMBOLS] = [2, 3, 11];

/** Reads a file; `undefined` if it cannot be read or is no ELF file. Never throws. */
export function readElf(file: string, wanted: readonly string[] = []): ElfFile | undefined {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return undefined;
  }
  try {
    return parse((offset, length) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
    }, wanted);
  } catch {
    // A length or an offset that the file does not have: not an ELF file that anything could be told of.
    return undefined;
  } finally {
    closeSync(fd);
  }
}

function parse(read: (offset: number, length: number) => Buffer, wanted: readonly string[]): ElfFile | undefined {
  const header = read(0, 64);
  if (header.length < 64 || header.readUInt32BE(0) !== 0x7f454c46 || header[4] !== 2 || header[5] !== 1)
    return undefined;
  const type = header.readUInt16LE(16);
  const number = (bytes: Buffer, at: number) => Number(bytes.readBigUInt64LE(at));

  const segments = read(number(header, 32), header.readUInt16LE(54) * header.readUInt16LE(56));
  let lowestAddress = -1n;
  for (let at = 0; at + 56 <= segments.length; at += header.readUInt16LE(54)) {
    const address = segments.readBigUInt64LE(at + 16);
    if (segments.readUInt32LE(at) === 1 && (lowestAddress < 0n || address < lowestAddress)) lowestAddress = address;
  }

  const size = header.readUInt16LE(58);
  const sections = read(number(header, 40), size * header.readUInt16LE(60));
  const kinds: number[] = [];
  for (let at = 0; at + 64 <= sections.length; at += size) kinds.push(sections.readUInt32LE(at + 4));
  const content = (index: number) => read(number(sections, index * size + 24), number(sections, index * size + 32));

  const dynamic = kinds.indexOf(DYNAMIC_SYMBOLS);
  const defines: string[] = [];
  if (dynamic >= 0 && wanted.length > 0) {
    const symbols = content(dynamic);
    const names = content(sections.readUInt32LE(dynamic * size + 40));
    for (let at = 0; at + 24 <= symbols.length; at += 24) {
      const start = symbols.readUInt32LE(at);
      const name = names.toString('latin1', start, names.indexOf(0, start));
      if (symbols.readUInt16LE(at + 6) !== 0 && wanted.includes(name)) defines.push(name);
    }
  }
  return {
    kind: type === 2 ? 'exec' : type === 3 ? 'dyn' : 'other',
    hasSymbolTable: kinds.includes(SYMBOL_TABLE) && kinds.includes(STRING_TABLE),
    defines,
    lowestAddress: lowestAddress < 0n ? 0n : lowestAddress,
  };
}

/**
 * The trigger that makes magic-trace set its breakpoint at an address of a running process.
 *
 * magic-trace takes an address as it is if the executable is linked to a fixed place, and adds the executable's own
 * displacement if it is not; so that is taken off here.
 *
 * @param proc - Where the process is described, `/proc/PID`.
 * @param address - The address in memory, as the process itself knows it.
 */
export function triggerFor(proc: string, address: bigint): string | undefined {
  const exe = path.join(proc, 'exe');
  const elf = readElf(exe);
  if (elf === undefined) return undefined;
  if (elf.kind === 'exec') return `addr:0x${address.toString(16)}`;
  let start: bigint | undefined;
  try {
    const file = realpathSync(exe);
    for (const line of readFileSync(path.join(proc, 'maps'), 'utf8').split('\n')) {
      const from = /^([0-9a-f]+)-/.exec(line)?.[1];
      if (from === undefined || !line.endsWith(` ${file}`)) continue;
      const at = BigInt(`0x${from}`);
      if (start === undefined || at < start) start = at;
    }
  } catch {
    return undefined;
  }
  return start === undefined ? undefined : `addr:0x${(address - (start - elf.lowestAddress)).toString(16)}`;
}
