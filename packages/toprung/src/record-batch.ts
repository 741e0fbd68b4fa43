/**
 * Records on their way to Rust: a reusable buffer that grows, whatever a record holds.
 */
import { ToprungError } from './errors.js';

/** Most commands in a batch. */
export const MAX_BATCH_COMMANDS = 1 << 24;

/** How a batch of commands is made. */
export interface CommandBatchOptions {
  /** Commands to have room for at first, 1 to 2^24; it grows as needed. Default 4,096. */
  capacity?: number;
  /**
   * Memory to write to, such as a SharedArrayBuffer; a batch over it cannot grow. `capacity` is then the most that may
   * be used of it, by default all.
   */
  buffer?: ArrayBufferLike;
  /** Commands that are in `buffer` already. Default 0. */
  length?: number;
}

/** A reusable list of records of one size. */
export abstract class RecordBatch {
  /** The buffer as float64. Replaced when it grows. */
  protected numbers: Float64Array;
  /** The buffer as 32-bit words. Replaced when it grows. */
  protected words: Uint32Array;
  #bytes: Uint8Array;
  #capacity: number;
  #length: number;
  readonly #growable: boolean;
  readonly #recordBytes: number;

  /**
   * @param recordBytes - Bytes of one record, a multiple of 8.
   * @throws ToprungError `ERR_TOPRUNG_OUT_OF_RANGE`, `ERR_TOPRUNG_BUFFER_LENGTH`
   */
  protected constructor(recordBytes: number, options: CommandBatchOptions) {
    const { buffer, length = 0 } = options;
    this.#recordBytes = recordBytes;
    this.#growable = buffer === undefined;
    const room = buffer === undefined ? MAX_BATCH_COMMANDS : Math.floor(buffer.byteLength / recordBytes);
    if (room === 0) {
      throw new ToprungError(
        'ERR_TOPRUNG_BUFFER_LENGTH',
        `expected a buffer of ${recordBytes} bytes or more, got ${buffer?.byteLength}`,
      );
    }
    const capacity = options.capacity ?? (this.#growable ? 4096 : Math.min(room, MAX_BATCH_COMMANDS));
    checkInteger('capacity', capacity, 1, Math.min(room, MAX_BATCH_COMMANDS));
    checkInteger('length', length, 0, capacity);
    const memory = buffer ?? new ArrayBuffer(capacity * recordBytes);
    this.numbers = new Float64Array(memory, 0, (capacity * recordBytes) / 8);
    this.words = new Uint32Array(memory, 0, (capacity * recordBytes) / 4);
    this.#bytes = new Uint8Array(memory, 0, capacity * recordBytes);
    this.#capacity = capacity;
    this.#length = length;
  }

  /** Commands in the batch. */
  get length(): number {
    return this.#length;
  }

  /** Commands that fit before it grows. */
  get capacity(): number {
    return this.#capacity;
  }

  /** The records as bytes, for those who write them themselves. Replaced when it grows. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Forgets the commands and keeps the memory. */
  clear(): void {
    this.#length = 0;
  }

  /** Index of one more record, to be written now. */
  protected next(): number {
    const i = this.#length;
    if (i === this.#capacity) this.#grow();
    this.#length = i + 1;
    return i;
  }

  /** Takes the last record back: it could not be written whole. */
  protected unwrite(): void {
    this.#length -= 1;
  }

  #grow(): void {
    if (!this.#growable) {
      throw new ToprungError(
        'ERR_TOPRUNG_BUFFER_FULL',
        `expected at most ${this.#capacity} commands in the buffer that was given, got one more: submit, then clear`,
      );
    }
    if (this.#capacity === MAX_BATCH_COMMANDS) {
      throw new ToprungError(
        'ERR_TOPRUNG_BATCH_TOO_LARGE',
        `expected at most ${MAX_BATCH_COMMANDS} commands in a batch`,
      );
    }
    const capacity = Math.min(this.#capacity * 2, MAX_BATCH_COMMANDS);
    const bytes = new Uint8Array(capacity * this.#recordBytes);
    bytes.set(this.#bytes);
    this.numbers = new Float64Array(bytes.buffer);
    this.words = new Uint32Array(bytes.buffer);
    this.#bytes = bytes;
    this.#capacity = capacity;
  }
}

/**
 * Refuses what is no number.
 *
 * @internal
 */
export function notNumber(path: string, got: never): never {
  throw new ToprungError('ERR_TOPRUNG_NOT_INTEGER', `${path}: expected a number, got ${typeof got} ${show(got)}`, {
    path,
  });
}

/**
 * Refuses what is no owner.
 *
 * @internal
 */
export function badOwner(got: number): never {
  throw new ToprungError('ERR_TOPRUNG_OUT_OF_RANGE', `owner: expected an integer in 0..=4294967295, got ${show(got)}`, {
    path: 'owner',
  });
}

/**
 * Throws unless `value` is an integer in the range.
 *
 * @internal
 */
export function checkInteger(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value)) {
    throw new ToprungError(
      'ERR_TOPRUNG_NOT_INTEGER',
      `${name}: expected an integer in ${min}..=${max}, got ${show(value)}`,
      { path: name },
    );
  }
  if (value < min || value > max) {
    throw new ToprungError(
      'ERR_TOPRUNG_OUT_OF_RANGE',
      `${name}: expected an integer in ${min}..=${max}, got ${value}`,
      { path: name },
    );
  }
}

/**
 * A value as it is shown in a message.
 *
 * @internal
 */
export function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
