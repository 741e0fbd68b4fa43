// What a decision in TypeScript and a step of an environment cost: `npm run bench -- market [ROUNDS]`. The best of several
// rounds, in wall-clock time and in processor time of all threads together; on a busy machine only the second says anything.
//
// A decision is what it takes to ask and to answer: the columns are written, `decide` reads them and writes its actions, the
// actions are read and checked. What the market then does, waking the agent and matching its orders, is told apart.
import { availableParallelism } from 'node:os';
import { DecisionBatch, VectorEnv } from '../../packages/toprung/dist/index.js';
import { native } from '../../packages/toprung/dist/native.js';

const cores = availableParallelism();
const rounds = Number(process.argv[2] ?? 5);
const orders = { kind: 'constant', ns: 1000 };

/** Wall-clock and processor time so far, ns. */
function clocks() {
  const { user, system } = process.cpuUsage();
  return [performance.now() * 1e6, (user + system) * 1e3];
}

/** Least ns per unit of `rounds` runs of `work`, which gives its units and the [wall, processor] ns of each of its parts. */
function best(work) {
  const least = {};
  for (let k = 0; k < rounds; k++) {
    const { units, parts } = work();
    for (const [name, spent] of Object.entries(parts)) {
      const each = spent.map((ns) => ns / units);
      least[name] = least[name]?.map((ns, i) => Math.min(ns, each[i])) ?? each;
    }
  }
  return least;
}

/** What is promised of a part, ns: a decision by the processor's time, a step by the wall's or that of all cores. */
const promises = {
  'the decision': [100, ([wall, cpu]) => Math.min(wall, cpu)],
  step: [500, ([wall, cpu]) => Math.min(wall, cpu / cores)],
};

function print(name, least) {
  for (const [part, [wall, cpu]] of Object.entries(least)) {
    const [most, counts] = promises[part] ?? [];
    const promise = most === undefined ? '' : `, promised ${most}${counts([wall, cpu]) > most ? ', NOT MET' : ''}`;
    const label = `${name}: ${part}`.padEnd(66);
    console.log(`${label} ${wall.toFixed(0).padStart(5)} ns wall ${cpu.toFixed(0).padStart(5)} ns cpu${promise}`);
  }
}

/** Books without anybody else, driven as `runMarket` drives them. */
function decisions(books, count, decide) {
  const agents = [{ name: 'a', kind: 'outside', count, params: { everyNs: 1e6 }, orders }];
  const { NativeMarket } = native();
  const config = { durationNs: 2e8, venues: [{ referencePrice: 100 }], agents };
  const market = new NativeMarket(JSON.stringify(config), books);
  const batch = new DecisionBatch();
  const [asking, running] = [
    [0, 0],
    [0, 0],
  ];
  const add = (sum, [w0, c0], [w1, c1]) => {
    sum[0] += w1 - w0;
    sum[1] += c1 - c0;
  };
  for (let at = clocks(); ; ) {
    const rows = market.advance();
    const ran = clocks();
    add(running, at, ran);
    at = ran;
    if (rows === 0) break;
    if (rows < 0) continue;
    batch.begin(rows);
    market.decisions(batch.bytes, batch.capacity);
    decide(batch);
    market.act(batch.actionBytes, batch.actionCount);
    at = clocks();
    add(asking, ran, at);
  }
  return { units: market.decided(), parts: { 'the decision': asking, 'the market': running } };
}

const nothing = () => {};
const quote = (batch) => {
  for (let i = 0; i < batch.length; i++) {
    batch.cancelAll(i);
    batch.post(i, 'buy', 100 - (i % 7), 1);
  }
};
print(
  'does nothing, 1,000 books',
  best(() => decisions(1000, 1, nothing)),
);
print(
  'does nothing, 1,000 agents in a book',
  best(() => decisions(1, 1000, nothing)),
);
print(
  'cancels and quotes, 1,000 books',
  best(() => decisions(1000, 1, quote)),
);
print(
  'cancels and quotes, 1,000 agents in a book',
  best(() => decisions(1, 1000, quote)),
);

function environment(everyNs) {
  const flow = { model: 'santa-fe', limitRate: 10, marketRate: 100, cancelRate: 5, windowTicks: 16 };
  const agents = [{ name: 'learner', kind: 'outside', params: { everyNs } }];
  const market = { durationNs: 20e9, venues: [{ flow }], agents };
  const env = new VectorEnv({ market, group: 'learner', books: 1000, warmupNs: 1e9 });
  const actions = new Int32Array(3000);
  for (let i = 0; i < 1000; i++) actions.set([i % 6, 1, 1], 3 * i);
  return () => {
    const before = clocks();
    for (let k = 0; k < 200; k++) env.step(actions);
    return { units: 200_000, parts: { step: clocks().map((ns, i) => ns - before[i]) } };
  };
}
print('an environment of 1,000 books, 1 ms', best(environment(1e6)));
print('an environment of 1,000 books, 10 ms', best(environment(10e6)));
