/** A real browser, if this machine has one. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const PLACES = [
  process.env.TOPRUNG_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Where Chromium is; says `SKIPPED: …` once when it is nowhere. */
export function findChromium(): string | undefined {
  const found = PLACES.find((place) => place !== undefined && existsSync(place));
  if (found === undefined) {
    console.log(
      'SKIPPED: browser (no Chromium; install one, e.g. `apt-get install chromium`, or set TOPRUNG_CHROMIUM)',
    );
  }
  return found;
}

/** Starts it: without a screen, without asking anything of any other host, with a profile that is thrown away. */
export function launch(executablePath: string): Promise<Browser> {
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  return chromium.launch({ executablePath, headless: true, args });
}

/** A page, and what went wrong on it or went elsewhere. */
export interface Watched {
  context: BrowserContext;
  page: Page;
  /** Errors on the console and thrown ones. */
  errors: string[];
  /** Requests to hosts other than the one it is of. */
  foreign: string[];
}

/** A page of its own cookies that is watched. `host` is the only one that it may ask. */
export async function watchedPage(
  browser: Browser,
  host: string,
  size = { width: 1440, height: 900 },
): Promise<Watched> {
  const context = await browser.newContext({ viewport: size, acceptDownloads: true });
  const page = await context.newPage();
  const errors: string[] = [];
  const foreign: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  const see = (address: string): void => {
    const url = new URL(address);
    if (!['data:', 'blob:'].includes(url.protocol) && url.host !== host) foreign.push(address);
  };
  page.on('request', (request) => see(request.url()));
  page.on('websocket', (socket) => see(socket.url()));
  return { context, page, errors, foreign };
}
