// What the dashboard costs: the page's main thread under load, and the simulation's speed with slow viewers.
//
// `node bench/node/dashboard.mjs [--seconds N] [--minutes N] [--rounds N] [--no-page] [--no-record]`. The page's load is that of
// page-load.mjs, for --seconds (at most 10) in each view and then for --minutes (of which memory is told; 0 by default); the simulation runs in
// --rounds of short blocks with and without ten slow viewers. A shared machine decides nothing here: what the figures do not say is
// called inconclusive. Needs Chromium for the page.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { scenarios } from 'toprung';
import { WebSocket } from 'ws';
import { decodeJson, FrameKind, readFrame } from '../../packages/cli/dist/dashboard/protocol.js';
import { Dashboard } from '../../packages/cli/dist/dashboard/server.js';
import { cpuNs, measurePage, pageLines, SECONDS_MAX } from './page-load.mjs';
import { head, keep, machineLine, median, note, root } from './record.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: String(SECONDS_MAX) },
    minutes: { type: 'string', default: '0' },
    rounds: { type: 'string', default: '12' },
    'no-page': { type: 'boolean', default: false },
    'no-record': { type: 'boolean', default: false },
  },
});
const VIEWERS = 10;
/** A block of a measurement, and the time before it in which viewers come or go. */
const BLOCK_MS = 400;
const SETTLE_MS = 250;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const scenario = scenarios.get('zi-baseline');
const configOf = (events) => ({ ...scenario.config, horizon: { events }, latencySampling: 4 });

if (positionals[0] === 'viewers') await view(positionals[1], positionals[2]);
else await measure();

/** Viewers that read for a fifth of the time, and come and go as they are told. A process of its own. */
async function view(address, cookie) {
  const { host } = new URL(address);
  const open = () => {
    const socket = new WebSocket(`ws://${host}/feed`, { headers: { cookie, origin: `http://${host}` } });
    socket.on('message', (data) => {
      const { header, body } = readFrame(new Uint8Array(data));
      if (header.kind !== FrameKind.hello && header.kind !== FrameKind.runs) return;
      const told = decodeJson(body);
      const run = (header.kind === FrameKind.hello ? told.runs : told).at(-1)?.id;
      if (run === undefined) return;
      socket.send(JSON.stringify({ id: 1, type: 'watch', run, against: null, rate: 60 }));
    });
    const slow = setInterval(() => {
      if (socket.readyState !== WebSocket.OPEN) return;
      socket.pause();
      setTimeout(() => socket.resume(), 800);
    }, 1000);
    socket.on('close', () => clearInterval(slow));
    return socket;
  };
  let sockets = [];
  process.stdin.setEncoding('utf8').on('data', (text) => {
    const isWanted = text.trimEnd().endsWith('on');
    if (isWanted && sockets.length === 0) sockets = Array.from({ length: VIEWERS }, open);
    if (isWanted) return;
    for (const socket of sockets) socket.terminate();
    sockets = [];
  });
  process.stdin.on('end', () => process.exit());
}

async function serve() {
  const folder = path.join(root, 'packages/cli/dashboard');
  const dashboard = new Dashboard({ host: '127.0.0.1', port: 0, folder, version: 'bench' });
  return { dashboard, url: await dashboard.listen() };
}

async function measure() {
  const page = options['no-page'] ? undefined : await measureLoad();
  const simulation = await measureSimulation(Number(options.rounds));
  const record = { ...head('toprung.bench-dashboard/3'), page, simulation };
  process.stdout.write(`${table(record)}\n`);
  if (!options['no-record']) keep(record, 'dashboard-');
}

async function measureLoad() {
  const { dashboard, url } = await serve();
  const run = dashboard.start({ scenario, config: configOf(2 ** 36), book: 0, speed: 100 });
  const [seconds, minutes] = [Math.min(Number(options.seconds), SECONDS_MAX), Number(options.minutes)];
  try {
    return await measurePage(url, run, { seconds, minutes, note });
  } finally {
    await dashboard.close();
  }
}

/**
 * Commands for each second of CPU time of one run's own thread, in short blocks with and without ten slow viewers, in the
 * order ABBA BAAB. Half of the blocks are a null: the same schedule, but nobody comes. What the null shows is noise.
 */
async function measureSimulation(rounds) {
  const { dashboard, url } = await serve();
  const answer = await fetch(url, { redirect: 'manual' });
  const cookie = answer.headers.get('set-cookie').split(';')[0];
  const viewers = spawn(process.execPath, [fileURLToPath(import.meta.url), 'viewers', url.href, cookie], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const run = dashboard.start({ scenario, config: configOf(2 ** 36), book: 0, speed: 'max' });
  const [tid] = await firstThread('toprung-live');
  const block = async (isWatched) => {
    viewers.stdin.write(isWatched ? 'on\n' : 'off\n');
    await wait(SETTLE_MS);
    // What the server has read last may be a tick old: the run itself is asked.
    const [cpu, done] = [cpuNs(process.pid, tid), run.liveEvents()];
    await wait(BLOCK_MS);
    return { events: run.liveEvents() - done, ns: cpuNs(process.pid, tid) - cpu };
  };
  const measured = { viewers: { alone: [], watched: [] }, null: { alone: [], watched: [] } };
  await block(false);
  for (let i = 0; i < rounds; i++) {
    for (const what of i % 2 === 0 ? ['viewers', 'null'] : ['null', 'viewers']) {
      const order = i % 4 < 2 ? ['alone', 'watched', 'watched', 'alone'] : ['watched', 'alone', 'alone', 'watched'];
      const sums = { alone: { events: 0, ns: 0 }, watched: { events: 0, ns: 0 } };
      for (const arm of order) {
        const { events, ns } = await block(arm === 'watched' && what === 'viewers');
        sums[arm].events += events;
        sums[arm].ns += ns;
      }
      for (const arm of ['alone', 'watched']) measured[what][arm].push((sums[arm].events / sums[arm].ns) * 1e3);
    }
  }
  run.stop();
  viewers.stdin.end();
  await dashboard.close();
  return { viewers: VIEWERS, ...measured.viewers, ...costOf(measured.viewers), null: costOf(measured.null) };
}

/** The threads of this process with a name, as soon as there is one. */
async function firstThread(name) {
  for (;;) {
    const found = threads(name);
    if (found.length > 0) return found;
    await wait(20);
  }
}

/** Threads of this process with a name. */
function threads(name) {
  return readdirSync('/proc/self/task').filter((tid) => {
    try {
      return readFileSync(`/proc/self/task/${tid}/comm`, 'utf8').trim() === name;
    } catch {
      return false;
    }
  });
}

/** The mean of the rounds' relative cost with its 95 % interval, and what that says of a promise of less than 3 %. */
function costOf({ alone, watched }) {
  const costs = alone.map((rate, i) => 100 * (1 - watched[i] / rate));
  const mean = costs.reduce((a, b) => a + b, 0) / costs.length;
  const deviation = Math.sqrt(costs.reduce((sum, c) => sum + (c - mean) ** 2, 0) / (costs.length - 1));
  const margin = (2.2 * deviation) / Math.sqrt(costs.length);
  const verdict = mean + margin < 3 ? 'holds' : mean - margin > 3 ? 'MISSED' : 'inconclusive';
  return { costPercent: mean, marginPercent: margin, verdict };
}

function table(record) {
  const { page, simulation: s } = record;
  const lines = page === undefined ? [] : pageLines(page);
  lines.push(
    `ten slow viewers cost  ${s.costPercent.toFixed(2)} % ± ${s.marginPercent.toFixed(2)}   promised < 3 %: ${s.verdict}`,
    `  null (nobody comes)  ${s.null.costPercent.toFixed(2)} % ± ${s.null.marginPercent.toFixed(2)}`,
    `  commands             ${median(s.alone).toFixed(2)} M per CPU second alone, ${median(s.watched).toFixed(2)} watched (medians of ${s.alone.length})`,
    machineLine(record),
  );
  return lines.join('\n');
}
