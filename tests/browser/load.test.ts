/** The dashboard's page under load for some seconds; the long run is `npm run bench -- dashboard --minutes 10`. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, launch, watchedPage } from '../lib/browser.js';
import { ServedDashboard, statsOf, until } from '../lib/dashboard.js';

const chromium = findChromium();
const seconds = 1000;
const MIB = 2 ** 20;
/** What the page may hold more after ten seconds than before them, MiB. */
const GROWTH_MIB = 1;

interface Memory {
  mib: number;
  elements: number;
  listeners: number;
}

/** What is left in memory after collections: objects and buffers of JavaScript, and what is in the document. */
async function memoryOf(page: Page): Promise<Memory> {
  const client = await page.context().newCDPSession(page);
  let mib = Number.POSITIVE_INFINITY;
  // The least of three: a collection in the middle of a frame keeps what the frame still holds.
  for (let k = 0; k < 3; k++) {
    await page.waitForTimeout(100);
    await client.send('HeapProfiler.collectGarbage');
    const heap = (await client.send('Runtime.getHeapUsage')) as { usedSize: number; backingStorageSize?: number };
    mib = Math.min(mib, (heap.usedSize + (heap.backingStorageSize ?? 0)) / MIB);
  }
  const { jsEventListeners: listeners } = await client.send('Memory.getDOMCounters');
  await client.detach();
  const elements = (await page.evaluate('document.querySelectorAll("*").length')) as number;
  return { mib, elements, listeners };
}

describe.skipIf(chromium === undefined)('the dashboard under load', () => {
  let browser: Browser;
  let served: ServedDashboard;

  beforeAll(async () => {
    [browser, served] = await Promise.all([
      launch(chromium!),
      // Fast enough that the columns are merged several times while the test looks.
      ServedDashboard.start(['simulate', 'zi-baseline', '--live', '--events', '2G', '--speed', '200', '--port', '0']),
    ]);
  }, 90 * seconds);
  afterAll(async () => {
    await browser?.close();
    expect(await served?.signal('SIGINT')).toBe(0);
  });

  test(
    'neither memory nor the document grows while a run goes on and on',
    async () => {
      const { context, page, errors } = await watchedPage(browser, served.url.host);
      await page.goto(served.url.href);
      // Every array has its final size, and every function was compiled.
      await until(page, (s) => s.merges > 0, 40 * seconds);
      await page.waitForTimeout(3 * seconds);
      const before = await memoryOf(page);
      const first = await statsOf(page);
      const later: Memory[] = [];
      for (let k = 0; k < 2; k++) {
        await page.waitForTimeout(5 * seconds);
        later.push(await memoryOf(page));
      }
      const last = await statsOf(page);
      expect(last.states - first.states).toBeGreaterThan(150);
      expect(last.trades).toBeGreaterThan(first.trades);
      expect(Math.min(...later.map(({ mib }) => mib))).toBeLessThan(before.mib + GROWTH_MIB);
      for (const { elements, listeners } of later) {
        expect({ elements, listeners }).toEqual({ elements: before.elements, listeners: before.listeners });
      }
      expect(errors).toEqual([]);
      await context.close();
    },
    90 * seconds,
  );

  test(
    'following a run paints at the rate of the page, and a page with nothing new does not paint',
    async () => {
      const { context, page, errors } = await watchedPage(browser, served.url.host);
      await page.goto(served.url.href);
      await until(page, (s) => s.columns > 60 && s.view.follow);
      const paintsOf = async (ms: number): Promise<{ paints: number; states: number; fps: number }> => {
        const before = await statsOf(page);
        await page.waitForTimeout(ms);
        const after = await statsOf(page);
        return { paints: after.paints - before.paints, states: after.states - before.states, fps: after.fps };
      };
      // Once the first frames are through, and the rate has settled.
      await expect
        .poll(
          async () => {
            const { paints, fps } = await paintsOf(seconds);
            return paints <= 1.2 * Math.max(fps, 15) + 3 ? 'at its rate' : `${paints} paints at ${fps}`;
          },
          { timeout: 20 * seconds },
        )
        .toBe('at its rate');
      await page.keyboard.press('Space');
      await until(page, (s) => s.phase === 'paused');
      // The server says once a second that it is there.
      await expect.poll(async () => (await paintsOf(seconds)).paints, { timeout: 20 * seconds }).toBeLessThan(12);
      await page.keyboard.press('Space');
      expect(errors).toEqual([]);
      await context.close();
    },
    60 * seconds,
  );
});
