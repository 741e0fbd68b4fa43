// Engines from npm, and toprung through its boundary: the same lines in and out as the Rust program (src/main.rs).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { COMMAND_BYTES, CommandBatch, EVENT_KINDS, EventBatch, OrderBook } from 'toprung';

const require = createRequire(import.meta.url);
const names = ['limit', 'market', 'cancel', 'reduce'];
const [TRADE, REJECTED] = ['trade', 'rejected'].map((name) => EVENT_KINDS.indexOf(name));
const versionOf = (name) => JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')).version;

/** Adds up what traded. */
const tally = () => ({ trades: 0, volume: 0, notional: 0, refused: 0 });

/**
 * Commands of a file: the preload, and the first `count` behind it.
 *
 * @returns {{ kind: number, buys: boolean, id: number, price: number, qty: number }[][]}
 */
function read(file, count) {
  const bytes = readFileSync(file);
  const preload = Number(bytes.readBigUInt64LE(0));
  const measured = Math.min(count, Number(bytes.readBigUInt64LE(8)));
  const command = (i) => {
    const at = 16 + i * COMMAND_BYTES;
    return {
      kind: bytes[at + 28],
      buys: bytes[at + 29] === 0,
      id: bytes.readDoubleLE(at),
      price: bytes.readDoubleLE(at + 8),
      qty: bytes.readDoubleLE(at + 16),
    };
  };
  const all = Array.from({ length: preload + measured }, (_, i) => command(i));
  return [all.slice(0, preload), all.slice(preload)];
}

/** Writes a command into a batch. */
function write(batch, { kind, buys, id, price, qty }) {
  const side = buys ? 'buy' : 'sell';
  if (kind === 0) batch.limit(id, side, price, qty);
  else if (kind === 1) batch.market(id, side, qty);
  else if (kind === 2) batch.cancel(id);
  else batch.reduce(id, qty);
}

function toprung(size) {
  const book = new OrderBook();
  const [batch, events] = [new CommandBatch({ capacity: size }), new EventBatch({ capacity: 8 * size })];
  const sums = tally();
  const submit = () => {
    book.submit(batch, events);
    const { kind, price, qty, length } = events;
    for (let i = 0; i < length; i++) {
      if (kind[i] === TRADE) {
        sums.trades += 1;
        sums.volume += qty[i];
        sums.notional += price[i] * qty[i];
      } else if (kind[i] === REJECTED) sums.refused += 1;
    }
    batch.clear();
  };
  const run = (commands) => {
    for (const command of commands) {
      write(batch, command);
      if (batch.length === size) submit();
    }
    if (batch.length > 0) submit();
  };
  return { sums, run };
}

/** `nodejs-order-book` and `hft-limit-order-book`, which was its name before: one adapter. */
function nodeOrderBook({ OrderBook: Book }) {
  const book = new Book();
  const sums = tally();
  const fill = (price, size) => {
    sums.trades += 1;
    sums.volume += size;
    sums.notional += price * size;
  };
  const run = (commands) => {
    for (const { kind, buys, id, price, qty } of commands) {
      const side = buys ? 'buy' : 'sell';
      const own = String(id);
      if (kind === 2) {
        if (book.cancel(own) === undefined) sums.refused += 1;
        continue;
      }
      const { done, partial, partialQuantityProcessed, err } =
        kind === 0 ? book.limit({ side, id: own, size: qty, price }) : book.market({ side, size: qty });
      if (err !== null) sums.refused += 1;
      // The aggressor is among them.
      for (const order of done) if (order.id !== own) fill(order.price, order.size);
      if (partial !== null && partial.id !== own) fill(partial.price, partialQuantityProcessed);
    }
  };
  return { sums, run };
}

function limitOrderBook({ LimitOrderBook, LimitOrder, MarketOrder }) {
  const book = new LimitOrderBook({ symbol: 'BENCH', priceStep: '1', sizeStep: '1' });
  const sums = tally();
  const run = (commands) => {
    for (const { kind, buys, id, price, qty } of commands) {
      const side = buys ? 'bid' : 'ask';
      if (kind === 2) {
        if (book.remove(String(id)) === null) sums.refused += 1;
      } else if (kind === 3) {
        if (book.reduce(String(id), String(price)) === null) sums.refused += 1;
      } else {
        const order =
          kind === 0
            ? new LimitOrder(String(id), side, String(price), String(qty))
            : new MarketOrder(String(id), side, String(qty));
        const { makers } = book.add(order);
        for (const maker of makers) {
          sums.trades += 1;
          sums.volume += Number(maker.filled);
          sums.notional += Number(maker.filledValue);
        }
      }
    }
  };
  return { sums, run };
}

const engines = [
  {
    name: 'toprung from Node',
    version: 'this commit',
    supports: names,
    note: 'batches of 4,096 written in JavaScript, columns read there',
    open: () => toprung(4096),
  },
  {
    name: 'toprung from Node, one by one',
    version: 'this commit',
    supports: names,
    note: 'a batch of one for every command',
    open: () => toprung(1),
  },
  ...['nodejs-order-book', 'hft-limit-order-book'].map((name) => ({
    name,
    version: versionOf(name),
    supports: names.slice(0, 3),
    note: 'JavaScript, prices and quantities as floats; a change of quantity loses the place, so it has no reduce',
    open: () => nodeOrderBook(require(name)),
  })),
  {
    name: 'limit-order-book',
    version: versionOf('limit-order-book'),
    supports: names,
    note: 'JavaScript, prices and quantities as strings by decimal.js',
    open: () => limitOrderBook(require('limit-order-book')),
  },
];

function answer({ engine: name, file, count }) {
  const engine = engines.find((e) => e.name === name);
  if (engine === undefined) throw new Error(`no engine ${name}`);
  const [preload, commands] = read(file, count);
  const supported = ({ kind }) => engine.supports.includes(names[kind]);
  const known = commands.filter(supported);
  const { sums, run } = engine.open();
  run(preload);
  const before = { ...sums };
  const began = process.cpuUsage();
  run(known);
  // Processor time, that of the garbage collector's threads with it.
  const { user, system } = process.cpuUsage(began);
  const seconds = (user + system) / 1e6;
  const of = (kind) => commands.filter((c) => !supported(c) && names[c.kind] === kind).length;
  return {
    seconds,
    commands: known.length,
    ...Object.fromEntries(Object.entries(sums).map(([key, n]) => [key, n - before[key]])),
    unsupported: { market: of('market'), cancel: of('cancel'), reduce: of('reduce') },
  };
}

const tell = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
tell({ engines: engines.map(({ open: _, ...entry }) => ({ ...entry, language: 'JavaScript' })) });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    tell(answer(JSON.parse(line)));
  } catch (error) {
    tell({ error: String(error.message) });
  }
}
