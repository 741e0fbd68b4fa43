// The page of the dashboard under load: 60 updates a second, charts of 5,000 points, a depth map of 200 prices.
//
// What is measured is the main thread's CPU time, tasks longer than 50 ms (by the clock, and by the CPU time that they took, which
// says whether the page or the machine was slow) and what stays in memory after a forced collection.
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { chromium } from 'playwright-core';

const executablePath = process.env.TOPRUNG_CHROMIUM ?? '/usr/bin/chromium';
const UPDATES_PER_SECOND = 60;
const POINTS = 5000;
const PRICES = 200;
/** Seconds in which the columns grow from 5,300 at the most to 5,900, and are not merged: they are at 6,000. */
export const SECONDS_MAX = 10;
const LONG_MS = 50;
const TASKS_SHOWN = 5;
/** Time between two looks at the memory, and how much it may grow in a minute, MiB. */
const SAMPLE_MS = 10_000;
const FLAT_MIB = 0.1;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Measures the page of a dashboard that shows `run`, whose interval is chosen here; `undefined` without a browser. */
export async function measurePage(url, run, { seconds, minutes, note }) {
  if (!existsSync(executablePath)) {
    note('SKIPPED: the page (no Chromium)');
    return undefined;
  }
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1400, height: 980 } });
    await page.goto(url.href);
    const client = await page.context().newCDPSession(page);
    await client.send('Performance.enable');
    const shown = {
      page,
      client,
      run,
      pid: await rendererOf(browser),
      trace: await tracer(browser),
      stats: statsOf(page),
    };
    const views = {};
    for (const [name, columns, begin] of [
      ['all of 5,000 points, followed', POINTS, POINTS],
      ['400 of 5,000 points, followed', 400, POINTS],
      ['all points, while columns are merged', POINTS, POINTS + 600],
    ]) {
      note(`the page: ${name}, ${seconds} s …`);
      await fill(shown, begin);
      await look(shown, columns);
      await wait(3000);
      views[name] = await watch({ ...shown, pid: await rendererOf(browser) }, seconds);
    }
    if (minutes > 0) note(`the page: memory over ${minutes} minutes …`);
    const memory = minutes > 0 ? await memoryOver(shown, minutes) : undefined;
    return { views, memory };
  } finally {
    await browser.close();
  }
}

function statsOf(page) {
  return () => page.evaluate('window.__toprung.stats()');
}

/** Lets the run go on until there are so many columns, and then at the speed at which a column is an update. */
async function fill({ run, stats }, begin) {
  for (;;) {
    const { columns, endNs } = await stats();
    const interval = columns === 0 ? 0 : endNs / columns / 1e9;
    if (columns >= begin && columns < begin + 100) {
      run.run(UPDATES_PER_SECOND * interval);
      return;
    }
    // Ten times as fast until it is near; what is more than that goes on to the next merge.
    run.run(interval === 0 ? 100 : 10 * UPDATES_PER_SECOND * interval);
    await wait(20);
  }
}

/** Follows the run with so many columns and 200 prices on the screen, as a person would with the wheel. */
async function look({ page, stats }, columns) {
  const wheel = (deltaY, shiftKey) =>
    page.evaluate(
      `((area) => area.dispatchEvent(new WheelEvent('wheel', {
        deltaY: ${deltaY}, shiftKey: ${shiftKey}, clientX: area.getBoundingClientRect().left + 9, bubbles: true, cancelable: true,
      })))(document.querySelector('#panel-depth .plot-area'))`,
    );
  await page.keyboard.press('f');
  const { view, endNs, columns: all } = await stats();
  await wheel(500 * Math.log((columns * (endNs / all)) / (view.to - view.from)), false);
  await wait(500);
  await wheel(500 * Math.log(PRICES / (await stats()).mapPrices), true);
}

/** The process of the page. */
async function rendererOf(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  // The page has worked more than the spare one that Chromium keeps.
  return processInfo.filter(({ type }) => type === 'renderer').sort((a, b) => b.cpuTime - a.cpuTime)[0]?.id;
}

/** CPU time of a thread, ns; on Linux only. On a busy machine time on the clock says little. */
export function cpuNs(pid, tid) {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ')[0]);
  } catch {
    return Number.NaN;
  }
}

/** Records what the threads of a browser do. */
async function tracer(browser) {
  const session = await browser.newBrowserCDPSession();
  let events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  return {
    async start() {
      events = [];
      const traceConfig = { includedCategories: ['toplevel', 'devtools.timeline'] };
      await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig });
    },
    async stop() {
      const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
      await session.send('Tracing.end');
      await complete;
      return events;
    },
  };
}

/** The main thread's tasks that took longer than 50 ms, by the clock, with their CPU time and what took most of it. */
function longTasks(events, pid) {
  const own = events.filter((e) => e.ph === 'X' && e.pid === pid && e.tid === pid);
  const tasks = own.filter((e) => e.name === 'ThreadControllerImpl::RunTask');
  if (tasks.length === 0) throw new Error('expected tasks of the main thread in the trace, got none');
  return tasks
    .filter((e) => e.dur > LONG_MS * 1e3)
    .map((task) => {
      const inside = own.filter((e) => e.ts >= task.ts && e.ts + e.dur <= task.ts + task.dur && !/Task/.test(e.name));
      inside.sort((a, b) => b.dur - a.dur);
      const parts = inside.slice(0, 3).map(({ name, dur }) => `${name} ${Math.round(dur / 1e3)}`);
      return { ms: Math.round(task.dur / 1e3), cpuMs: Math.round((task.tdur ?? task.dur) / 1e3), parts };
    });
}

async function watch({ page, client, stats, pid, trace }, seconds) {
  const metrics = async () => {
    const { metrics: list } = await client.send('Performance.getMetrics');
    return Object.fromEntries(list.map(({ name, value }) => [name, value]));
  };
  await trace.start();
  const [before, first] = [await metrics(), await stats()];
  const from = await page.evaluate('performance.now()');
  const cpuBefore = cpuNs(pid, pid);
  await wait(seconds * 1000);
  const cpuAfter = cpuNs(pid, pid);
  const until = await page.evaluate('performance.now()');
  const [second, after] = [await stats(), await metrics()];
  const tasks = longTasks(await trace.stop(), pid);
  const elapsed = (until - from) / 1000;
  const busyPercent = (cpuAfter - cpuBefore) / elapsed / 1e7;
  const isLong = tasks.some(({ cpuMs }) => cpuMs > LONG_MS);
  return {
    seconds: elapsed,
    busyPercent,
    clockPercent: (100 * (after.TaskDuration - before.TaskDuration)) / elapsed,
    busy: busyPercent < 50 ? 'holds' : 'MISSED',
    updatesPerSecond: (second.states - first.states) / elapsed,
    columns: [first.columns, second.columns],
    mapColumns: second.mapColumns,
    mapPrices: second.mapPrices,
    paintsPerSecond: (second.paints - first.paints) / elapsed,
    paintMs: (second.paintMs - first.paintMs) / (second.paints - first.paints),
    framesPerSecond: (second.frames - first.frames) / elapsed,
    dropped: second.dropped - first.dropped,
    longTasks: tasks,
    long: tasks.length === 0 ? 'holds' : isLong ? 'MISSED' : 'inconclusive',
    load: os.loadavg()[0],
  };
}

/** What stays in memory while the run goes on, every ten seconds, and how it grows. */
async function memoryOver(shown, minutes) {
  const samples = [];
  const began = Date.now();
  while (Date.now() - began <= minutes * 60_000) {
    const { atMs, ...sample } = await memoryOf(shown);
    samples.push({ minute: (atMs - began) / 60_000, ...sample });
    await wait(SAMPLE_MS - ((Date.now() - began) % SAMPLE_MS));
  }
  const slope = slopeOf(samples.map(({ minute, mib }) => [minute, mib]));
  const verdict =
    slope.mean + slope.margin < FLAT_MIB ? 'holds' : slope.mean - slope.margin > FLAT_MIB ? 'MISSED' : 'inconclusive';
  return { samples, slope, verdict };
}

/**
 * Memory of a page after collections: JavaScript's objects and buffers and the browser's objects behind them, MiB, and what is in the
 * document. The least of three: a collection in the middle of a frame keeps what the frame still holds.
 */
async function memoryOf({ page, client }) {
  let mib = Number.POSITIVE_INFINITY;
  for (let k = 0; k < 3; k++) {
    await wait(100);
    await client.send('HeapProfiler.collectGarbage');
    const { usedSize, embedderHeapUsedSize, backingStorageSize } = await client.send('Runtime.getHeapUsage');
    mib = Math.min(mib, (usedSize + embedderHeapUsedSize + backingStorageSize) / 2 ** 20);
  }
  const { jsEventListeners: listeners } = await client.send('Memory.getDOMCounters');
  const elements = await page.evaluate('document.querySelectorAll("*").length');
  return { atMs: Date.now(), mib, elements, listeners };
}

/** Least squares: growth per unit with its 95 % interval. */
function slopeOf(points) {
  const n = points.length;
  if (n < 4) return { mean: Number.NaN, margin: Number.NaN };
  const mean = (k) => points.reduce((sum, p) => sum + p[k], 0) / n;
  const [x, y] = [mean(0), mean(1)];
  const xx = points.reduce((sum, p) => sum + (p[0] - x) ** 2, 0);
  const slope = points.reduce((sum, p) => sum + (p[0] - x) * (p[1] - y), 0) / xx;
  const rest = points.reduce((sum, p) => sum + (p[1] - y - slope * (p[0] - x)) ** 2, 0) / (n - 2);
  return { mean: slope, margin: 2.1 * Math.sqrt(rest / xx) };
}

/** What was measured, as lines. */
export function pageLines({ views, memory }) {
  const lines = [];
  for (const [name, r] of Object.entries(views)) {
    lines.push(
      `${name}: ${r.columns.join(' to ')} columns, map of ${r.mapColumns} x ${r.mapPrices}, ${r.updatesPerSecond.toFixed(0)} updates/s, ${r.dropped} dropped`,
      `  main thread          ${r.busyPercent.toFixed(1)} % of a core (${r.clockPercent.toFixed(1)} % by the clock)   promised < 50 %: ${r.busy}`,
      `  long tasks           ${r.longTasks.length}   promised none > ${LONG_MS} ms: ${r.long}`,
      // Those that the page has most to do with.
      ...[...r.longTasks]
        .sort((a, b) => b.cpuMs - a.cpuMs)
        .slice(0, TASKS_SHOWN)
        .map(({ ms, cpuMs, parts }) => `    ${ms} ms, of these ${cpuMs} on the CPU: ${parts.join(', ')}`),
      `  paints               ${r.paintsPerSecond.toFixed(1)}/s of ${r.paintMs.toFixed(1)} ms; ${r.framesPerSecond.toFixed(0)} frames/s in; load ${r.load.toFixed(1)}`,
    );
  }
  if (memory !== undefined) {
    const [first, last] = [memory.samples[0], memory.samples.at(-1)];
    const growth = `${memory.slope.mean >= 0 ? '+' : ''}${memory.slope.mean.toFixed(3)} ± ${memory.slope.margin.toFixed(3)} MiB a minute`;
    lines.push(
      `memory over ${last.minute.toFixed(1)} minutes, after collections: ${first.mib.toFixed(2)} -> ${last.mib.toFixed(2)} MiB, ${growth}`,
      `  elements ${first.elements} -> ${last.elements}, listeners ${first.listeners} -> ${last.listeners}`,
      `  flat (below ${FLAT_MIB} MiB a minute): ${memory.verdict}`,
    );
  }
  return lines;
}
