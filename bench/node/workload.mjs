// Workloads for the Node benchmarks: made by the Rust crate, so that both sides measure the same commands.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMMAND_BYTES, CommandBatch, OrderBook, VENUE_COMMAND_BYTES, Venue, VenueBatch } from 'toprung';

const root = fileURLToPath(new URL('../..', import.meta.url));
const HEADER_BYTES = 16;

/** Commands handed over at a time, here and in Rust. */
export const BATCH = 4096;

/** Path of a program of the bench crate, built if it has to be. */
export function program(name) {
  execFileSync('cargo', ['build', '--quiet', '--release', '--locked', '-p', 'toprung-bench', '--bin', name], {
    cwd: root,
    stdio: 'inherit',
  });
  return path.join(targetFolder(), 'release', name);
}

/** Where cargo builds. */
export function targetFolder() {
  return path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target');
}

/**
 * Loads a workload.
 *
 * @param {string} name - balanced, deep, aggressive or cancel-heavy
 * @param {number} count - commands to measure
 */
export function load(name, count) {
  const folder = mkdtempSync(path.join(tmpdir(), 'toprung-bench-'));
  try {
    const file = path.join(folder, 'workload');
    execFileSync(program('workload'), [name, String(count), file]);
    const { buffer, byteOffset, byteLength } = readFileSync(file);
    const [preload, commands] = new BigUint64Array(buffer.slice(byteOffset, byteOffset + HEADER_BYTES), 0, 2);
    const records = buffer.slice(byteOffset + HEADER_BYTES, byteOffset + byteLength);
    const split = Number(preload) * COMMAND_BYTES;
    return {
      count: Number(commands),
      preload: batches(records.slice(0, split)),
      batches: batches(records.slice(split)),
      numbers: new Float64Array(records, split),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function batches(records) {
  const all = [];
  for (let at = 0; at < records.byteLength; at += BATCH * COMMAND_BYTES) {
    const buffer = records.slice(at, at + BATCH * COMMAND_BYTES);
    all.push(new CommandBatch({ buffer, length: buffer.byteLength / COMMAND_BYTES }));
  }
  return all;
}

/** A book with the workload's first orders in it. */
export function loadedBook(workload, config) {
  const book = new OrderBook(config);
  for (const batch of workload.preload) book.submit(batch);
  return book;
}

/** Submits every batch and reads a column of what came back; gives the number of events. */
export function submitAll(workload, book) {
  let events = 0;
  for (const batch of workload.batches) events += book.submit(batch).length;
  return events;
}

/** Action and order type of a venue for each kind of a book's command. */
const VENUE_CODES = [
  [0, 0],
  [0, 1],
  [1, 0],
  [2, 0],
  [3, 0],
]; // prettier-ignore

/** The same commands for a venue, and one with the workload's first orders in it. */
export function venueWorkload(workload) {
  const convert = (batch) => {
    const bytes = new Uint8Array(batch.length * VENUE_COMMAND_BYTES);
    for (let i = 0; i < batch.length; i += 1) {
      const record = batch.bytes.subarray(i * COMMAND_BYTES, (i + 1) * COMMAND_BYTES);
      bytes.set(record, i * VENUE_COMMAND_BYTES);
      bytes.set(VENUE_CODES[record[28]], i * VENUE_COMMAND_BYTES + 104);
    }
    return new VenueBatch({ buffer: bytes.buffer, length: batch.length });
  };
  return { preload: workload.preload.map(convert), batches: workload.batches.map(convert) };
}

/** Submits a venue's workload to an empty one; gives the digest of all events. */
export function runVenue({ preload, batches }) {
  const venue = new Venue();
  for (const batch of [...preload, ...batches]) venue.submit(batch);
  return venue.digest;
}
