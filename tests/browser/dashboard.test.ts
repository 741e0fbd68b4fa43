/** The dashboard in a real browser: what a person sees and does. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { simulate } from 'toprung';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { seriousFindings } from '../lib/axe.js';
import { findChromium, launch, type Watched, watchedPage } from '../lib/browser.js';
import { type PageStats, ServedDashboard, statsOf, until } from '../lib/dashboard.js';

const chromium = findChromium();
const seconds = 1000;

/** The text of the status in the toolbar. */
const status = (page: Page): Promise<string | null> => page.locator('.status').textContent();

/** The pixels of a panel's canvas, as a digest. */
const pixels = (page: Page, panel: string): Promise<unknown> =>
  page.evaluate(`(() => {
    const shown = document.querySelector('#panel-${panel} canvas');
    const canvas = new OffscreenCanvas(shown.width, shown.height);
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(shown, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let hash = 0;
    const colors = new Set();
    for (let i = 0; i < data.length; i += 4) {
      const color = data[i] << 16 | data[i + 1] << 8 | data[i + 2];
      hash = (hash * 31 + color) | 0;
      if (colors.size < 1000) colors.add(color);
    }
    return { hash, colors: colors.size };
  })()`);

describe.skipIf(chromium === undefined)('the dashboard in a browser', () => {
  let browser: Browser;
  let served: ServedDashboard;
  const opened: Watched[] = [];

  beforeAll(async () => {
    [browser, served] = await Promise.all([
      launch(chromium!),
      ServedDashboard.start(['simulate', 'zi-baseline', '--live', '--events', '2G', '--speed', '20', '--port', '0']),
    ]);
  }, 90 * seconds);
  // A page that nobody looks at any more still paints.
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
  });
  afterAll(async () => {
    await browser?.close();
    expect(await served?.signal('SIGINT')).toBe(0);
  });

  async function open(url: URL = served.url, size?: { width: number; height: number }): Promise<Watched> {
    const watched = await watchedPage(browser, url.host, size);
    await watched.page.goto(url.href);
    opened.push(watched);
    return watched;
  }

  async function openRunning(): Promise<Watched> {
    const watched = await open();
    await until(watched.page, (s) => s.columns > 60);
    return watched;
  }

  test(
    'a live run appears and moves, and the page asks nobody else for anything',
    async () => {
      const { page, errors, foreign } = await openRunning();
      expect(await page.title()).toMatch(/^zi-baseline #\d+ · toprung$/);
      expect(page.url()).not.toContain('token');
      await expect.poll(() => status(page)).toContain('running 20×');
      const before = (await pixels(page, 'depth')) as { hash: number; colors: number };
      const { columns, trades } = await statsOf(page);
      await until(page, (s) => s.columns > columns + 20 && s.trades > trades);
      await page.waitForTimeout(200);
      const after = (await pixels(page, 'depth')) as { hash: number; colors: number };
      expect(after.hash).not.toBe(before.hash);
      // A map of many shades, not one that is saturated.
      expect(after.colors).toBeGreaterThan(60);
      expect(await page.locator('.figures .figure-mid dd').textContent()).toMatch(/^[\d,]+\.\d$/);
      await expect.poll(() => page.locator('.ladder .best-bid').count()).toBe(1);
      expect(await page.locator('.tape .row.buy, .tape .row.sell').count()).toBeGreaterThan(5);
      expect({ errors, foreign }).toEqual({ errors: [], foreign: [] });
    },
    30 * seconds,
  );

  test(
    'wheel, drag and keys zoom and pan; the crosshair is on every panel; a double click shows everything',
    async () => {
      const { page, errors } = await openRunning();
      await until(page, (s) => s.endNs > 25e9);
      const area = (await page.locator('#panel-depth .plot-area').boundingBox())!;
      const at = (share: number): [number, number] => [area.x + share * area.width, area.y + area.height / 2];
      const span = (s: PageStats): number => s.view.to - s.view.from;
      const first = await statsOf(page);
      await page.mouse.move(...at(0.5));
      await page.mouse.wheel(0, -300);
      const nearer = await until(page, (s) => span(s) < 0.7 * span(first));
      expect(nearer.view.follow).toBe(true);
      await page.keyboard.press('a');
      const back = await until(page, (s) => !s.view.follow);
      expect(back.view.to).toBeLessThan(nearer.endNs);
      await page.mouse.move(...at(0.2));
      await page.mouse.down();
      await page.mouse.move(...at(0.4), { steps: 3 });
      await page.mouse.move(...at(0.6), { steps: 3 });
      await page.mouse.up();
      const chosen = await until(page, (s) => Math.abs(span(s) / span(back) - 0.4) < 0.03);
      expect(chosen.view.from).toBeGreaterThan(back.view.from);
      await page.mouse.move(...at(0.3));
      const crosshairs = page.locator('.crosshair:not([hidden])');
      await expect.poll(() => crosshairs.count()).toBeGreaterThanOrEqual(6);
      const shares = await page.evaluate(`[...document.querySelectorAll('.crosshair:not([hidden])')].map((line) =>
      (line.getBoundingClientRect().left - line.parentElement.getBoundingClientRect().left) / line.parentElement.clientWidth)`);
      for (const share of shares as number[]) expect(share).toBeCloseTo(0.3, 1);
      await page.mouse.dblclick(...at(0.5));
      const all = await until(page, (s) => s.view.from === 0 && span(s) > 20e9);
      await page.keyboard.press('w');
      await until(page, (s) => span(s) < span(all));
      await page.keyboard.press('f');
      await until(page, (s) => s.view.follow && s.playheadNs === null);
      expect(errors).toEqual([]);
    },
    30 * seconds,
  );

  test(
    'freezing keeps the screen while the run goes on, scrubbing shows an earlier book',
    async () => {
      const { page, errors } = await openRunning();
      await page.keyboard.press('x');
      const frozen = await until(page, (s) => s.frozenNs !== null);
      await page.waitForTimeout(300);
      const still = await pixels(page, 'depth');
      await until(page, (s) => s.endNs > frozen.endNs + 3e9);
      expect(await pixels(page, 'depth')).toEqual(still);
      expect((await statsOf(page)).view).toEqual({ ...frozen.view, follow: false });
      await page.keyboard.press('f');
      await until(page, (s) => s.frozenNs === null && s.view.follow);
      const slider = page.locator('.scrubber input');
      await slider.fill('1000000000');
      const scrubbed = await until(page, (s) => s.playheadNs !== null);
      expect(scrubbed.playheadNs).toBeLessThan(1.2e9);
      expect(scrubbed.view.from).toBeLessThan(1e9);
      await expect.poll(() => page.locator('.ladder .note').textContent()).toMatch(/^at 0:0[01]\./);
      await page.keyboard.press(']');
      await until(page, (s) => s.playheadNs! > scrubbed.playheadNs!);
      await page.keyboard.press('Escape');
      await until(page, (s) => s.playheadNs === null && s.view.follow);
      expect(errors).toEqual([]);
    },
    30 * seconds,
  );

  test(
    'a run is started, paused, stepped, changed in speed and stopped from the page, and its digest is the known one',
    async () => {
      const { page, errors } = await open();
      await until(page, (s) => s.columns > 0);
      await page.selectOption('.start select', 'zi-many-books');
      await page.fill('.start .seed', '5');
      await page.selectOption('.transport select', '0.1');
      await page.click('.start .primary');
      const started = await until(page, (s) => s.phase === 'running' && s.events < 5000);
      await page.locator('.transport button', { hasText: 'Pause' }).click();
      const paused = await until(page, (s) => s.phase === 'paused');
      await page.locator('.transport button', { hasText: 'Step' }).click();
      await until(page, (s) => s.events === paused.events + 1);
      await page.keyboard.press('Shift+Period');
      await until(page, (s) => s.events === paused.events + 101);
      await page.selectOption('.transport select', 'max');
      await page.locator('.transport button', { hasText: 'Run' }).click();
      await until(page, (s) => s.phase === 'complete');
      const config = { books: 1, seed: 5, horizon: { events: 20_000 }, warmupEvents: 10_000 };
      const plain = (await simulate(config)).book(0);
      await expect.poll(() => page.locator('.figures .figure-digest dd').textContent()).toBe(plain.digest.slice(0, 8));
      // Another book of the same run.
      await page.fill('.transport .book', '7');
      await page.locator('.transport .book').press('Enter');
      const other = await until(page, (s) => s.run !== started.run && s.phase === 'complete');
      expect(other.trades).toBe((await simulate({ ...config, books: 8 })).book(7).metrics.trades);
      await page.keyboard.press('Escape');
      await page.selectOption('.start select', 'zi-baseline');
      await page.click('.start .primary');
      await until(page, (s) => (s.run !== other.run && s.phase === 'complete') || s.phase === 'running');
      await page.keyboard.press('k');
      await until(page, (s) => s.phase === 'stopped' || s.phase === 'complete');
      expect(errors).toEqual([]);
    },
    40 * seconds,
  );

  test(
    'two runs are compared: dashed lines, figures with intervals and a verdict',
    async () => {
      const { page, errors } = await open();
      await until(page, (s) => s.columns > 0);
      await page.selectOption('.transport select', 'max');
      for (const scenario of ['zi-baseline', 'zi-large-tick']) {
        const { run } = await statsOf(page);
        await page.selectOption('.start select', scenario);
        await page.click('.start .primary');
        await until(page, (s) => s.run !== run && s.columns > 300);
        await page.locator('.brand').focus();
        await page.keyboard.press('k');
        await until(page, (s) => s.phase === 'stopped' || s.phase === 'complete');
      }
      await page.keyboard.press('c');
      const options = await page.locator('.toolbar select.runs').nth(1).locator('option').allInnerTexts();
      const wanted = options.findLast((text) => text.includes('zi-baseline'))!;
      await page.locator('.toolbar select.runs').nth(1).selectOption({ label: wanted });
      const spread = page.locator('.comparison tbody tr', { hasText: 'Spread' });
      await expect.poll(() => spread.locator('.verdict').textContent(), { timeout: 8000 }).toBe('higher');
      expect(await spread.textContent()).toMatch(/\+[\d.]+ ± [\d.]+/);
      await expect.poll(() => page.url()).toMatch(/against=\d+/);
      expect(await seriousFindings(page)).toEqual([]);
      expect(errors).toEqual([]);
    },
    60 * seconds,
  );

  test(
    'every key of the help does something, and keys inside a field are left alone',
    async () => {
      const { page, errors } = await openRunning();
      await page.keyboard.press('?');
      const dialog = page.locator('dialog.help');
      await dialog.waitFor();
      expect(await dialog.locator('kbd').count()).toBeGreaterThan(25);
      expect(await seriousFindings(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      for (const [key, panel] of ['depth', 'market', 'latency', 'latency-map', 'percentiles', 'throughput'].entries()) {
        await page.keyboard.press(String(key + 1));
        await page.locator(`#panel-${panel}.is-large`).waitFor();
        await page.keyboard.press('Escape');
        await page.locator('.is-large').waitFor({ state: 'detached' });
      }
      await page.selectOption('.transport select', '10');
      await page.keyboard.press('Escape');
      await page.locator('.brand').focus();
      await page.keyboard.press('ArrowDown');
      await expect.poll(() => status(page), { timeout: 5000 }).toMatch(/(running|late at) 5×/);
      await page.keyboard.press('ArrowUp');
      await expect.poll(() => status(page), { timeout: 5000 }).toMatch(/(running|late at) 10×/);
      await page.keyboard.press('/');
      await page.keyboard.type('2');
      await page.keyboard.press('t');
      expect(await page.locator('#tape-min').inputValue()).not.toContain('t');
      expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('light');
      await page.locator('#tape-min').fill('999');
      await expect.poll(() => page.locator('.tape .row.buy, .tape .row.sell').count()).toBe(0);
      await page.locator('#tape-min').fill('0');
      await page.keyboard.press('Escape');
      await page.keyboard.press('t');
      await expect.poll(() => page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
      let csv: string[] = [];
      const exported = async () => {
        const download = page.waitForEvent('download');
        await page.keyboard.press('e');
        csv = readFileSync((await (await download).path())!, 'utf8')
          .trimEnd()
          .split('\n');
        return csv.length;
      };
      await expect.poll(exported, { timeout: 10 * seconds, interval: 250 }).toBeGreaterThan(10);
      expect(csv[0]).toMatch(/^timeNs,bid,ask,/);
      expect(new Set(csv.map((line) => line.split(',').length)).size).toBe(1);
      expect(errors).toEqual([]);
    },
    30 * seconds,
  );

  test(
    'both themes, small screens and the address: nothing serious for axe, nothing sticks out, a reload shows the same',
    async () => {
      const { page, errors, foreign } = await openRunning();
      for (const theme of ['dark', 'light']) {
        await page.keyboard.press('t');
        await expect.poll(() => page.evaluate('document.documentElement.dataset.theme')).toBe(theme);
        await page.waitForTimeout(150);
        expect(await seriousFindings(page)).toEqual([]);
      }
      await page.locator('#panel-latency button', { hasText: 'as a table' }).click();
      await page.locator('#panel-latency table').waitFor();
      for (const width of [1024, 390, 320]) {
        await page.setViewportSize({ width, height: 800 });
        await page.waitForTimeout(100);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      }
      expect(await seriousFindings(page)).toEqual([]);
      await page.setViewportSize({ width: 1440, height: 900 });
      await page.keyboard.press('0');
      await page.keyboard.press('w');
      await page.keyboard.press('3');
      await page.keyboard.press('p');
      const { view } = await until(page, (s) => !s.view.follow);
      await page.waitForURL(/panel=latency/);
      await page.reload();
      const again = await until(page, (s) => s.columns > 0);
      expect(again.view.from).toBeCloseTo(view.from, -4);
      expect(again.view.to).toBeCloseTo(view.to, -4);
      expect(await page.locator('#panel-latency.is-large').count()).toBe(1);
      expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('light');
      expect(await page.evaluate('document.documentElement.dataset.colors')).toBe('purple-green');
      expect({ errors, foreign }).toEqual({ errors: [], foreign: [] });
    },
    40 * seconds,
  );

  test(
    'another site can neither read the page nor open its feed, and without the token nothing is shown',
    async () => {
      const { context, page } = await openRunning();
      const elsewhere = createServer((_, response) =>
        response.writeHead(200, { 'content-type': 'text/html' }).end('<p>x'),
      );
      await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
      try {
        // The same browser, with the cookie.
        const other = await context.newPage();
        await other.goto(`http://localhost:${(elsewhere.address() as AddressInfo).port}/`);
        const tried = await other.evaluate(`Promise.all([
        fetch('${served.url.origin}/', { credentials: 'include' }).then(() => 'read', () => 'refused'),
        new Promise((resolve) => {
          const socket = new WebSocket('ws://${served.url.host}/feed');
          socket.onopen = () => resolve('open');
          socket.onerror = () => resolve('refused');
        }),
      ])`);
        expect(tried).toEqual(['refused', 'refused']);
        expect((await statsOf(page)).run).not.toBeNull();
      } finally {
        elsewhere.close();
      }
      const stranger = await watchedPage(browser, served.url.host);
      const answer = await stranger.page.goto(served.url.origin);
      expect(answer!.status()).toBe(401);
      expect(await stranger.page.textContent('body')).toContain('Open the address');
      await stranger.context.close();
    },
    30 * seconds,
  );

  test(
    'no run, a silent server, one that is killed, restarted, and started anew: the page says so and recovers',
    async () => {
      const token = 'a-token-of-a-test-that-is-long-enough';
      const env = { TOPRUNG_DASHBOARD_TOKEN: token };
      let server = await ServedDashboard.start(['dashboard', '--port', '0'], env);
      const { port } = server.url;
      try {
        const { page } = await open(server.url);
        await page.getByText('Nothing runs yet').waitFor();
        expect(await seriousFindings(page)).toEqual([]);
        expect(await status(page)).toBe('no run');
        await page.locator('.empty button', { hasText: 'zi-large-tick' }).click();
        await until(page, (s) => s.columns > 3);

        await server.signal('SIGSTOP');
        await expect.poll(() => status(page), { timeout: 6000 }).toMatch(/^stale \d+ s$/);
        await server.signal('SIGCONT');
        await expect.poll(() => status(page), { timeout: 6000 }).toMatch(/^running/);

        await server.signal('SIGKILL');
        await page.locator('[data-notice=lost]').waitFor();
        expect(await status(page)).toBe('connection lost');
        server = await ServedDashboard.start(['dashboard', 'zi-baseline', '--port', port], env);
        await page.locator('[data-notice]').waitFor({ state: 'detached', timeout: 10_000 });
        await until(page, (s) => s.run === 1 && s.columns > 3);
        expect(await page.title()).toContain('zi-baseline');

        await server.signal('SIGKILL');
        server = await ServedDashboard.start(['dashboard', '--port', port]);
        await page.locator('[data-notice=refused]').waitFor({ timeout: 15_000 });
        expect(await page.locator('[data-notice=refused]').textContent()).toContain('Open the address that it printed');
        await page.goto(server.url.href);
        await page.getByText('Nothing runs yet').waitFor();
      } finally {
        await server.signal('SIGKILL');
      }
    },
    60 * seconds,
  );
});
