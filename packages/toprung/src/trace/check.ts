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
  const found = new Checker();
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
  found.read(bytes);
  return found.result();
}

interface TimedEvent {
  thread: string;
  kind: number;
  name: string;
  /** Ticks; above 2^53 not exact, which tells no less about order. */
  time: number;
}

class Checker {
  #records = 0;
  #problems: string[] = [];
  #strings = new Map<number, string>();
  #threads = new Map<number, string>();
  #events: TimedEvent[] = [];
  #completes = 0;

  #problem(at: number, text: string): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(`byte ${at}: ${text}`);
  }

  read(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (at + 8 > bytes.length) {
        this.#problem(at, 'the file ends within a word');
        return;
      }
      const low = bytes.readUInt32LE(at);
      const high = bytes.readUInt32LE(at + 4);
      const type = low & 15;
      // Records of type 15 are large: four more bits of type, a size of 32 bits.
      const words = type === 15 ? (low >>> 4) + (high & 15) * 2 ** 28 : (low >>> 4) & 0xfff;
      if (words === 0) {
        this.#problem(at, 'a record of no length');
        return;
      }
      if (at + words * 8 > bytes.length) {
        this.#problem(at, 'the file ends within a record');
        return;
      }
      this.#records += 1;
      this.#record(new Words(bytes, at, at + words * 8), at, type, low, high);
      at += words * 8;
    }
  }

  #record(words: Words, at: number, type: number, low: number, high: number): void {
    if (type === 2) {
      const [index, length] = [(low >>> 16) & 0x7fff, high & 0x7fff];
      words.skip();
      if (index === 0) this.#problem(at, 'string number 0, which is the empty one');
      const text = words.text(length);
      if (text === undefined || words.left !== 0) this.#problem(at, 'a string whose length is not its record’s');
      else this.#strings.set(index, text);
    } else if (type === 3) {
      words.skip();
      const [process, thread] = [words.next(), words.next()];
      this.#threads.set((low >>> 16) & 0xff, `${process}/${thread}`);
      if (thread === undefined || words.left !== 0) this.#problem(at, 'a thread record of the wrong length');
    } else if (type === 4) {
      this.#event(words, at, low, high);
    } else if (type === 1 && words.left !== 2 && words.left !== 4) {
      this.#problem(at, 'an initialisation record that is neither two nor four words');
    }
  }

  #event(words: Words, at: number, low: number, high: number): void {
    words.skip();
    const kind = (low >>> 16) & 15;
    const time = words.next();
    const ref = low >>> 24;
    const thread = ref === 0 ? `${words.next()}/${words.next()}` : this.#threads.get(ref);
    this.#text(words, at, high & 0xffff, 'category');
    const name = this.#text(words, at, high >>> 16, 'name');
    for (let i = (low >>> 20) & 15; i > 0; i--) this.#argument(words, at);
    const more = kind === 1 || kind >= 4 ? words.next() : 0;
    if (kind > 10) {
      this.#problem(at, `an event of kind ${kind}`);
      return;
    }
    if (time === undefined || more === undefined || words.left !== 0) {
      this.#problem(at, 'an event whose parts are not as long as its record');
      return;
    }
    if (thread === undefined) {
      this.#problem(at, `an event of thread ${ref}, which was not registered`);
      return;
    }
    if (kind === 4 && more < time) this.#problem(at, 'a complete event that ends before it begins');
    this.#completes += kind === 4 ? 1 : 0;
    this.#events.push({ thread, kind, name: name ?? '', time });
  }

  #argument(words: Words, at: number): void {
    const halves = words.halves();
    if (halves === undefined) {
      this.#problem(at, 'an argument that is missing');
      return;
    }
    const [low, high] = halves;
    const [type, size] = [low & 15, (low >>> 4) & 0xfff];
    const end = words.left - (size - 1);
    if (size === 0 || end < 0) {
      this.#problem(at, 'an argument that is longer than its event');
      return;
    }
    this.#text(words, at, low >>> 16, 'name of an argument');
    if (type === 6) this.#text(words, at, high & 0xffff, 'text of an argument');
    else if ([3, 4, 5, 7, 8].includes(type)) words.skip();
    else if (type === 10) words.text(high);
    if (words.left !== end) this.#problem(at, 'an argument whose parts are not as long as it says');
    while (words.left > end) words.skip();
  }

  #text(words: Words, at: number, ref: number, what: string): string | undefined {
    const text = ref === 0 ? '' : (ref & 0x8000) !== 0 ? words.text(ref & 0x7fff) : this.#strings.get(ref);
    if (text === undefined) this.#problem(at, `the ${what} is string ${ref & 0x7fff}, which was not registered`);
    return text;
  }

  result(): TraceCheckup {
    // A file may hold events in any order; in order of time they must nest.
    const open = new Map<string, string[]>();
    let pairs = 0;
    let unpaired = 0;
    const sorted = this.#events.map((event, i) => ({ event, i }));
    sorted.sort((a, b) => a.event.time - b.event.time || a.i - b.i);
    for (const { event } of sorted) {
      const stack = open.get(event.thread) ?? [];
      open.set(event.thread, stack);
      if (event.kind === 2) stack.push(event.name);
      if (event.kind !== 3) continue;
      pairs += 1;
      if (stack.pop() !== event.name) unpaired += 1;
    }
    const left = [...open.values()].reduce((sum, stack) => sum + stack.length, 0);
    if (unpaired > 0) this.#problems.push(`${unpaired} ends do not fit the span that is open`);
    if (left > 0) this.#problems.push(`${left} spans have no end`);
    return {
      sound: this.#problems.length === 0,
      records: this.#records,
      events: this.#events.length,
      spans: pairs + this.#completes,
      problems: this.#problems,
    };
  }
}

/** The words of one record. */
class Words {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get left(): number {
    return Math.max(0, (this.#end - this.#at) / 8);
  }

  skip(): void {
    this.#at += 8;
  }

  /** The next word as its low and high half. */
  halves(): [number, number] | undefined {
    if (this.#at + 8 > this.#end) return undefined;
    this.#at += 8;
    return [this.#bytes.readUInt32LE(this.#at - 8), this.#bytes.readUInt32LE(this.#at - 4)];
  }

  next(): number | undefined {
    const halves = this.halves();
    return halves === undefined ? undefined : halves[1] * 2 ** 32 + halves[0];
  }

  text(length: number): string | undefined {
    const padded = Math.ceil(length / 8) * 8;
    if (this.#at + padded > this.#end) return undefined;
    const text = this.#bytes.toString('utf8', this.#at, this.#at + length);
    this.#at += padded;
    return text;
  }
}
