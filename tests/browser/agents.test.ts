/** Markets of agents in the dashboard: what a person sees of a flash crash, and does. */
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { catalogue, runMarket } from 'toprung';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { seriousFindings } from '../lib/axe.js';
import { findChromium, launch, type Watched, watchedPage } from '../lib/browser.js';
import { ServedDashboard, statsOf, until } from '../lib/dashboard.js';

const chromium = findChromium();
const seconds = 1000;

describe.skipIf(chromium === undefined)('a market of agents in a browser', () => {
  let browser: Browser;
  let served: ServedDashboard;

  beforeAll(async () => {
    [browser, served] = await Promise.all([
      launch(chromium!),
      ServedDashboard.start(['simulate', 'flash-crash', '--live', '--speed', 'max', '--port', '0']),
    ]);
  }, 90 * seconds);
  /** What the same market is without anybody looking. */
  let crash: { digest: string; sold: number };
  beforeAll(async () => {
    const { digest, groups } = (await runMarket(catalogue.arm('flash-crash'))).results[0]!;
    crash = { digest, sold: -groups.find(({ name }) => name === 'seller')!.total.position };
  }, 90 * seconds);
  // A page that nobody looks at any more still paints.
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
  });
  afterAll(async () => {
    await browser?.close();
    expect(await served?.signal('SIGINT')).toBe(0);
  });

  /** High enough that every panel is on the screen: what is not seen is not painted. */
  async function open(query = ''): Promise<Watched> {
    const watched = await watchedPage(browser, served.url.host, { width: 1440, height: 1700 });
    await watched.page.goto(served.url.href);
    if (query !== '') await watched.page.goto(`${served.url.origin}/?${query}`);
    return watched;
  }

  const complete = (page: Page) => until(page, (s) => s.phase === 'complete' && s.accounts > 0, 60 * seconds);

  test(
    'a flash crash is seen: groups and what they hold, its phase, and marks over every chart',
    async () => {
      const { page, errors, foreign } = await open();
      expect((await complete(page)).endNs).toBeGreaterThanOrEqual(4200e9);
      const { digest, sold } = crash;
      const patient = { timeout: 10 * seconds };
      const shownDigest = () => page.locator('.figures .figure-digest dd').textContent();
      await expect.poll(shownDigest, patient).toBe(digest.slice(0, 8));
      const seller = page.locator('.accounts tbody tr', { hasText: 'seller' });
      await expect
        .poll(() => seller.locator('td').first().textContent(), patient)
        .toBe(`-${(sold / 1000).toFixed(2)}k`);
      await page.keyboard.press('0');
      await until(page, (s) => s.view.from === 0 && s.view.to >= 4200e9);
      const plots = await page.locator('.plot-area').count();
      expect(plots).toBeGreaterThan(7);
      await expect
        .poll(() => page.locator('.mark.is-phase.is-span[data-name="volatility interruption"]').count(), patient)
        .toBe(plots);
      expect(await page.locator('.mark.is-starts[title="seller starts"]').count()).toBe(plots);
      const phase = page.locator('.figures .figure-phase dd');
      await expect.poll(() => phase.textContent(), patient).toMatch(/^continuous trading · [\d:]+$/);
      const summary = page.locator('.panel', { hasText: 'Profit and loss' }).locator('.summary');
      // It is written a few times a second.
      await expect
        .poll(() => summary.textContent(), patient)
        .toMatch(/seller now .*Marked: seller starts at 20:00\.000, volatility interruption from [\d:.]+ to [\d:.]+\./);
      await page.locator('.panel', { hasText: 'Inventory' }).locator('button', { hasText: 'as a table' }).click();
      const table = page.locator('.table table');
      expect(await table.locator('th').allInnerTexts()).toEqual(['Time', 'makers', 'buyers', 'seller', 'Marked']);
      expect(await table.locator('td', { hasText: 'volatility interruption' }).count()).toBe(1);
      expect({ errors, foreign }).toEqual({ errors: [], foreign: [] });
    },
    90 * seconds,
  );

  test(
    'the ladder shows whose orders were chosen and what is ahead of them; the choice is in the address',
    async () => {
      const { page, errors } = await open();
      await complete(page);
      await page.locator('.brand').focus();
      await page.keyboard.press('g');
      await until(page, (s) => s.own > 3);
      await expect.poll(() => page.locator('.ladder .row.own').count()).toBeGreaterThan(3);
      expect(await page.locator('.ladder .own-key').textContent()).toBe('◆ makers');
      expect(await page.locator('.ladder .row.own .count').first().textContent()).toMatch(/^(◆[\d.]+k?·[\d.]+k?)?$/);
      // The summary is written more slowly than the ladder.
      const summary = () => page.locator('.ladder .summary').textContent();
      await expect.poll(summary, { timeout: 10 * seconds }).toMatch(/makers: \d+ lots at [\d,]+, \d+ lots ahead/);
      await page.locator('.ladder button', { hasText: 'as a table' }).click();
      expect(await page.locator('.ladder .table tbody tr').count()).toBeGreaterThan(3);
      await page.keyboard.press('Escape');
      await page.waitForURL(/agent=0/);
      await page.reload();
      await until(page, (s) => s.own > 3);
      await page.locator('.accounts button', { hasText: 'makers' }).click();
      await until(page, (s) => s.own === 0);
      await page.keyboard.press('7');
      await page.locator('#panel-agents.is-large').waitFor();
      await page.keyboard.press('Escape');
      const tape = await page.locator('.tape .who').allInnerTexts();
      expect(tape.filter((who) => /^\S+ ⇠ \S+$/.test(who)).length).toBeGreaterThan(3);
      expect(errors).toEqual([]);
    },
    60 * seconds,
  );

  test(
    'the control arm is started beside it and compared group by group; its own marks are there',
    async () => {
      const { page, errors } = await open();
      await complete(page);
      const { run } = await statsOf(page);
      await page.selectOption('.transport select', 'max');
      await page.keyboard.press('c');
      const control = page.locator('.comparison button', { hasText: 'control' });
      // Tried a second time, it is there already.
      if ((await control.count()) > 0) await control.click();
      const seller = page.locator('.comparison tbody tr', { hasText: 'seller: position now' });
      await expect.poll(() => seller.locator('.verdict').textContent(), { timeout: 30_000 }).toBe('higher');
      expect((await statsOf(page)).run).toBe(run);
      await expect.poll(() => seller.textContent(), { timeout: 30_000 }).toContain(crash.sold.toLocaleString('en'));
      const spread = page.locator('.comparison tbody tr', { hasText: 'Spread' });
      await expect
        .poll(() => spread.locator('.verdict').textContent(), { timeout: 30_000 })
        .toMatch(/lower|no difference seen/);
      expect(await page.locator('.toolbar select.runs').nth(1).locator('option:checked').textContent()).toContain(
        ':control',
      );
      expect(await seriousFindings(page)).toEqual([]);
      expect(errors).toEqual([]);
    },
    90 * seconds,
  );

  test(
    'another market is started from the page, at the speed that suits it, and its agents are ranked',
    async () => {
      const { page, errors } = await open();
      await complete(page);
      // As fast as possible stays what it is; any other speed becomes the one that suits the market.
      await page.selectOption('.start select', 'rmsc-04');
      expect(await page.locator('.transport select').inputValue()).toBe('max');
      await page.selectOption('.transport select', '1');
      await page.selectOption('.start select', 'flash-crash');
      await page.selectOption('.start select', 'rmsc-04');
      expect(await page.locator('.transport select').inputValue()).toBe('500');
      expect(await page.locator('.start select.arm option').count()).toBeGreaterThan(1);
      const { run } = await statsOf(page);
      await page.click('.start .primary');
      await until(page, (s) => s.run !== run && s.accounts > 2 && s.columns > 10);
      await page.selectOption('.accounts select', '3');
      await page.waitForURL(/agents=3/);
      await expect
        .poll(() => page.locator('.panel', { hasText: 'Profit and loss' }).locator('.key').count())
        .toBeLessThanOrEqual(3);
      await page.keyboard.press('k');
      await until(page, (s) => s.phase === 'stopped' || s.phase === 'complete');
      expect(errors).toEqual([]);
    },
    60 * seconds,
  );

  test(
    'both themes and small screens: nothing serious for axe, nothing sticks out; panels are saved as files',
    async () => {
      const { page, errors } = await open('run=1&agent=0&from=1000&to=2200');
      await complete(page);
      for (const theme of ['dark', 'light']) {
        await page.keyboard.press('t');
        await expect.poll(() => page.evaluate('document.documentElement.dataset.theme')).toBe(theme);
        await page.waitForTimeout(150);
        expect(await seriousFindings(page)).toEqual([]);
      }
      for (const width of [1024, 390, 320]) {
        await page.setViewportSize({ width, height: 800 });
        const scrolled = () => page.evaluate('document.documentElement.scrollWidth');
        await expect.poll(scrolled, { timeout: 5 * seconds }).toBeLessThanOrEqual(width);
      }
      await page.setViewportSize({ width: 1440, height: 900 });
      // The button is there for whoever points at the panel.
      const profit = page.locator('.panel', { hasText: 'Profit and loss' });
      await profit.hover();
      const picture = page.waitForEvent('download');
      await profit.locator('button.picture').click();
      const png = await picture;
      expect(png.suggestedFilename()).toBe('toprung-run-1-profit-and-loss.png');
      expect(
        readFileSync((await png.path())!)
          .subarray(1, 4)
          .toString(),
      ).toBe('PNG');
      await page.locator('.accounts button', { hasText: 'as a table' }).click();
      const table = page.waitForEvent('download');
      await page.locator('.table button', { hasText: 'Save as CSV' }).click();
      const csv = readFileSync((await (await table).path())!, 'utf8').split('\n');
      expect(csv[0]).toBe('Who,Position,P&L,Bought,Sold,Fills,Resting,Orders,Changes,Refused');
      expect(csv.find((line) => line.startsWith('seller,'))).toContain(`seller,"-${crash.sold.toLocaleString('en')}",`);
      expect(errors).toEqual([]);
    },
    60 * seconds,
  );
});
