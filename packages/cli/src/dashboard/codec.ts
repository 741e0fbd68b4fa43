/**
 * Numbers as bytes: what the dashboard's frames are made of. Shared by the server and the page; uses nothing of Node.
 *
 * An integer within ±2^50 is a variable-length integer, seven bits to a byte, lowest first: its magnitude doubled, the
 * sign in the lowest bit, and one added. Everything else is a zero byte and the eight bytes of the double. So every
 * number comes back bit for bit, and most take one or two bytes.
 */

const INTEGER_MAX = 2 ** 50;

/** A frame that is not what the protocol says. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** Writes numbers and texts one behind the other; grows as needed. */
export class Writer {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #at = 0;

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#at;
  }

  /** What was written, as a copy. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#at);
  }

  /** Any number. */
  number(value: number): void {
    this.#reserve(9);
    if (!Number.isInteger(value) || value > INTEGER_MAX || value < -INTEGER_MAX || Object.is(value, -0)) {
      this.#bytes[this.#at++] = 0;
      this.#view.setFloat64(this.#at, value, true);
      this.#at += 8;
      return;
    }
    let rest = (value < 0 ? -value * 2 + 1 : value * 2) + 1;
    while (rest >= 128) {
      this.#bytes[this.#at++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#at++] = rest;
  }

  /** An array of which most values are 0: how many are not, then the gap before each and the value. */
  sparse(values: ArrayLike<number>, from: number, to: number): void {
    let count = 0;
    for (let i = from; i < to; i++) if (values[i] !== 0) count++;
    this.number(count);
    let last = from;
    for (let i = from; i < to; i++) {
      const value = values[i]!;
      if (value === 0) continue;
      this.number(i - last);
      this.number(value);
      last = i + 1;
    }
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  f64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + more));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Reads what a {@link Writer} wrote. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  number(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.u8();
      if (i === 0 && byte === 0) return this.f64();
      value += (byte & 127) * scale;
      if (byte < 128) {
        const doubled = value - 1;
        return doubled % 2 === 0 ? doubled / 2 : -(doubled - 1) / 2;
      }
      scale *= 128;
    }
    throw new ProtocolError('expected an integer of at most 8 bytes, got a longer one');
  }

  /** An integer that counts or indexes: 0 to `max`. */
  count(max: number): number {
    const value = this.number();
    if (!Number.isInteger(value) || value < 0 || value > max) {
      throw new ProtocolError(`expected an integer from 0 to ${max}, got ${value}`);
    }
    return value;
  }

  sparse(
    values: { [index: number]: number; fill(value: number, from: number, to: number): unknown },
    from: number,
    to: number,
  ): void {
    values.fill(0, from, to);
    let at = from;
    for (let left = this.count(to - from); left > 0; left--) {
      at += this.count(to - at - 1);
      values[at++] = this.number();
    }
  }

  u8(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new ProtocolError('the frame ends in the middle');
    return value;
  }

  u32(): number {
    this.#need(4);
    const value = this.#view.getUint32(this.#at, true);
    this.#at += 4;
    return value;
  }

  f64(): number {
    this.#need(8);
    const value = this.#view.getFloat64(this.#at, true);
    this.#at += 8;
    return value;
  }

  /** Everything that is left. */
  rest(): Uint8Array {
    const bytes = this.#bytes.subarray(this.#at);
    this.#at = this.#bytes.length;
    return bytes;
  }

  #need(bytes: number): void {
    if (this.left < bytes) throw new ProtocolError('the frame ends in the middle');
  }
}
