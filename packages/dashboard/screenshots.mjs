// The pictures in docs/images, made again: `npm run screenshots`. The dashboard with a flash crash in both themes and beside
// its control arm, and a report in both themes. Needs Chromium (TOPRUNG_CHROMIUM, or /usr/bin/chromium).
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../..', import.meta.url));
const toprung = path.join(root, 'packages/cli/bin/toprung.js');
const { values: options } = parseArgs({
  options: {
    /** Where they go. */
    out: { type: 'string', default: path.join(root, 'docs/images') },
    /** Every size and theme of the dashboard, to be looked at by a person. */
    review: { type: 'boolean', default: false },
  },
});
/** What a README may weigh. */
const BYTES_MAX = 300 * 1024;
/** How long a run may take, and a page until everything on it stands still and its last message is gone, ms. */
const PATIENCE_MS = 120_000;
const SETTLE_MS = 4000;
const SIZES = { wide: [1400, 980], tablet: [1024, 768], phone: [390, 844] };

const children = new Set();
mkdirSync(options.out, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.TOPRUNG_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
});
try {
  if (options.review) await review();
  else await pictures();
} finally {
  await browser.close();
  for (const child of children) child.kill('SIGINT');
}

async function pictures() {
  const alone = await served(['simulate', 'flash-crash', '--live', '--speed', 'max']);
  for (const theme of ['dark', 'light']) {
    await dashboard(alone, `dashboard-${theme}`, { theme, from: 1000, to: 2200, agent: 0 });
  }
  alone.end();
  const two = await served(['dashboard', 'flash-crash', '--against', 'flash-crash:control', '--speed', 'max']);
  await dashboard(two, 'dashboard-compare', { theme: 'light', from: 1000, to: 2200, compare: 1, run: 1, against: 2 });
  two.end();
  const folder = mkdtempSync(path.join(tmpdir(), 'toprung-pictures-'));
  try {
    const call = (...args) => spawnSync(process.execPath, [toprung, ...args], { cwd: folder, stdio: 'inherit' });
    call('simulate', 'zi-baseline', '--events', '2M', '--out', 'run', '--quiet');
    call('report', 'run', '--format', 'html', '--quiet');
    for (const colorScheme of ['dark', 'light']) {
      const page = await browser.newPage({ viewport: { width: 1180, height: 860 }, colorScheme });
      await page.goto(pathToFileURL(path.join(folder, 'run/report.html')).href);
      await shoot(page, `report-${colorScheme}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function review() {
  const server = await served(['dashboard', 'flash-crash', '--against', 'flash-crash:control', '--speed', 'max']);
  for (const [name, [width, height]] of Object.entries(SIZES)) {
    for (const theme of ['dark', 'light']) {
      const view = { theme, from: 1000, to: 2200, agent: 0, run: 1 };
      await dashboard(server, `${name}-${theme}`, view, { width, height });
      await dashboard(server, `${name}-${theme}-all`, { ...view, compare: 1, against: 2 }, { width, height: 2000 });
    }
  }
  server.end();
  const empty = await served(['dashboard']);
  for (const theme of ['dark', 'light']) await dashboard(empty, `empty-${theme}`, { theme });
  empty.end();
}

/** A page of the dashboard when its runs are over. */
async function dashboard(server, name, view, viewport = { width: 1240, height: 844 }) {
  const page = await browser.newPage({ viewport });
  await page.goto(server.url);
  const query = new URLSearchParams(Object.entries(view).map(([key, value]) => [key, String(value)]));
  await page.goto(`${new URL(server.url).origin}/?${query}`);
  // Nothing runs on the empty page.
  const isReady = ({ run, phase }) => phase === 'complete' || (run === null && !('run' in view));
  const began = Date.now();
  while (!isReady(await page.evaluate('window.__toprung.stats()'))) {
    if (Date.now() - began > PATIENCE_MS) throw new Error(`${name}: the run was not over in time`);
    await page.waitForTimeout(100);
  }
  await page.waitForTimeout(SETTLE_MS);
  await shoot(page, name);
}

async function shoot(page, name) {
  const file = path.join(options.out, `${name}.png`);
  await page.screenshot({ path: file });
  await page.close();
  const { size } = statSync(file);
  const note = size > BYTES_MAX && !options.review ? `  MORE THAN ${BYTES_MAX / 1024} KB` : '';
  console.log(`${path.relative(root, file)}  ${Math.round(size / 1024)} KB${note}`);
}

/** A dashboard, and how it is ended. */
function served(args) {
  const child = spawn(process.execPath, [toprung, ...args, '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  return new Promise((resolve, reject) => {
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
      const url = /"url": "([^"]+)"/.exec(out)?.[1];
      if (url !== undefined) resolve({ url, end: () => child.kill('SIGINT') });
    });
    child.once('exit', () => children.delete(child));
    child.once('exit', (code) => reject(new Error(`toprung ${args.join(' ')} ended with ${code}`)));
  });
}
