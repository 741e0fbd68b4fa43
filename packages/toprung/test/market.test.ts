/** Markets of agents from TypeScript: decisions in batches, their log, errors with a partial result, environments. */
import { describe, expect, test } from 'vitest';
import {
  AbortError,
  AgentError,
  agentKinds,
  catalogue,
  type DecisionBatch,
  type MarketConfigInput,
  marketDigests,
  runMarket,
  ToprungError,
  VectorEnv,
} from '../src/index.js';

const flow = { model: 'santa-fe', limitRate: 10, marketRate: 100, cancelRate: 5, windowTicks: 16 } as const;
const market: MarketConfigInput = {
  durationNs: 1e9,
  sampleNs: 1e8,
  venues: [{ flow, depthTicks: 3 }],
  agents: [
    { name: 'ours', kind: 'outside', count: 3, params: { everyNs: 5e6 }, orders: { kind: 'constant', ns: 50_000 } },
    { name: 'noise', kind: 'noise', count: 5, params: { ratePerSecond: 5 } },
  ],
};

function trade(batch: DecisionBatch): void {
  for (let i = 0; i < batch.length; i++) {
    if (batch.openOrders[i]! > 3) batch.cancelAll(i);
    if (batch.position[i]! <= 0) batch.post(i, 'buy', batch.bid[i]!, 1);
    else batch.ioc(i, 'sell', batch.bid[i]!, 1);
  }
}

describe('runMarket', () => {
  test('decisions come in batches over all books, with what each agent knows', async () => {
    let rows = 0;
    const run = await runMarket(market, {
      books: 4,
      decide: (batch) => {
        rows += batch.length;
        for (let i = 0; i < batch.length; i++) {
          expect(batch.book[i]).toBeLessThan(4);
          expect(batch.group[i]).toBe(0);
          if (batch.timeNs[i]! > 1e8) expect(batch.ask[i]! - batch.bid[i]!).toBeGreaterThan(0);
        }
        trade(batch);
      },
    });
    expect(rows).toBe(run.decisions);
    expect(rows).toBe(4 * 3 * 201);
    expect(run.results).toHaveLength(4);
    const { total } = run.results[0]!.groups[0]!;
    expect(total.fills).toBeGreaterThan(5);
    expect(total.position).toBe(total.bought - total.sold);
    expect(run.samples(0, 0).length % 9).toBe(0);
    expect(new Set(run.results.map((r) => r.digest)).size).toBe(4);
  });

  test('the log replays the run without JavaScript, to the same digest', async () => {
    const run = await runMarket(market, { books: 3, decide: trade });
    const replayed = run.replay();
    expect(replayed.digest).toBe(run.digest);
    expect(replayed.results).toEqual(run.results);
    expect((await runMarket(market, { books: 3, decide: trade })).digest).toBe(run.digest);
    expect((await runMarket(market, { books: 3 })).digest).not.toBe(run.digest);
    expect(() => run.replay(new Float64Array([1, 2, 3]))).toThrow(ToprungError);
  });

  test.each([
    [
      'throws',
      () => {
        throw new RangeError('no idea');
      },
      'no idea',
      undefined,
    ],
    [
      'names a price that is none',
      (b: DecisionBatch) => b.limit(0, 'buy', Number.NaN, 1),
      'actions[0].price',
      'actions[0].price',
    ],
    ['asks for no lots', (b: DecisionBatch) => b.market(0, 'sell', 0), 'actions[0].qty', 'actions[0].qty'],
    ['answers for somebody else', (b: DecisionBatch) => b.cancelAll(77), 'actions[0].row', 'actions[0].row'],
  ])('an agent that %s stops the run and leaves a valid part of it', async (_, bad, message, path) => {
    let calls = 0;
    const decide = (batch: DecisionBatch): void => {
      calls += 1;
      if (calls === 20) bad(batch);
      else trade(batch);
    };
    const error = await runMarket(market, { decide }).then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(AgentError);
    const { code, partial, message: text, path: at } = error as AgentError;
    expect([code, at]).toEqual(['ERR_TOPRUNG_AGENT', path]);
    expect(text).toContain(message);
    expect(partial.results[0]!.timeNs).toBeGreaterThan(0);
    expect(partial.results[0]!.timeNs).toBeLessThan(1e9);
    expect(partial.replay().digest).toBe(partial.digest);
  });

  test('stops on its signal with what was done', async () => {
    const stop = new AbortController();
    const decide = (batch: DecisionBatch): void => {
      if (batch.timeNs[0]! > 5e8) stop.abort(new Error('enough'));
      trade(batch);
    };
    const error = await runMarket(market, { decide, signal: stop.signal }).then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(AbortError);
    expect((error as AbortError<{ decisions: number }>).partial!.decisions).toBeGreaterThan(100);
  });

  test.each([
    [{ venues: [] }, 'venues'],
    [{ agents: [{ name: 'a', kind: 'nosie' }] }, 'agents[0].kind'],
    [{ agents: [{ name: 'a', kind: 'noise', venues: [3] }] }, 'agents[0].venues[0]'],
    [{ agents: [{ name: 'a', kind: 'noise', params: { lots: 0 } }] }, 'agents[0].params.lots'],
    [{ agents: [{ name: 'a', kind: 'noise', params: { size: 1 } }] }, 'agents[0].params.size'],
    [{ venues: [{ flow: { ...flow, marketRate: -1 } }] }, 'venues[0].flow.marketRate'],
  ])('refuses %j and says where', async (bad, path) => {
    const error = await runMarket({ ...market, ...bad }).then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code: 'ERR_TOPRUNG_CONFIG', path });
  });
});

test('every kind of agent has a text and defaults within their ranges', () => {
  const kinds = agentKinds();
  expect(kinds.length).toBeGreaterThan(20);
  for (const { doc, params } of kinds) {
    expect(doc.length).toBeGreaterThan(20);
    for (const p of params) expect(p.default >= p.min && p.default <= p.max).toBe(true);
  }
});

describe('the catalogue', () => {
  test('has at least twenty scenarios, each with a control arm and rules', () => {
    const list = catalogue.list();
    expect(list.length).toBeGreaterThanOrEqual(20);
    for (const s of list) {
      expect(Object.keys(s.arms)).toContain('control');
      expect(s.accept.length).toBeGreaterThan(0);
    }
    expect(() => catalogue.get('flash-carsh')).toThrow('expected one of');
  });

  test('checks a scenario over seeds, and a market for determinism', async () => {
    const progress: number[] = [];
    const report = await catalogue.check('self-match', { seeds: 4, onProgress: (p) => progress.push(p.fraction) });
    expect(report).toMatchObject({ seeds: 4, passes: true, treatmentMeets: 4, controlMeets: 0 });
    expect(progress.at(-1)).toBe(1);
    const digests = await marketDigests({ ...catalogue.get('etf-basket').market, durationNs: 10e9 });
    expect(digests.map((d) => d.threads)).toEqual([1, 2, 3, 7, 1]);
    expect(new Set(digests.map((d) => d.digest)).size).toBe(1);
  });
});

describe('VectorEnv', () => {
  const options = {
    market: {
      ...market,
      durationNs: 3e8,
      agents: [{ name: 'ours', kind: 'outside', count: 2, params: { everyNs: 2e6 } }],
    },
    group: 'ours',
    books: 6,
    warmupNs: 1e8,
  };

  test('steps all books at once; episodes end, begin again, and are the same for the same seeds', () => {
    const play = () => {
      const env = new VectorEnv(options);
      env.reset([5, 5, 6, 7, 8, 9]);
      const actions = new Int32Array(env.books * env.agents * env.actionLength);
      let [ends, sum] = [0, 0];
      for (let step = 0; step < 150; step++) {
        for (let row = 0; row < env.books * env.agents; row++) actions.set([(row + step) % 6, step % 3, 1], 3 * row);
        // Books 0 and 1 have one seed: what book 0 does, book 1 does.
        actions.copyWithin(6, 0, 6);
        env.step(actions);
        expect(env.observations.subarray(0, 20)).toEqual(env.observations.subarray(20, 40));
        for (const d of env.done) ends += d;
        for (const r of env.rewards) sum += r;
      }
      return { ends, sum, invalid: env.invalidActions };
    };
    const first = play();
    expect(first.ends).toBe(6);
    expect(first.invalid).toBeGreaterThan(0);
    expect(play()).toEqual(first);
  });

  test('resets the books that it is told to', () => {
    const env = new VectorEnv(options);
    env.step(new Int32Array(env.books * env.agents * 3));
    const before = env.observations.slice();
    env.reset([9, 9, 9, 9, 9, 9], [0, 0, 1, 0, 0, 0]);
    expect(env.observations.subarray(0, 40)).toEqual(before.subarray(0, 40));
    expect(env.observations.subarray(40, 60)).not.toEqual(before.subarray(40, 60));
  });

  test('refuses what does not fit', () => {
    expect(() => new VectorEnv({ ...options, group: 'theirs' })).toThrow('group');
    expect(() => new VectorEnv({ ...options, books: -1 })).toThrow('books');
    expect(() => new VectorEnv(options).step(new Int32Array(3))).toThrow(ToprungError);
  });
});
