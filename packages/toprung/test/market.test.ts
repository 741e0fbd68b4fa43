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

function raise(what: unknown): never {
  throw what;
}

/** A good answer for every row, and one for the row behind the last. */
function answerTooMuch(batch: DecisionBatch): void {
  for (let i = 0; i <= batch.length; i++) batch.post(i, 'buy', batch.bid[0]!, 1);
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
    const { limit, cancel } = run.latencyByKind;
    expect(limit!.count).toBeGreaterThan(0);
    expect(limit!.p50Ns).toBeGreaterThan(0);
    expect(cancel!.maxNs).toBeGreaterThanOrEqual(cancel!.p99Ns);
    expect(run.results).toHaveLength(4);
    const { total } = run.results[0]!.groups[0]!;
    expect(total.fills).toBeGreaterThan(5);
    expect(total.position).toBe(total.bought - total.sold);
    expect(run.samples(0, 0).length % 9).toBe(0);
    expect(new Set(run.results.map((r) => r.digest)).size).toBe(4);
  });

  test('kept trades add up to what the agents own', async () => {
    const run = await runMarket({ ...market, keepTrades: true }, { decide: trade });
    const rows = run.trades();
    const agents = run.results[0]!.groups.flatMap((g) => g.agents);
    const positions = agents.map(() => 0);
    let volume = 0;
    for (let at = 0; at < rows.length; at += 6) {
      const [lots, bought, taker, maker] = [rows[at + 2]!, rows[at + 3] === 0 ? 1 : -1, rows[at + 4]!, rows[at + 5]!];
      volume += lots;
      if (taker >= 0) positions[taker]! += bought * lots;
      if (maker >= 0) positions[maker]! -= bought * lots;
    }
    expect(volume).toBe(run.results[0]!.venues[0]!.last.volume);
    expect(positions).toEqual(agents.map((a) => a.position));
    expect((await runMarket(market, { decide: trade })).trades()).toHaveLength(0);
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

  const nonsense: [string, (b: DecisionBatch) => unknown, message: string, path?: string][] = [
    ['throws', () => raise(new RangeError('no idea')), 'threw no idea'],
    ['throws something that is no error', () => raise('a word'), 'threw a word'],
    ['answers later', () => Promise.reject(new Error('too late')), 'expected decisions at once, got a promise'],
    ['writes a big integer', (b) => b.limit(0, 'buy', 5n as never, 1), 'threw Cannot convert'],
    ['has no price', (b) => b.limit(0, 'buy', undefined as never, 1), 'got NaN', 'actions[0].price'],
    ['has a price that is no number', (b) => b.post(0, 'buy', Number.NaN, 1), 'got NaN', 'actions[0].price'],
    ['has an infinite price', (b) => b.ioc(0, 'buy', Number.POSITIVE_INFINITY, 1), 'got inf', 'actions[0].price'],
    ['has a price between ticks', (b) => b.limit(0, 'buy', 99.5, 1), 'an integer', 'actions[0].price'],
    ['has a price out of range', (b) => b.limit(0, 'buy', 2 ** 53, 1), 'an integer from', 'actions[0].price'],
    ['asks for no lots', (b) => b.market(0, 'sell', 0), 'from 1', 'actions[0].qty'],
    ['asks for fewer than no lots', (b) => b.market(0, 'sell', -3), 'from 1', 'actions[0].qty'],
    ['asks for part of a lot', (b) => b.market(0, 'sell', 0.5), 'an integer', 'actions[0].qty'],
    ['asks for too many lots', (b) => b.market(0, 'sell', 1e300), 'an integer from', 'actions[0].qty'],
    ['takes a side that there is not', (b) => b.market(0, 'left' as never, 1), 'from 0 to 1', 'actions[0].side'],
    ['answers for somebody else', (b) => b.cancelAll(77), 'below', 'actions[0].row'],
    ['answers for a row below the first', (b) => b.cancelAll(-1), 'an integer from 0', 'actions[0].row'],
    ['answers for no row', (b) => b.cancelAll(Number.NaN), 'got NaN', 'actions[0].row'],
    ['answers for more rows than were asked', answerTooMuch, 'below', 'actions[3].row'],
  ];
  test.each(nonsense)('an agent that %s stops the run and leaves a valid part of it', async (_, bad, message, path) => {
    let calls = 0;
    const decide = (batch: DecisionBatch): unknown => {
      calls += 1;
      if (calls === 20) return bad(batch);
      return trade(batch);
    };
    const error = await runMarket(market, { decide }).then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(AgentError);
    const { code, partial, message: text, path: at } = error as AgentError;
    expect([code, at]).toEqual(['ERR_TOPRUNG_AGENT', path]);
    expect(text).toMatch(/^decide: /);
    expect(text).toContain(message);
    // Nothing of the bad answer has happened: the part is that of the nineteen before.
    expect(partial.decisions).toBe(19 * 3);
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

  const model = { model: 'santa-fe' } as const;
  const nobody = { name: 'a', kind: 'noise' };
  const logNormal = { kind: 'log-normal', minNs: 5, medianNs: 1, sigma: 1, maxNs: 4 } as const;
  const diagonal = Array.from({ length: 6 }, (_, i) => Array.from({ length: 6 }, (_, j) => (i === j ? 0.6 : 0)));
  const unstable = { model: 'hawkes', sameSide: diagonal, crossSide: diagonal } as const;
  const refused: [MarketConfigInput, path: string, rule: string | RegExp][] = [
    [{ venues: [] }, 'venues', 'at least 1'],
    [{ venues: [{ flow: { ...flow, marketRate: -1 } }] }, 'venues[0].flow.marketRate', 'at least 0'],
    [{ venues: [{ flow: unstable }] }, 'venues[0].flow.sameSide', 'below 1 in spectral radius'],
    [{ venues: [{ season: {} }], agents: [] }, 'venues[0].season', 'none where there is no flow'],
    [{ venues: [{ flow, retunes: [{ atNs: 1, flow: { model: 'cst' } }] }] }, 'venues[0].retunes[0].flow', 'own model'],
    [
      { venues: [{ flow: { model: 'hawkes' }, retunes: [{ atNs: 1, flow: { model: 'hawkes' } }] }] },
      'venues[0].retunes[0].flow',
      'santa-fe',
    ],
    [
      {
        venues: [
          {
            flow: model,
            retunes: [
              { atNs: 5, flow: model },
              { atNs: 4, flow: model },
            ],
          },
        ],
      },
      'venues[0].retunes[1].atNs',
      'at least 5',
    ],
    [{ sampleNs: 0, keepQueues: true }, 'keepQueues', 'sampleNs above 0'],
    [{ agents: [{ ...nobody, kind: 'nosie' }] }, 'agents[0].kind', 'one of noise'],
    [{ agents: [{ ...nobody, venues: [] }] }, 'agents[0].venues', 'at least 1'],
    [{ agents: [{ ...nobody, venues: [3] }] }, 'agents[0].venues[0]', 'one of 1 venues'],
    [{ agents: [{ ...nobody, venues: [0, 0] }] }, 'agents[0].venues[1]', 'unlike'],
    [{ agents: [nobody, nobody] }, 'agents[1].name', 'unlike'],
    [{ agents: [{ ...nobody, startNs: 9, stopNs: 9 }] }, 'agents[0].stopNs', 'after startNs'],
    [{ agents: [{ ...nobody, orders: logNormal }] }, 'agents[0].orders.maxNs', 'at least minNs'],
    [{ agents: [{ ...nobody, params: { lots: 0 } }] }, 'agents[0].params.lots', 'an integer from 1'],
    [{ agents: [{ ...nobody, params: { size: 1 } }] }, 'agents[0].params.size', 'one of ratePerSecond, lots'],
    [{ agents: [{ ...nobody, kind: 'impulse', params: { side: 0 } }] }, 'agents[0].params.side', '1 or -1'],
    [{ agents: [{ ...nobody, kind: 'zi', params: { surplusMax: -1 } }] }, 'agents[0].params.surplusMax', 'from 0'],
    [{ agents: [{ ...nobody, kind: 'latency-arbitrageur' }] }, 'agents[0].venues', '2 to 16 venues'],
  ];
  test.each(refused)('refuses %j and says where and why', async (bad, path, rule) => {
    const error = await runMarket({ ...market, ...bad }).then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code: 'ERR_TOPRUNG_CONFIG', path });
    expect((error as ToprungError).message).toMatch(rule);
  });
});

describe('every parameter of every kind of agent', () => {
  const cases = agentKinds().flatMap(({ kind, venues, params }) => params.map((p) => ({ kind, venues: venues[0], p })));
  test.each(cases)('$kind: $p.name has a range', async ({ kind, venues, p }) => {
    const bad = [p.min - 1 - Math.abs(p.min), p.max + 1 + p.max, Number.NaN, Number.POSITIVE_INFINITY];
    if (p.integer) bad.push(p.min + 0.5);
    for (const value of bad) {
      const agent = { name: 'a', kind, venues: [...Array(venues).keys()], params: { [p.name]: value } };
      const config = { durationNs: 1, venues: Array.from({ length: venues }, () => ({})), agents: [agent] };
      await expect(runMarket(config), `${value}`).rejects.toMatchObject({
        code: 'ERR_TOPRUNG_CONFIG',
        path: `agents[0].params.${p.name}`,
      });
    }
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
    expect(report.latencyByKind.limit!.count).toBeGreaterThan(0);
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
      expect(env.latencyByKind.limit!.count).toBeGreaterThan(0);
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
