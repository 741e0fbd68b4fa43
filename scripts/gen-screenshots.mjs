// `node scripts/gen-screenshots.mjs`: the pictures of the dashboard in docs/images, taken of the real page. Needs Chromium
// (TOPRUNG_CHROMIUM, or /usr/bin/chromium).
import { spawn } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ensureReady } from './lib/ready.mjs';
import { root } from './lib/workspace.mjs';

const bytesMax = 150_000;
const folder = path.join(root, 'docs/images');
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

await ensureReady();
mkdirSync(folder, { recursive: true });
const { chromium } = createRequire(path.join(root, 'tests/package.json'))('playwright-core');
const cli = path.join(root, 'packages/cli/bin/toprung.js');
const child = spawn(process.execPath, [cli, 'dashboard', 'zi-large-tick', '--speed', '8', '--port', '0', '--json']);
const url = await new Promise((resolve) => {
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
    const found = /"url": "([^"]+)"/.exec(out)?.[1];
    if (found) resolve(found);
  });
});
const browser = await chromium.launch({
  executablePath: process.env.TOPRUNG_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
});
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const stats = () => page.evaluate('window.__toprung.stats()');
  const until = async (holds) => {
    while (!holds(await stats())) await wait(50);
  };
  await page.goto(`${url}&theme=dark`);
  await until((s) => s.endNs > 14e9);
  await page.keyboard.press(' ');
  await wait(1500);
  await picture(page, 'dashboard-dark.jpg');

  // A second run beside it, in light colours, with crosshair.
  await page.selectOption('.start select', 'zi-pro-rata');
  await page.click('.start .primary');
  await until((s) => s.run === 2 && s.endNs > 13e9);
  await page.locator('.brand').focus();
  await page.keyboard.press(' ');
  await page.keyboard.press('c');
  await page.keyboard.press('t');
  await wait(4000);
  await page.mouse.move(560, 260);
  await wait(1500);
  await picture(page, 'dashboard-compare.jpg');
} finally {
  await browser.close();
  child.kill('SIGINT');
}

/** The best quality that keeps the file small enough. */
async function picture(page, name) {
  const file = path.join(folder, name);
  for (const quality of [80, 72, 64, 56, 48, 40, 32]) {
    await page.screenshot({ path: file, type: 'jpeg', quality });
    if (statSync(file).size <= bytesMax) {
      console.log(`${path.relative(root, file)}  ${(statSync(file).size / 1024).toFixed(0)} KiB, quality ${quality}`);
      return;
    }
  }
  throw new Error(`${name}: more than ${bytesMax} bytes at any quality`);
}
