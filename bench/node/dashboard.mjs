// What the dashboard costs: the page's main thread under load, and the simulation's speed with slow viewers.
//
// `node bench/node/dashboard.mjs [--seconds N] [--rounds N] [--no-page] [--no-record]`. The page shows 5,000 columns and a depth map
// of 400 x 200 and is sent 60 updates a second; the simulation runs in short blocks with and without ten slow viewers. A shared machine
// decides nothing here: what the figures do not say is called inconclusive. Needs Chromium for the page.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { scenarios } from 'toprung';
import { WebSocket } from 'ws';
import { decodeJson, FrameKind, readFrame } from '../../packages/cli/dist/dashboard/protocol.js';
import { Dashboard } from '../../packages/cli/dist/dashboard/server.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '30' },
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
const note = (text) => process.stderr.write(`${text}\n`);
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
  const page = options['no-page'] ? undefined : await measurePage(Number(options.seconds));
  const simulation = await measureSimulation(Number(options.rounds));
  const record = {
    schema: 'toprung.bench-dashboard/2',
    date: new Date().toISOString(),
    commit: spawnSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8' }).stdout.trim(),
    machine: {
      cpu: os.cpus()[0]?.model.trim(),
      cores: os.cpus().length,
      node: process.version,
      kernel: `${os.type()} ${os.release()} ${os.arch()}`,
      load: os.loadavg()[0],
    },
    page,
    simulation,
  };
  process.stdout.write(`${table(record)}\n`);
  if (options['no-record']) return;
  const folder = path.join(root, 'bench/record');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `dashboard-${record.date.slice(0, 16).replaceAll(':', '')}-${record.commit}.json`);
  writeFileSync(file, `${JSON.stringify(record)}\n`);
  note(`kept in ${path.relative(root, file)}`);
}

/** The page's main thread, long tasks and heap while 60 updates a second come in. */
async function measurePage(seconds) {
  const executablePath = process.env.TOPRUNG_CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    note('SKIPPED: the page (no Chromium)');
    return undefined;
  }
  const { dashboard, url } = await serve();
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1400, height: 980 } });
    await page.addInitScript(() => {
      globalThis.longTasks = [];
      new PerformanceObserver((list) => {
        for (const { startTime, duration } of list.getEntries()) globalThis.longTasks.push({ startTime, duration });
      }).observe({ type: 'longtask' });
    });
    // Enough columns first, as fast as possible; then two simulated seconds a second, which is 60 columns a second.
    const run = dashboard.start({ scenario, config: configOf(1_000_000_000), book: 0, speed: 100 });
    await page.goto(url.href);
    const stats = () => page.evaluate('window.__toprung.stats()');
    while ((await stats()).columns < 5000) await wait(50);
    run.run(2);
    const client = await page.context().newCDPSession(page);
    await client.send('Performance.enable');
    const results = {};
    for (const [name, key] of [
      ['following, 400 columns of 200 prices', 'f'],
      ['the whole run, 5,000 columns', '0'],
    ]) {
      await page.keyboard.press(key);
      await wait(4000);
      results[name] = await watch(page, client, stats, seconds, await rendererOf(browser));
    }
    return results;
  } finally {
    await browser.close();
    await dashboard.close();
  }
}

/** The process of the page. */
async function rendererOf(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  // The page has worked more than the spare one that Chromium keeps.
  return processInfo.filter(({ type }) => type === 'renderer').sort((a, b) => b.cpuTime - a.cpuTime)[0]?.id;
}

/** CPU time of a thread, ns; on Linux only. On a busy machine time on the clock says little. */
function cpuNs(pid, tid) {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ')[0]);
  } catch {
    return Number.NaN;
  }
}

async function watch(page, client, stats, seconds, pid) {
  const metrics = async () => {
    await client.send('HeapProfiler.collectGarbage');
    const { metrics: list } = await client.send('Performance.getMetrics');
    return Object.fromEntries(list.map(({ name, value }) => [name, value]));
  };
  const [before, first] = [await metrics(), await stats()];
  const from = await page.evaluate('performance.now()');
  const cpuBefore = cpuNs(pid, pid);
  await wait(seconds * 1000);
  const cpuAfter = cpuNs(pid, pid);
  const until = await page.evaluate('performance.now()');
  const second = await stats();
  const after = await metrics();
  const tasks = (await page.evaluate('longTasks')).filter((t) => t.startTime >= from && t.startTime < until);
  const elapsed = (until - from) / 1000;
  const gained = second.columns - first.columns;
  return {
    seconds: elapsed,
    busyPercent: (cpuAfter - cpuBefore) / elapsed / 1e7,
    clockPercent: (100 * (after.TaskDuration - before.TaskDuration)) / elapsed,
    paintsPerSecond: (second.paints - first.paints) / elapsed,
    paintMs: (second.paintMs - first.paintMs) / (second.paints - first.paints),
    framesPerSecond: (second.frames - first.frames) / elapsed,
    columns: second.columns,
    columnsPerSecond: gained > 0 ? gained / elapsed : null,
    dropped: second.dropped - first.dropped,
    longTasks: tasks.map((t) => Math.round(t.duration)),
    heapMiB: [before.JSHeapUsedSize / 2 ** 20, after.JSHeapUsedSize / 2 ** 20],
    load: os.loadavg()[0],
  };
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

function table({ page, simulation: s, machine }) {
  const lines = [];
  for (const [name, r] of Object.entries(page ?? {})) {
    lines.push(
      `${name}:`,
      `  main thread          ${r.busyPercent.toFixed(1)} % of a core (${r.clockPercent.toFixed(1)} % by the clock)   promised < 50 %`,
      `  long tasks           ${r.longTasks.length}   ${r.longTasks.join(', ')}`,
      `  paints               ${r.paintsPerSecond.toFixed(1)}/s of ${r.paintMs.toFixed(1)} ms; ${r.framesPerSecond.toFixed(0)} frames/s in, ${r.dropped} dropped, ${r.columns} columns`,
      `  heap                 ${r.heapMiB.map((v) => v.toFixed(1)).join(' -> ')} MiB over ${r.seconds.toFixed(0)} s`,
    );
  }
  const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
  lines.push(
    `ten slow viewers cost  ${s.costPercent.toFixed(2)} % ± ${s.marginPercent.toFixed(2)}   promised < 3 %: ${s.verdict}`,
    `  null (nobody comes)  ${s.null.costPercent.toFixed(2)} % ± ${s.null.marginPercent.toFixed(2)}`,
    `  commands             ${median(s.alone).toFixed(2)} M per CPU second alone, ${median(s.watched).toFixed(2)} watched (medians of ${s.alone.length})`,
    `${machine.cpu}, ${machine.cores} cores, load ${machine.load.toFixed(1)}, node ${machine.node}`,
  );
  return lines.join('\n');
}
