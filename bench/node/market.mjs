// What a decision in TypeScript and a step of an environment cost: `node bench/node/market.mjs`. The best of several rounds,
// in wall-clock time and in processor time of all threads together; on a busy machine only the second says anything.
import { runMarket, VectorEnv } from '../../packages/toprung/dist/index.js';

const rounds = 5;
const orders = { kind: 'constant', ns: 1000 };

/** Least wall-clock and processor time of `rounds` runs of `work`, ns per unit of what it returns. */
async function best(work) {
  let [wall, cpu] = [Infinity, Infinity];
  for (let k = 0; k < rounds; k++) {
    const [t0, c0] = [performance.now(), process.cpuUsage()];
    const units = await work();
    const { user, system } = process.cpuUsage(c0);
    wall = Math.min(wall, ((performance.now() - t0) * 1e6) / units);
    cpu = Math.min(cpu, ((user + system) * 1e3) / units);
  }
  return { wall, cpu };
}

function print(name, { wall, cpu }) {
  console.log(`${name.padEnd(58)} ${wall.toFixed(0).padStart(6)} ns wall ${cpu.toFixed(0).padStart(6)} ns cpu`);
}

/** Books without anybody else: what is measured is the asking and the answering. */
async function decisions(books, count, decide) {
  const agents = [{ name: 'a', kind: 'outside', count, params: { everyNs: 1e6 }, orders }];
  const run = await runMarket({ durationNs: 2e8, venues: [{ referencePrice: 100 }], agents }, { books, decide });
  return run.decisions;
}

const quote = (batch) => {
  for (let i = 0; i < batch.length; i++) {
    batch.cancelAll(i);
    batch.post(i, 'buy', 100 - (i % 7), 1);
  }
};
print('a decision that does nothing, 1,000 books', await best(() => decisions(1000, 1, () => {})));
print('a decision that does nothing, 1,000 agents in a book', await best(() => decisions(1, 1000, () => {})));
print('a decision that cancels and quotes, 1,000 books', await best(() => decisions(1000, 1, quote)));

function environment(everyNs) {
  const flow = { model: 'santa-fe', limitRate: 10, marketRate: 100, cancelRate: 5, windowTicks: 16 };
  const agents = [{ name: 'learner', kind: 'outside', params: { everyNs } }];
  const market = { durationNs: 20e9, venues: [{ flow }], agents };
  const env = new VectorEnv({ market, group: 'learner', books: 1000, warmupNs: 1e9 });
  const actions = new Int32Array(3000);
  for (let i = 0; i < 1000; i++) actions.set([i % 6, 1, 1], 3 * i);
  return () => {
    for (let k = 0; k < 50; k++) env.step(actions);
    return 50_000;
  };
}
print('a step of an environment of 1,000 books, 1 ms', await best(environment(1e6)));
print('a step of an environment of 1,000 books, 10 ms', await best(environment(10e6)));
