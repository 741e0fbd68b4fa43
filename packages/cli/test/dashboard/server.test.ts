/** The dashboard's server: who is let in, what is sent, and what a slow page costs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { catalogue, runMarket, scenarios, simulate } from 'toprung';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ColumnStore, Field } from '../../src/dashboard/columns.js';
import {
  type Accounts,
  type ClientMessage,
  decodeAccounts,
  decodeColumns,
  decodeJson,
  decodeMarks,
  decodeState,
  FrameKind,
  type Hello,
  isOver,
  type Mark,
  type Reply,
  type RunState,
  readFrame,
} from '../../src/dashboard/protocol.js';
import { Dashboard } from '../../src/dashboard/server.js';
import { BUFFER_BYTES_MAX, Viewer } from '../../src/dashboard/viewer.js';

const folder = mkdtempSync(path.join(tmpdir(), 'toprung-dashboard-'));
writeFileSync(path.join(folder, 'index.html'), '<!doctype html><title>page</title>');

const baseline = scenarios.get('zi-baseline');
const config = { ...baseline.config, horizon: { events: 60_000 }, books: 2 };

let dashboard: Dashboard;
let url: URL;
let cookie: string;

beforeAll(async () => {
  dashboard = new Dashboard({ host: '127.0.0.1', port: 0, folder, version: '0' });
  url = await dashboard.listen();
  cookie = (await get(`/${url.search}`)).headers['set-cookie']![0]!.split(';')[0]!;
});
afterAll(async () => {
  await dashboard.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer extends Pick<IncomingMessage, 'headers'> {
  status: number;
  body: string;
}

function get(at: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: url.hostname, port: url.port, path: at, method, headers }, (answer) => {
      let body = '';
      answer.on('data', (chunk) => (body += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, body }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** A page as a test has it. */
class Page {
  readonly socket: WebSocket;
  readonly columns = new ColumnStore();
  hello: Hello | undefined;
  states: RunState[] = [];
  accounts: Accounts | undefined;
  marks: Mark[] = [];
  seqs: number[] = [];
  #lastId = 0;
  readonly #replies = new Map<number, (reply: Reply) => void>();

  constructor(headers: Record<string, string> = { cookie, origin: `http://${url.host}` }, at = '/feed') {
    this.socket = new WebSocket(`ws://${url.host}${at}`, { headers });
    this.socket.binaryType = 'nodebuffer';
    this.socket.on('message', (data: Buffer) => {
      const { header, body } = readFrame(new Uint8Array(data));
      this.seqs.push(header.seq);
      if (header.kind === FrameKind.hello) this.hello = decodeJson<Hello>(body);
      else if (header.kind === FrameKind.state) this.states.push(decodeState(body));
      else if (header.kind === FrameKind.accounts) this.accounts = decodeAccounts(body);
      else if (header.kind === FrameKind.marks) this.marks = decodeMarks(body);
      else if (header.kind === FrameKind.columns) expect(decodeColumns(body, this.columns)).toBe(true);
      else if (header.kind === FrameKind.reply) {
        const reply = decodeJson<Reply>(body);
        this.#replies.get(reply.to)?.(reply);
      }
    });
  }

  open(): Promise<this> {
    return new Promise((resolve, reject) => {
      this.socket.once('open', () => resolve(this));
      this.socket.once('error', reject);
    });
  }

  send(message: Omit<ClientMessage, 'id'> & Record<string, unknown>): Promise<Reply> {
    return new Promise((resolve) => {
      this.#lastId += 1;
      this.#replies.set(this.#lastId, resolve);
      this.socket.send(JSON.stringify({ id: this.#lastId, ...message }));
    });
  }

  async until(holds: () => boolean): Promise<void> {
    for (let i = 0; i < 1500 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(holds()).toBe(true);
  }

  get state(): RunState | undefined {
    return this.states.at(-1);
  }
}

/** The status with which an upgrade is refused. */
function refused(headers: Record<string, string>, at = '/feed'): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${url.host}${at}`, { headers });
    socket.on('unexpected-response', (_, answer) => {
      resolve(answer.statusCode!);
      socket.terminate();
    });
    socket.on('open', () => reject(new Error('it was let in')));
    socket.on('error', () => undefined);
  });
}

describe('who is let in', () => {
  it('the printed address is exchanged for a cookie and disappears from the address', async () => {
    const { status, headers, body } = await get(`/${url.search}&theme=dark`);
    expect({ status, body }).toEqual({ status: 303, body: '' });
    expect(headers.location).toBe('/?theme=dark');
    expect(headers['set-cookie']![0]).toMatch(/^toprung_\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/);
    expect(await get('/', { cookie })).toMatchObject({ status: 200, body: expect.stringContaining('page') });
  });

  it('without the cookie, with a wrong token or a wrong cookie nothing is shown', async () => {
    const wrong = cookie.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A'));
    for (const [at, headers] of [
      ['/', {}],
      ['/?token=wrong', {}],
      ['/dashboard.js', {}],
      ['/session', {}],
      ['/', { cookie: wrong }],
    ] as const) {
      const { status, body } = await get(at, headers);
      expect({ at, status }).toEqual({ at, status: 401 });
      expect(body).not.toContain(url.searchParams.get('token'));
    }
    expect((await get('/session', { cookie })).status).toBe(204);
  });

  it('another host name or another origin is refused, with the cookie too', async () => {
    expect((await get('/', { cookie, host: 'evil.example' })).status).toBe(421);
    expect((await get('/', { cookie, host: `localhost:${url.port}` })).status).toBe(200);
    expect((await get('/', { cookie, origin: 'http://evil.example' })).status).toBe(403);
    const origin = `http://${url.host}`;
    expect(await refused({ cookie })).toBe(403);
    expect(await refused({ cookie, origin: 'http://evil.example' })).toBe(403);
    expect(await refused({ cookie, origin: `http://localhost:${url.port}` })).toBe(403);
    expect(await refused({ origin })).toBe(401);
    expect(await refused({ cookie, origin, host: 'evil.example' })).toBe(421);
    expect(await refused({ cookie, origin }, '/elsewhere')).toBe(404);
  });

  it('every answer has the headers that keep other content out', async () => {
    for (const answer of [await get('/'), await get('/', { cookie }), await get('/nothing', { cookie })]) {
      expect(answer.headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/);
      expect(answer.headers['content-security-policy']).not.toContain('unsafe');
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
      expect(answer.headers['referrer-policy']).toBe('no-referrer');
    }
  });

  it('requests have limits: method, length, body, path', async () => {
    expect((await get('/', { cookie }, 'POST')).status).toBe(405);
    expect((await get(`/?${'x'.repeat(3000)}`, { cookie })).status).toBe(414);
    expect((await get('/', { cookie, 'content-length': '5' })).status).toBe(413);
    expect((await get('/../package.json', { cookie })).status).toBe(404);
    expect((await get('/constructor', { cookie })).status).toBe(404);
    const tooLong = await get('/', { cookie, 'x-long': 'x'.repeat(20_000) }).then(
      ({ status }) => status,
      () => 431,
    );
    expect(tooLong).toBe(431);
  });

  it('a page that sends too much, too often or not as a text is sent away', async () => {
    const closed = (page: Page): Promise<number> => new Promise((resolve) => page.socket.once('close', resolve));
    const long = await new Page().open();
    long.socket.send(JSON.stringify({ id: 1, type: 'x'.repeat(5000) }));
    expect(await closed(long)).toBe(1009);
    const binary = await new Page().open();
    binary.socket.send(new Uint8Array(4));
    expect(await closed(binary)).toBe(1008);
    const many = await new Page().open();
    for (let i = 0; i < 250; i++) many.socket.send('{}');
    expect(await closed(many)).toBe(1008);
  });
});

describe('metrics for Prometheus', () => {
  it('are there for whoever has the token, and say what the runs do', async () => {
    const run = dashboard.start({ scenario: baseline, config, book: 0, speed: 'max' });
    while (!run.isOver) await new Promise((resolve) => setTimeout(resolve, 20));
    const bearer = { authorization: `Bearer ${url.searchParams.get('token')}` };
    const { status, body, headers } = await get('/metrics', bearer);
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    const labels = `run="${run.id}",scenario="zi-baseline",book="0",seed="${config.seed}"`;
    expect(body).toContain(`toprung_events_total{${labels}} 60000\n`);
    expect(body).toMatch(/toprung_latency_seconds\{.*quantile="0.99"\} [\d.e-]+\n/);
    // Every line is a comment or a sample, every name has one type.
    const lines = body.trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(/^(# (HELP|TYPE) toprung_\w+ .+|toprung_\w+(\{[^}]*\})? \S+)$/);
    const types = lines.filter((line) => line.startsWith('# TYPE'));
    expect(new Set(types.map((line) => line.split(' ')[2])).size).toBe(types.length);
    expect((await get('/metrics', { cookie })).status).toBe(200);
    expect((await get('/metrics')).status).toBe(401);
    expect((await get('/metrics', { authorization: 'Bearer wrong' })).status).toBe(401);
    // The token opens nothing else that way.
    expect((await get('/', bearer)).status).toBe(401);
  });
});

describe('what is sent', () => {
  it('a run that was started is seen whole, with the digest that it has without viewers', async () => {
    const page = await new Page().open();
    const run = dashboard.start({ scenario: baseline, config, book: 1, speed: 'max' });
    await page.send({ type: 'watch', run: run.id, against: null, rate: 60 });
    await page.until(() => page.state?.phase === 'complete' && page.columns.length === run.columns.length);
    const plain = (await simulate({ ...config, threads: 1 })).book(1);
    expect(run.digest).toBe(plain.digest);
    let [limit, volume] = [0, 0];
    for (let k = 0; k < page.columns.length; k++) {
      limit += page.columns.field(Field.limit)[k]!;
      volume += page.columns.field(Field.buyVolume)[k]! + page.columns.field(Field.sellVolume)[k]!;
    }
    expect([limit, volume]).toEqual([plain.metrics.limitOrders, plain.metrics.volume]);
    expect(page.seqs).toEqual(page.seqs.map((_, i) => i));
    page.socket.close();
  });

  it('a market of agents is seen with its accounts, the orders of a group, its marks and its arms', async () => {
    const page = await new Page().open();
    await page.until(() => page.hello !== undefined);
    const scenario = page.hello!.scenarios.find((s) => s.name === 'flash-crash')!;
    expect(scenario).toMatchObject({ arms: ['control'], books: 1, speed: 100 });
    const market = catalogue.arm('flash-crash');
    const short = { ...market, durationNs: 60e9 };
    short.agents[2]!.startNs = 10e9;
    const run = dashboard.start({ scenario, config: short, arm: 'treatment', book: 0, speed: 'max' });
    await page.send({ type: 'watch', run: run.id, against: null, rate: 60, track: 0 });
    await page.until(() => page.state?.phase === 'complete' && page.columns.length === run.columns.length);
    expect(run.digest).toBe((await runMarket(short)).results[0]!.digest);
    await page.until(() => page.accounts?.track === 0);
    const { accounts, own } = page.accounts!;
    expect(accounts.map(({ value }) => value)).toEqual(
      accounts.map((_, track) => page.columns.value(track, page.columns.length - 1)),
    );
    expect(own.length).toBeGreaterThan(3);
    expect(page.marks).toContainEqual({ mark: 'starts', timeNs: 10e9, value: 2 });
    const control = await page.send({ type: 'start', scenario: 'flash-crash', arm: 'control', book: 0, speed: 1 });
    expect(dashboard.runs.get(control.run!)!.info()).toMatchObject({ arm: 'control', seed: market.seed });
    expect(await page.send({ type: 'start', scenario: 'flash-crash', arm: 'nobody', book: 0, speed: 1 })).toMatchObject(
      {
        error: { code: 'ERR_TOPRUNG_CONFIG' },
      },
    );
    await page.send({ type: 'control', run: control.run!, action: 'stop' });
    page.socket.close();
  });

  it('a page that comes late is sent the whole history, and again when it asks for it', async () => {
    const run = dashboard.start({ scenario: baseline, config, book: 0, speed: 'max' });
    const first = await new Page().open();
    await first.send({ type: 'watch', run: run.id, against: null, rate: 60 });
    await first.until(() => run.isOver);
    const late = await new Page().open();
    await late.until(() => late.hello !== undefined);
    expect(late.hello!.runs.find((r) => r.id === run.id)).toMatchObject({
      phase: 'complete',
      digest: run.digest,
      books: 2,
    });
    await late.send({ type: 'watch', run: run.id, against: null, rate: 60 });
    await late.until(() => late.columns.length === run.columns.length);
    late.columns.clear();
    await late.send({ type: 'resync', run: run.id });
    await late.until(() => late.columns.length === run.columns.length);
    first.socket.close();
    late.socket.close();
  });

  it('a page controls a run: start, step, speed, pause, stop', async () => {
    const page = await new Page().open();
    const { run } = await page.send({ type: 'start', scenario: 'zi-large-tick', book: 0, seed: 9, speed: 0.001 });
    await page.send({ type: 'watch', run: run!, against: null, rate: 60 });
    await page.send({ type: 'control', run: run!, action: 'pause' });
    await page.until(() => page.state?.phase === 'paused');
    const at = page.state!.events;
    await page.send({ type: 'control', run: run!, action: 'step', events: 7 });
    await page.until(() => page.state?.events === at + 7 && page.state.phase === 'paused');
    await page.send({ type: 'control', run: run!, action: 'run', speed: 20 });
    await page.until(() => page.state!.events > at + 500);
    expect(page.state!.speed).toBe(20);
    await page.send({ type: 'control', run: run!, action: 'stop' });
    await page.until(() => isOver(page.state!.phase));
    expect(page.state!.phase).toBe('stopped');
    page.socket.close();
  });

  it('what cannot be done is answered with a code', async () => {
    const page = await new Page().open();
    const codes = await Promise.all([
      page.send({ type: 'start', scenario: 'nothing', book: 0, speed: 1 }),
      page.send({ type: 'start', scenario: 'zi-baseline', book: 5, speed: 1 }),
      page.send({ type: 'control', run: 999, action: 'pause' }),
      page.send({ type: 'nonsense' } as never),
    ]);
    expect(codes.map((reply) => reply.error?.code)).toEqual([
      'ERR_TOPRUNG_UNKNOWN_SCENARIO',
      'ERR_TOPRUNG_CONFIG',
      'ERR_TOPRUNG_ARGUMENT',
      'ERR_TOPRUNG_ARGUMENT',
    ]);
    page.socket.close();
  });

  it('only so many runs are under way at a time', async () => {
    const page = await new Page().open();
    const replies: Reply[] = [];
    for (let i = 0; i < 5; i++)
      replies.push(await page.send({ type: 'start', scenario: 'zi-baseline', book: 0, speed: 0.01 }));
    expect(replies.map((reply) => reply.error === undefined)).toEqual([true, true, true, true, false]);
    for (const { run } of replies.slice(0, 4)) await page.send({ type: 'control', run: run!, action: 'stop' });
    page.socket.close();
  });

  it('for a page that does not keep up frames are dropped and counted, and it catches up', async () => {
    const sent: { seq: number; kind: number; dropped: number }[] = [];
    const columns = new ColumnStore();
    let last: RunState | undefined;
    const socket = {
      bufferedAmount: 0,
      send(bytes: Uint8Array) {
        const { header, body } = readFrame(bytes);
        sent.push(header);
        if (header.kind === FrameKind.columns) expect(decodeColumns(body, columns)).toBe(true);
        if (header.kind === FrameKind.state) last = decodeState(body);
      },
    };
    const run = dashboard.start({
      scenario: baseline,
      config: { ...config, horizon: { events: 8_000_000 } },
      book: 0,
      speed: 'max',
    });
    const viewer = new Viewer(socket as unknown as WebSocket);
    viewer.watch([run], 60, -1);
    let now = 0;
    const tick = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      run.poll();
      now += 100;
      viewer.tick(now);
    };
    await tick();
    const before = sent.length;
    expect(before).toBeGreaterThan(0);
    socket.bufferedAmount = BUFFER_BYTES_MAX + 1;
    for (let i = 0; i < 10; i++) await tick();
    expect(sent.length).toBe(before);
    expect(viewer.dropped).toBe(10);
    socket.bufferedAmount = 0;
    // Merged in between, so that the page's part has to be merged as well.
    for (let i = 0; i < 2000 && !(run.isOver && columns.length === run.columns.length); i++) await tick();
    expect(sent[before]!.seq).toBe(sent[before - 1]!.seq + 11);
    expect(sent.at(-1)!.dropped).toBe(10);
    expect([last!.phase, last!.events]).toEqual(['complete', 8_000_000]);
    expect([columns.merges, columns.length]).toEqual([run.columns.merges, run.columns.length]);
    expect(columns.merges).toBeGreaterThan(0);
  });

  it('a run that waits is heard of once a second, one that is over is not', () => {
    let sent = 0;
    const socket = { bufferedAmount: 0, send: () => void sent++ };
    const run = dashboard.start({ scenario: baseline, config, book: 0, speed: 0 });
    const viewer = new Viewer(socket as unknown as WebSocket);
    viewer.watch([run], 60, -1);
    const at = (ms: number): number => {
      viewer.tick(ms);
      return sent;
    };
    const first = at(10_000);
    expect(first).toBeGreaterThan(0);
    expect([at(10_100), at(10_900), at(11_100), at(11_200)]).toEqual([first, first, first + 1, first + 1]);
    run.stop();
  });

  it('half a request does not hold the server up', async () => {
    const socket = connect(Number(url.port), url.hostname);
    socket.write('GET / HTTP/1.1\r\nHost: ');
    expect((await get('/', { cookie })).status).toBe(200);
    socket.destroy();
  });
});
