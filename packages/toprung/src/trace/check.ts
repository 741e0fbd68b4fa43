/**
 * A second opinion on a Fuchsia trace: the format checked word by word, by code that shares nothing with the reader.
 *
 * It knows the layout of records and nothing of what they mean: sizes, references to strings and threads, times that go
 * forward on a thread once sorted, spans that nest.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { ToprungError } from '../errors.js';
import { toPath } from '../paths.js';

/** What the second opinion is. */
export interface TraceCheckup {
  sound: boolean;
  records: number;
  events: number;
  /** Begin and end pairs, and complete events. */
  spans: number;
  problems: string[];
}

/** The first word of every trace. */
const MAGIC = Buffer.from('1000044678541600', 'hex');
const MAX_PROBLEMS = 20;

/** Checks a file. @throws ToprungError `ERR_TOPRUNG_TRACE_FILE`, `ERR_TOPRUNG_TRACE_FORMAT` */
export function checkup(file: string | URL): TraceCheckup {
  const path = toPath('file', file);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new ToprungError('ERR_TOPRUNG_TRACE_FILE', `${path}: ${(cause as Error).message}`, { cause });
  }
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      bytes = gunzipSync(bytes);
    } catch (cause) {
      throw new ToprungError('ERR_TOPRUNG_TRACE_FORMAT', `${path}: the gzip stream is damaged`, { cause });
    }
  }
  if (!bytes.subarray(0, 8).equals(MAGIC)) {
    throw new ToprungError('ERR_TOPRUNG_TRACE_FORMAT', `${path}: expected a Fuchsia trace, got other bytes`);
  }
  const found = new Checker(bytes);
  found.read();
  return found.result();
}

/** Numbers in a typed array that grows. */
class Column<T extends Float64Array | Uint32Array | Uint8Array> {
  length = 0;
  values: T;
  readonly #make: (length: number) => T;

  constructor(make: (length: number) => T) {
    this.#make = make;
    this.values = make(1024);
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const more = this.#make(2 * this.length);
      more.set(this.values);
      this.values = more;
    }
    this.values[this.length++] = value;
  }
}

/** Numbers for texts, from 0 in the order in which they come. */
class Numbers extends Map<string, number> {
  of(text: string): number {
    const known = this.get(text);
    if (known !== undefined) return known;
    this.set(text, this.size);
    return this.size - 1;
  }
}

/** A trace has millions of records: what is asked of each makes no objects. */
class Checker {
  #records = 0;
  #problems: string[] = [];
  /** What is registered now: number of a string or a thread in the file, and ours of its text. */
  #strings = new Map<number, number>();
  #threads = new Map<number, number>();
  #texts = new Numbers();
  #threadNames = new Numbers();
  #completes = 0;
  /** The events: ticks (above 2^53 not exact, which tells no less about order), kind, thread, name. */
  #times = new Column((n) => new Float64Array(n));
  #kinds = new Column((n) => new Uint8Array(n));
  #threadOf = new Column((n) => new Uint32Array(n));
  #nameOf = new Column((n) => new Uint32Array(n));

  /** The record at work: its bytes from `at` to `end`. */
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = 0;
  #end = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  #problem(at: number, text: string): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(`byte ${at}: ${text}`);
  }

  read(): void {
    const { length } = this.#bytes;
    let at = 0;
    while (at < length) {
      if (at + 8 > length) {
        this.#problem(at, 'the file ends within a word');
        return;
      }
      const low = this.#view.getUint32(at, true);
      const high = this.#view.getUint32(at + 4, true);
      const type = low & 15;
      // Records of type 15 are large: four more bits of type, a size of 32 bits.
      const words = type === 15 ? (low >>> 4) + (high & 15) * 2 ** 28 : (low >>> 4) & 0xfff;
      if (words === 0) {
        this.#problem(at, 'a record of no length');
        return;
      }
      if (at + words * 8 > length) {
        this.#problem(at, 'the file ends within a record');
        return;
      }
      this.#records += 1;
      [this.#at, this.#end] = [at + 8, at + words * 8];
      this.#record(at, type, low, high);
      at += words * 8;
    }
  }

  #record(at: number, type: number, low: number, high: number): void {
    if (type === 2) {
      const [index, length] = [(low >>> 16) & 0x7fff, high & 0x7fff];
      if (index === 0) this.#problem(at, 'string number 0, which is the empty one');
      const text = this.#inline(length);
      if (text === undefined || this.#left !== 0) this.#problem(at, 'a string whose length is not its record’s');
      else this.#strings.set(index, text);
    } else if (type === 3) {
      const [process, thread] = [this.#next(), this.#next()];
      this.#threads.set((low >>> 16) & 0xff, this.#threadNames.of(`${process}/${thread}`));
      if (thread === undefined || this.#left !== 0) this.#problem(at, 'a thread record of the wrong length');
    } else if (type === 4) {
      this.#event(at, low, high);
    } else if (type === 1 && this.#left !== 1 && this.#left !== 3) {
      this.#problem(at, 'an initialisation record that is neither two nor four words');
    }
  }

  #event(at: number, low: number, high: number): void {
    const kind = (low >>> 16) & 15;
    const time = this.#next();
    const ref = low >>> 24;
    const thread = ref === 0 ? this.#threadNames.of(`${this.#next()}/${this.#next()}`) : this.#threads.get(ref);
    this.#text(at, high & 0xffff, 'category');
    const name = this.#text(at, high >>> 16, 'name');
    for (let i = (low >>> 20) & 15; i > 0; i--) this.#argument(at);
    const more = kind === 1 || kind >= 4 ? this.#next() : 0;
    if (kind > 10) {
      this.#problem(at, `an event of kind ${kind}`);
      return;
    }
    if (time === undefined || more === undefined || this.#left !== 0) {
      this.#problem(at, 'an event whose parts are not as long as its record');
      return;
    }
    if (thread === undefined) {
      this.#problem(at, `an event of thread ${ref}, which was not registered`);
      return;
    }
    if (kind === 4 && more < time) this.#problem(at, 'a complete event that ends before it begins');
    this.#completes += kind === 4 ? 1 : 0;
    this.#times.push(time);
    this.#kinds.push(kind);
    this.#threadOf.push(thread);
    this.#nameOf.push(name ?? this.#texts.of(''));
  }

  #argument(at: number): void {
    if (this.#left < 1) {
      this.#problem(at, 'an argument that is missing');
      return;
    }
    const low = this.#view.getUint32(this.#at, true);
    const high = this.#view.getUint32(this.#at + 4, true);
    const [type, size] = [low & 15, (low >>> 4) & 0xfff];
    const end = this.#at + 8 * size;
    if (size === 0 || end > this.#end) {
      this.#problem(at, 'an argument that is longer than its event');
      this.#at += 8;
      return;
    }
    this.#at += 8;
    this.#text(at, low >>> 16, 'name of an argument');
    if (type === 6) this.#text(at, high & 0xffff, 'text of an argument');
    else if (type === 3 || type === 4 || type === 5 || type === 7 || type === 8) this.#at += 8;
    else if (type === 10) this.#at += Math.ceil(high / 8) * 8;
    if (this.#at !== end) this.#problem(at, 'an argument whose parts are not as long as it says');
    this.#at = end;
  }

  /** Our number of a text that is registered or lies here. */
  #text(at: number, ref: number, what: string): number | undefined {
    let text: number | undefined;
    if (ref === 0) text = this.#texts.of('');
    else text = (ref & 0x8000) !== 0 ? this.#inline(ref & 0x7fff) : this.#strings.get(ref);
    if (text === undefined) this.#problem(at, `the ${what} is string ${ref & 0x7fff}, which was not registered`);
    return text;
  }

  get #left(): number {
    return Math.max(0, (this.#end - this.#at) / 8);
  }

  #next(): number | undefined {
    if (this.#at + 8 > this.#end) return undefined;
    this.#at += 8;
    return this.#view.getUint32(this.#at - 4, true) * 2 ** 32 + this.#view.getUint32(this.#at - 8, true);
  }

  #inline(length: number): number | undefined {
    const padded = Math.ceil(length / 8) * 8;
    if (this.#at + padded > this.#end) return undefined;
    const text = this.#bytes.toString('utf8', this.#at, this.#at + length);
    this.#at += padded;
    return this.#texts.of(text);
  }

  /** The events in an order in which those of each thread go forward in time; those of one time stay as they are. */
  #inOrder(): Uint32Array | undefined {
    const [times, threadOf] = [this.#times.values, this.#threadOf.values];
    const last = new Float64Array(this.#threadNames.size);
    let isSorted = true;
    for (let i = 0; i < this.#times.length && isSorted; i++) {
      const thread = threadOf[i]!;
      isSorted = times[i]! >= last[thread]!;
      last[thread] = times[i]!;
    }
    if (isSorted) return undefined;
    const order = Uint32Array.from({ length: this.#times.length }, (_, i) => i);
    return order.sort((a, b) => times[a]! - times[b]! || a - b);
  }

  result(): TraceCheckup {
    // A file may hold events in any order; in order of time they must nest.
    const order = this.#inOrder();
    const open = Array.from({ length: this.#threadNames.size }, (): number[] => []);
    let pairs = 0;
    let unpaired = 0;
    for (let k = 0; k < this.#times.length; k++) {
      const i = order === undefined ? k : order[k]!;
      const kind = this.#kinds.values[i]!;
      if (kind !== 2 && kind !== 3) continue;
      const stack = open[this.#threadOf.values[i]!]!;
      const name = this.#nameOf.values[i]!;
      if (kind === 2) stack.push(name);
      else {
        pairs += 1;
        if (stack.pop() !== name) unpaired += 1;
      }
    }
    const left = open.reduce((sum, stack) => sum + stack.length, 0);
    if (unpaired > 0) this.#problems.push(`${unpaired} ends do not fit the span that is open`);
    if (left > 0) this.#problems.push(`${left} spans have no end`);
    return {
      sound: this.#problems.length === 0,
      records: this.#records,
      events: this.#times.length,
      spans: pairs + this.#completes,
      problems: this.#problems,
    };
  }
}
