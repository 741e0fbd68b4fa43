// How speed depends on what is given: depth of the book, load, threads, number of books, and the size of the batches that
// cross from Node. Prints tables and keeps a record.
//
// `npm run bench -- curves [--rounds N] [--deepest N] [--no-record] [--json]`: five rounds, books of up to 10^7 orders (two
// GiB; 6 takes a quarter). The Rust part is bench/src/bin/curves.rs, which says how each is measured.
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { COMMAND_BYTES, CommandBatch, EventBatch, OrderBook } from 'toprung';
import { aligned, head, keep, machineLine, median, note, short } from './record.mjs';
import { load, program } from './workload.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    deepest: { type: 'string', default: '7' },
    json: { type: 'boolean', default: false },
    'no-record': { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds);
/** Commands that cross at a time. */
const sizes = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536];

/** Million commands a second of processor time for every size of batch, each round over all sizes. */
function boundary() {
  const workload = load('balanced', 200_000);
  const records = Buffer.concat(
    [...workload.preload, ...workload.batches].map((batch) => batch.bytes.subarray(0, batch.length * COMMAND_BYTES)),
  );
  const preload = workload.preload.reduce((sum, { length }) => sum + length, 0);
  const batchesOf = (from, to, size) => {
    const list = [];
    for (let at = from; at < to; at += size) {
      const { buffer, byteOffset, byteLength } = new Uint8Array(
        records.subarray(at * COMMAND_BYTES, Math.min(at + size, to) * COMMAND_BYTES),
      );
      list.push(
        new CommandBatch({
          buffer: buffer.slice(byteOffset, byteOffset + byteLength),
          length: byteLength / COMMAND_BYTES,
        }),
      );
    }
    return list;
  };
  const total = preload + workload.count;
  const fill = batchesOf(0, preload, 4096);
  const events = new EventBatch({ capacity: 4 * 65_536 });
  const found = sizes.map((size) => ({ size, rates: [], batches: undefined }));
  for (let round = 0; round < rounds; round++) {
    for (const each of found) {
      // A batch of one is 300 bytes in JavaScript: a tenth of the commands is enough of them.
      each.batches ??= batchesOf(preload, each.size < 16 ? preload + workload.count / 10 : total, each.size);
      const book = new OrderBook();
      for (const batch of fill) book.submit(batch, events);
      const began = process.cpuUsage();
      let commands = 0;
      for (const batch of each.batches) {
        book.submit(batch, events);
        commands += batch.length;
      }
      const { user, system } = process.cpuUsage(began);
      each.rates.push(commands / (user + system));
    }
  }
  return found.map(({ size, rates }) => ({ size, rates }));
}

function table({ depth, load: { closed, open, clockOverheadNs }, threads, books, boundary: crossing }) {
  const ns = ({ p50, p99, p999, max }) => [p50, p99, p999, max].map(String);
  const rate = ({ rates }) => short(median(rates));
  const percentiles = ['p50 ns', 'p99', 'p99.9', 'max'];
  const right = [0, 1, 2, 3, 4, 5, 6];
  return [
    `depth: of the deep flow, one command at a time (${clockOverheadNs} ns of it the clock) and in batches of 4,096`,
    aligned(
      [
        ['orders', 'M/s', 'bytes an order', ...percentiles],
        ...depth.map((d) => [String(d.orders), rate(d), short(d.bytesPerOrder), ...ns(d.latency)]),
      ],
      right,
    ),
    '\nload: balanced flow, commands due at even times and timed from then; closed loop in the first row',
    aligned(
      [
        ['M/s due', 'M/s done', ...percentiles],
        ['closed', '', ...ns(closed)],
        ...open.map((o) => [String(o.due), short(median(o.done)), ...ns(o.latency)]),
      ],
      right,
    ),
    '\nthreads: a simulation of 64 books',
    aligned([['threads', 'M events/s'], ...threads.map((t) => [String(t.threads), rate(t)])], right),
    '\nbooks: an order and its cancel, to one book of ten orders after the other',
    aligned(
      [['books', 'M/s', 'bytes a book'], ...books.map((b) => [String(b.books), rate(b), short(b.bytesPerBook)])],
      right,
    ),
    '\nboundary: balanced flow from Node',
    aligned(
      [
        ['batch', 'M/s', 'ns a command'],
        ...crossing.map((c) => [String(c.size), rate(c), short(1e3 / median(c.rates))]),
      ],
      right,
    ),
  ].join('\n');
}

const curves = program('curves');
note('depth, load, threads and books …');
const rust = JSON.parse(execFileSync(curves, [options.rounds, options.deepest], { encoding: 'utf8' }));
note('the boundary …');
const record = { ...head('toprung.bench-curves/1'), ...rust, boundary: boundary() };
if (options.json) process.stdout.write(`${JSON.stringify(record)}\n`);
else process.stdout.write(`\n${table(record)}\n\n${machineLine(record)}\n`);
if (!options['no-record']) keep(record, 'curves-');
