/**
 * The dashboard's server: the page as files, and one WebSocket per page with binary frames.
 *
 * It reads the runs at most 60 times a second, whoever looks and however many do, and never makes one wait.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { isToprungError, liveLayout } from 'toprung';
import { type WebSocket, WebSocketServer } from 'ws';
import { Access, newToken, type Refusal, SECURITY_HEADERS, URL_BYTES_MAX } from './access.js';
import { readMessage } from './control.js';
import { prometheus } from './metrics.js';
import { CLIENT_MESSAGE_BYTES, type ClientMessage, type Hello, type Reply } from './protocol.js';
import { isMarket, type Run, RunList, type RunRequest } from './runs.js';
import { requestOf, scenarioInfos } from './scenario-list.js';
import { Viewer } from './viewer.js';

/** Pages that may be open at a time. */
export const VIEWERS_MAX = 32;
/** Messages that a page may send in a second; more than a person does. */
const MESSAGES_PER_SECOND_MAX = 100;
const TICK_MS = 1000 / 60;
/** How often the runs are read while nobody looks, so that their end is noticed. */
const IDLE_TICK_MS = 250;
/** How long pages have to say goodbye. */
const CLOSE_MS = 500;
/** One command in 2^4 is timed: the clock costs as much as a command. */
const LATENCY_SAMPLING = 4;

/** The page's files, by path. */
const FILES: Readonly<Record<string, { name: string; type: string }>> = {
  '/': { name: 'index.html', type: 'text/html; charset=utf-8' },
  '/dashboard.js': { name: 'dashboard.js', type: 'text/javascript; charset=utf-8' },
  '/dashboard.css': { name: 'dashboard.css', type: 'text/css; charset=utf-8' },
  '/icon.svg': { name: 'icon.svg', type: 'image/svg+xml' },
};

export interface DashboardOptions {
  host: string;
  /** 0 for any that is free. */
  port: number;
  /** The page's build. */
  folder: string;
  version: string;
  /** For a server that comes back under the same address; random if not given. */
  token?: string | undefined;
}

/** A dashboard that is being served. */
export class Dashboard {
  readonly runs = new RunList(LATENCY_SAMPLING);
  /** Runs to show first, and to compare it with. */
  show: Run | undefined;
  against: Run | undefined;
  /** Called when a run is over. */
  onOver: (run: Run) => void = () => {};
  readonly #options: DashboardOptions;
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  readonly #viewers = new Map<WebSocket, Viewer>();
  readonly #token: string;
  #access: Access | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isFast = false;

  constructor(options: DashboardOptions) {
    this.#options = options;
    this.#token = options.token ?? newToken();
    this.#http = createServer({ maxHeaderSize: 8192, requestTimeout: 10_000, headersTimeout: 10_000 });
    this.#http.maxConnections = 4 * VIEWERS_MAX;
    this.#http.on('request', (request, response) => this.#answer(request, response));
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: CLIENT_MESSAGE_BYTES,
      perMessageDeflate: false,
      clientTracking: false,
    });
  }

  /** Begins to serve and gives the address with the token. */
  async listen(): Promise<URL> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen({ host, port }, () => {
        this.#http.off('error', reject);
        resolve();
      });
    });
    const address = this.#http.address() as AddressInfo;
    this.#access = new Access(this.#token, host, address.port);
    this.#setPace(false);
    const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
    return new URL(`http://${name}:${address.port}/?token=${this.#token}`);
  }

  /** Starts a run and tells every page. */
  start(request: RunRequest): Run {
    const run = this.runs.start(request);
    this.show ??= run;
    this.#tellRuns();
    return run;
  }

  /** Ends every run and lets every page go. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.runs.stopAll();
    for (const socket of this.#viewers.keys()) socket.close(1001, 'the dashboard ends');
    // Whoever does not answer is not waited for.
    const patience = setTimeout(() => {
      for (const socket of this.#viewers.keys()) socket.terminate();
    }, CLOSE_MS);
    await new Promise<void>((resolve) => {
      this.#http.close(() => resolve());
      this.#http.closeAllConnections();
    });
    clearTimeout(patience);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const refusal = this.#refuse(request, false) ?? this.#refuseMethod(request);
    if (refusal !== undefined) {
      this.#say(response, refusal);
      return;
    }
    const url = new URL(request.url ?? '/', 'http://localhost');
    const token = url.searchParams.get('token');
    if (url.pathname === '/' && token !== null && this.#access!.isToken(token)) {
      url.searchParams.delete('token');
      response.writeHead(303, {
        ...SECURITY_HEADERS,
        'set-cookie': this.#access!.setCookie(),
        'cache-control': 'no-store',
        location: `/${url.search}`,
      });
      response.end();
      return;
    }
    if (url.pathname === '/metrics' && (this.#access!.hasCookie(request) || this.#access!.hasBearer(request))) {
      const text = prometheus(this.runs.all, this.#viewers.size, liveLayout().percentiles);
      const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' };
      response.writeHead(200, { ...SECURITY_HEADERS, ...headers });
      response.end(request.method === 'HEAD' ? undefined : text);
      return;
    }
    if (!this.#access!.hasCookie(request)) {
      this.#say(response, {
        status: 401,
        message: 'Open the address that `toprung dashboard` printed: it has the token that lets you in.',
      });
      return;
    }
    if (url.pathname === '/session') {
      response.writeHead(204, { ...SECURITY_HEADERS, 'cache-control': 'no-store' });
      response.end();
      return;
    }
    this.#sendFile(request, response, url.pathname);
  }

  #sendFile(request: IncomingMessage, response: ServerResponse, pathname: string): void {
    const file = Object.hasOwn(FILES, pathname) ? FILES[pathname] : undefined;
    if (file === undefined) {
      this.#say(response, { status: 404, message: 'There is no such page.' });
      return;
    }
    const bytes = readFileSync(path.join(this.#options.folder, file.name));
    response.writeHead(200, {
      ...SECURITY_HEADERS,
      'content-type': file.type,
      'content-length': bytes.length,
      'cache-control': 'no-store',
    });
    response.end(request.method === 'HEAD' ? undefined : bytes);
  }

  #say(response: ServerResponse, { status, message }: Refusal): void {
    response.writeHead(status, {
      ...SECURITY_HEADERS,
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      connection: 'close',
    });
    response.end(`toprung: ${message}\n`);
  }

  #refuse(request: IncomingMessage, mustHaveOrigin: boolean): Refusal | undefined {
    if ((request.url ?? '').length > URL_BYTES_MAX) {
      return { status: 414, message: `expected at most ${URL_BYTES_MAX} bytes of path and query` };
    }
    return this.#access!.refuseForeign(request, mustHaveOrigin);
  }

  #refuseMethod(request: IncomingMessage): Refusal | undefined {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { status: 405, message: `expected GET or HEAD, got ${request.method}` };
    }
    const hasBody =
      request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
    return hasBody ? { status: 413, message: 'expected a request without a body' } : undefined;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const refusal =
      this.#refuse(request, true) ??
      (this.#access!.hasCookie(request) ? undefined : { status: 401, message: 'the cookie is missing or not valid' }) ??
      (request.url === '/feed' ? undefined : { status: 404, message: 'the feed is at /feed' }) ??
      (this.#viewers.size < VIEWERS_MAX ? undefined : { status: 503, message: `${VIEWERS_MAX} pages are open` });
    if (refusal !== undefined) {
      const text = `toprung: ${refusal.message}\n`;
      socket.end(
        `HTTP/1.1 ${refusal.status} Refused\r\nContent-Type: text/plain; charset=utf-8\r\n` +
          `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
      );
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#welcome(ws));
  }

  #welcome(socket: WebSocket): void {
    const viewer = new Viewer(socket);
    this.#viewers.set(socket, viewer);
    let second = 0;
    let messages = 0;
    socket.on('message', (data, isBinary) => {
      const now = Math.floor(Date.now() / 1000);
      messages = now === second ? messages + 1 : 1;
      second = now;
      if (isBinary || messages > MESSAGES_PER_SECOND_MAX) {
        socket.close(1008, isBinary ? 'expected texts' : `more than ${MESSAGES_PER_SECOND_MAX} messages in a second`);
        return;
      }
      this.#receive(viewer, data.toString());
    });
    const leave = (): void => {
      this.#viewers.delete(socket);
      if (this.#viewers.size === 0) this.#setPace(false);
    };
    socket.on('close', leave);
    socket.on('error', () => socket.terminate());
    viewer.hello(this.#hello());
    this.#setPace(true);
  }

  #hello(): Hello {
    return {
      version: this.#options.version,
      scenarios: scenarioInfos(),
      runs: this.runs.all.map((run) => run.info()),
      show: this.show?.id ?? null,
      against: this.against?.id ?? null,
      percentiles: liveLayout().percentiles,
    };
  }

  #receive(viewer: Viewer, text: string): void {
    const message = readMessage(text);
    if ('problem' in message) {
      viewer.reply({ to: message.id, error: { code: 'ERR_TOPRUNG_ARGUMENT', message: message.problem } });
      return;
    }
    try {
      viewer.reply({ to: message.id, ...this.#carryOut(viewer, message) });
    } catch (error) {
      const code = isToprungError(error) ? error.code : 'ERR_TOPRUNG_INTERNAL';
      viewer.reply({ to: message.id, error: { code, message: (error as Error).message } });
    }
  }

  #carryOut(viewer: Viewer, message: ClientMessage): Omit<Reply, 'to'> {
    if (message.type === 'start') return this.#startAsAsked(message);
    if (message.type === 'watch') {
      const runs = [this.runs.get(message.run), this.runs.get(message.against)];
      viewer.watch(
        runs.filter((run) => run !== undefined),
        message.rate,
        message.track ?? -1,
      );
      return {};
    }
    const run = this.runs.get(message.run);
    if (run === undefined) {
      return { error: { code: 'ERR_TOPRUNG_ARGUMENT', message: `there is no run ${message.run}` } };
    }
    if (message.type === 'resync') viewer.resync(run);
    else if (message.action === 'run') run.run(message.speed);
    else if (message.action === 'step') run.step(message.events);
    else run[message.action]();
    return {};
  }

  #startAsAsked(message: Extract<ClientMessage, { type: 'start' }>): Omit<Reply, 'to'> {
    if (!this.runs.hasRoom) {
      const why = 'as many runs are under way as there may be: stop one first';
      return { error: { code: 'ERR_TOPRUNG_ARGUMENT', message: why } };
    }
    const { seed, events, arm, book, speed } = message;
    const like = message.like === undefined ? undefined : this.runs.get(message.like);
    const asked = like?.request ?? requestOf(message.scenario, arm);
    const config = {
      ...asked.config,
      ...(seed === undefined ? {} : { seed }),
      // A market of agents ends at a time.
      ...(events === undefined || isMarket(asked.config) ? {} : { horizon: { events } }),
    };
    return { run: this.start({ ...asked, config, book, speed }).id };
  }

  #tellRuns(): void {
    const list = this.runs.all.map((run) => run.info());
    for (const viewer of this.#viewers.values()) viewer.runs(list);
  }

  /** Looks 60 times a second while somebody does. */
  #setPace(fast: boolean): void {
    if (this.#timer !== undefined && this.#isFast === fast) return;
    clearInterval(this.#timer);
    this.#isFast = fast;
    this.#timer = setInterval(() => this.#tick(), fast ? TICK_MS : IDLE_TICK_MS);
  }

  #tick(): void {
    let changed = false;
    for (const run of this.runs.all) {
      if (run.isOver) continue;
      const before = run.phase;
      run.poll();
      changed ||= run.phase !== before;
      if (run.isOver) this.onOver(run);
    }
    if (changed) this.#tellRuns();
    const now = performance.now();
    for (const viewer of this.#viewers.values()) viewer.tick(now);
  }
}
