/** Reports in a real browser, opened from a disk as people open them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seriousFindings } from '../lib/axe.js';
import { peersRecord, tableRecord } from '../lib/bench-records.js';
import { findChromium, launch } from '../lib/browser.js';
import { toprung } from '../lib/command.js';

const chromium = findChromium();
const root = mkdtempSync(path.join(tmpdir(), 'toprung-report-browser-'));
const pages = { compared: path.join(root, 'b/report.html'), benchmarks: path.join(root, 'bench/report.html') };

describe.skipIf(chromium === undefined)('reports in a browser', () => {
  let browser: Browser;

  beforeAll(async () => {
    const simulate = async (name: string, ...args: string[]): Promise<void> => {
      const common = ['--books', '24', '--events', '20000', '--out', path.join(root, name), '--quiet'];
      expect((await toprung(['simulate', ...common, ...args])).code).toBe(0);
    };
    await simulate('a', '--seed', '7');
    await simulate('b', '--seed', '8', '--market-rate', '2000');
    const against = ['--against', path.join(root, 'a'), '--threshold', 'spread<=0'];
    expect((await toprung(['report', path.join(root, 'b'), ...against])).code).toBe(4);
    writeFileSync(path.join(root, 'peers.json'), JSON.stringify(peersRecord));
    writeFileSync(path.join(root, 'table.json'), JSON.stringify(tableRecord));
    const made = await toprung(['bench', root, '--out', root, '--format', 'html']);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    pages.benchmarks = path.join(root, 'report.html');
    browser = await launch(chromium!);
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(root, { recursive: true, force: true });
  });

  /** Opens a page and says what it asked for and what it complained of. */
  async function open(file: string, colorScheme: 'light' | 'dark', width: number) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    const page = await context.newPage();
    const [requests, errors]: [string[], string[]] = [[], []];
    page.on('request', (request) => {
      if (!request.url().startsWith('data:')) requests.push(request.url());
    });
    page.on('console', (message) => errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.goto(pathToFileURL(file).href);
    return { page, requests, errors, close: () => context.close() };
  }

  const background = (page: Page) =>
    page.evaluate('getComputedStyle(document.body).backgroundColor') as Promise<string>;

  test.each(['compared', 'benchmarks'] as const)(
    '%s: itself is all it asks for, in both themes and on small screens, and axe finds nothing serious',
    async (name) => {
      const seen = new Set<string>();
      for (const theme of ['light', 'dark'] as const) {
        for (const width of [1280, 360]) {
          const { page, requests, errors, close } = await open(pages[name], theme, width);
          expect(requests).toEqual([pathToFileURL(pages[name]).href]);
          expect(await seriousFindings(page)).toEqual([]);
          expect(errors).toEqual([]);
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
          seen.add(await background(page));
          await close();
        }
      }
      expect(seen.size).toBe(2);
    },
  );

  test('every chart is drawn, and its numbers open by the keyboard alone', async () => {
    for (const file of Object.values(pages)) {
      const { page, close } = await open(file, 'light', 1280);
      const sizes = (await page.evaluate(
        `[...document.querySelectorAll('figure svg')].map((svg) => {
          const { width, height } = svg.getBoundingClientRect();
          return { area: width * height, marks: svg.querySelectorAll('path, circle, rect, line, image').length };
        })`,
      )) as { area: number; marks: number }[];
      expect(sizes.length).toBeGreaterThan(0);
      for (const { area, marks } of sizes) {
        expect(area).toBeGreaterThan(10_000);
        expect(marks).toBeGreaterThan(1);
      }
      const openOnes = () => page.locator('details[open]').count();
      expect(await openOnes()).toBe(0);
      // Tab finds the first summary, Enter opens it.
      for (let i = 0; i < 20 && (await page.evaluate('document.activeElement.tagName')) !== 'SUMMARY'; i++) {
        await page.keyboard.press('Tab');
      }
      await page.keyboard.press('Enter');
      expect(await openOnes()).toBe(1);
      expect(await page.locator('details[open] td').count()).toBeGreaterThan(0);
      await close();
    }
  });

  test('a threshold that fails and a difference that is certain can be seen', async () => {
    const { page, close } = await open(pages.compared, 'dark', 1280);
    expect(await page.locator('.verdict').textContent()).toContain('Fails');
    expect(await page.locator('.figure.failed').count()).toBe(1);
    expect(await page.locator('figure', { hasText: 'with 95 % intervals' }).count()).toBe(1);
    expect(await page.locator('td', { hasText: /^higher$/ }).count()).toBeGreaterThan(0);
    await close();
  });
});
