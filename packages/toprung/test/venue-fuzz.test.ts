/**
 * A venue under records of any kind: valid ones in any combination never break it, and bytes of any kind have a coded
 * error.
 */
import { expect, it } from 'vitest';
import { isToprungError, VENUE_COMMAND_BYTES, Venue, VenueBatch, type VenueConfigInput } from '../src/index.js';

/** Xorshift: the same numbers on every machine. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** A batch of valid records whose fields are drawn from few values, so that orders meet. */
function validBatch(next: (below: number) => number, count: number): VenueBatch {
  const memory = new ArrayBuffer(count * VENUE_COMMAND_BYTES);
  const view = new DataView(memory);
  for (let i = 0; i < count; i++) {
    const at = i * VENUE_COMMAND_BYTES;
    const number = (offset: number, value: number) => view.setFloat64(at + offset, value, true);
    const action = next(4) < 3 ? 0 : next(12);
    number(0, next(60));
    number(8, 95 + next(11));
    number(16, action === 9 ? next(8) : action === 10 ? i : next(12));
    view.setUint32(at + 24, next(3), true);
    view.setUint8(at + 28, next(5));
    view.setUint8(at + 29, next(2));
    view.setUint8(at + 30, next(7));
    view.setUint8(at + 31, next(4) === 0 ? next(40) : 0);
    number(32, 95 + next(11));
    number(40, next(3) === 0 ? next(5) : 0);
    number(48, next(8) === 0 ? next(3) : 0);
    number(56, next(8) === 0 ? next(4) : 0);
    number(64, i + next(50));
    number(72, next(60));
    number(80, next(60));
    number(88, next(9) - 4);
    number(96, next(2) === 0 ? next(600) : next(3));
    view.setUint8(at + 104, action);
    view.setUint8(at + 105, next(10));
    view.setUint8(at + 106, next(3));
    const options = next(3) === 0 ? 1 << next(13) : 0;
    view.setUint16(at + 108, options | (next(3) === 0 ? 8 : 0), true);
  }
  return new VenueBatch({ buffer: memory, length: count });
}

const configs: VenueConfigInput[] = [
  {},
  { marketRemainder: 'rest', stopTrigger: 'best-opposite', countFills: true },
  { phase: 'pre-open', reference: 100, band: 4, breaker: 3, interruption: 20, stopEntry: 'reject' },
  { policy: { kind: 'preset', name: 'cme.K' }, auctionAllocation: 'pro-rata', marketRemainder: 'rest-at-worst' },
];

it.each(configs)('valid records in any combination keep a venue sound: %j', (config) => {
  const next = random(20_241_122);
  const venue = new Venue(config);
  const kinds = new Set<string>();
  for (let round = 0; round < 60; round++) {
    const events = venue.submit(validBatch(next, 100));
    for (const event of events.rows()) kinds.add(event.kind);
    venue.checkInvariants();
    // Otherwise most of a run may pass in a phase that takes nothing.
    if (venue.phase === 'halt' || venue.phase === 'closed') venue.setPhase('continuous');
  }
  for (const kind of ['trade', 'triggered', 'phase', 'acknowledged', 'rejected', 'cancelled']) {
    expect(kinds, [...kinds].join()).toContain(kind);
  }
});

it('gives the same events for the same records in batches of any size', () => {
  const digest = (size: number) => {
    const venue = new Venue();
    const whole = validBatch(random(7), 960);
    for (let i = 0; i < 960; i += size) {
      const start = i * VENUE_COMMAND_BYTES;
      const buffer = whole.bytes.slice(start, start + size * VENUE_COMMAND_BYTES).buffer;
      venue.submit(new VenueBatch({ buffer, length: size }));
    }
    return venue.digest;
  };
  expect([digest(1), digest(96)]).toEqual([digest(960), digest(960)]);
});

it('bytes of any kind are an error with a code, or commands; the venue lives on', () => {
  const next = random(99);
  const venue = new Venue();
  const codes = new Set<string>();
  for (let round = 0; round < 3000; round++) {
    const valid = validBatch(next, 3);
    const bytes = valid.bytes.slice();
    for (let flips = 1 + next(3); flips > 0; flips--) bytes[next(bytes.length)] = next(256);
    try {
      venue.submit(new VenueBatch({ buffer: bytes.buffer, length: 3 }));
      codes.add('none');
    } catch (error) {
      if (!isToprungError(error)) throw error;
      codes.add(error.code);
      expect(error.path).toMatch(/^commands\[\d\]\.\w+$/);
    }
  }
  venue.checkInvariants();
  expect([...codes].sort()).toEqual([
    'ERR_TOPRUNG_NOT_INTEGER',
    'ERR_TOPRUNG_OUT_OF_RANGE',
    'ERR_TOPRUNG_UNKNOWN_ENUM',
    'none',
  ]);
});
