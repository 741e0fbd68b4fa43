/**
 * What people install is what was packed: tarballs in an empty folder, without cargo on the PATH.
 *
 * Way A installs the tarballs themselves, way B asks a registry that serves them, way D leaves the native package out.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { simulate } from 'toprung';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../lib/command.js';
import { repository } from '../lib/shared-data.js';
import { Consumer } from './consumer.js';

/** Part of what scripts/local-registry.mjs exports. */
interface RegistryModule {
  startRegistry(folder: string, options: { upstream: string }): Promise<{ url: string; close(): Promise<void> }>;
}

const release = mkdtempSync(path.join(tmpdir(), 'toprung-release-'));
const minutes = 60_000;
const config = { books: 2, horizon: { events: 10_000 }, seed: 7 };
let digest: string;
let tarballs: string[];

beforeAll(async () => {
  const packed = await runCommand(process.execPath, [path.join(repository, 'scripts/pack.mjs'), '--out', release]);
  expect(packed.code, packed.stderr).toBe(0);
  tarballs = readdirSync(release).map((name) => path.join(release, name));
  digest = (await simulate(config)).digest;
}, 3 * minutes);
afterAll(() => rmSync(release, { recursive: true, force: true }));

const runLibrary = `
  import { OrderBook, simulate } from 'toprung';
  const book = new OrderBook();
  book.limit(1, 'sell', 100, 5);
  const [, trade] = book.limit(2, 'buy', 100, 5);
  const { digest } = await simulate(${JSON.stringify(config)});
  console.log(JSON.stringify({ kind: trade.kind, digest }));
`;

describe(
  'way A: npm install of the tarballs',
  () => {
    const consumer = new Consumer();
    beforeAll(async () => {
      const installed = await consumer.install(...tarballs);
      expect(installed.code, installed.stderr).toBe(0);
    }, 3 * minutes);
    afterAll(() => consumer.remove());

    test('there is no cargo to build with', async () => {
      await expect(consumer.run('cargo', '--version')).rejects.toThrow('ENOENT');
    });

    test('the library works, with the digest that it has in the repository', async () => {
      const { stdout, stderr } = await consumer.script(runLibrary);
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual({ kind: 'trade', digest });
    });

    test('the command works', async () => {
      const version = (await consumer.run('npx', '--no-install', 'toprung', '--version')).stdout.trim();
      expect(version).toBe(JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')).version);
      const args = ['simulate', '--events', '10000', '--books', '2', '--seed', '7', '--json'];
      const run = await consumer.run('npx', '--no-install', 'toprung', ...args);
      expect(run.code, run.stderr).toBe(0);
      expect(JSON.parse(run.stdout)).toMatchObject({ partial: false, scenario: 'zi-baseline' });
    });

    test('the dashboard is shipped with its page', async () => {
      const script = `
        import { spawn } from 'node:child_process';
        const child = spawn('npx', ['--no-install', 'toprung', 'dashboard', '--port', '0', '--json'], { detached: true });
        let out = '';
        child.stdout.on('data', async (chunk) => {
          out += chunk;
          const url = /"url": "([^"]+)"/.exec(out)?.[1];
          if (url === undefined) return;
          const { headers } = await fetch(url, { redirect: 'manual' });
          const cookie = headers.get('set-cookie').split(';')[0];
          const page = await fetch(new URL('/', url), { headers: { cookie } });
          console.log(page.status, (await page.text()).includes('/dashboard.js'));
          process.kill(-child.pid, 'SIGKILL');
          process.exit();
        });`;
      const { stdout, stderr } = await consumer.script(script);
      expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: '200 true', stderr: '' });
    });

    test('the types are found, and are as strict as they say', async () => {
      consumer.write(
        'consumer.ts',
        `import { CommandBatch, OrderBook, type SimulationResult, simulate } from 'toprung';
       const result: SimulationResult = await simulate({ books: 2 });
       const trades: number = result.metrics.trades;
       const batch = new CommandBatch();
       batch.limit(1, 'buy', 100, 1, 'ioc');
       // @ts-expect-error: no such side
       batch.limit(1, 'up', 100, 1);
       // @ts-expect-error: no such setting
       await simulate({ bokos: 2 });
       console.log(trades, new OrderBook().submit(batch).length);
      `,
      );
      const tsc = path.join(repository, 'node_modules/typescript/bin/tsc');
      const options = [
        '--noEmit',
        '--strict',
        '--target',
        'es2023',
        '--module',
        'nodenext',
        '--types',
        'node',
        '--typeRoots',
      ];
      const types = path.join(repository, 'node_modules/@types');
      const checked = await consumer.run(process.execPath, tsc, ...options, types, 'consumer.ts');
      expect(checked.stdout).toBe('');
    });
  },
  minutes,
);

describe(
  'way B: npm install from a registry',
  () => {
    const consumer = new Consumer();
    let registry: Awaited<ReturnType<RegistryModule['startRegistry']>>;
    beforeAll(async () => {
      const script = path.join(repository, 'scripts/local-registry.mjs');
      const { startRegistry } = (await import(/* @vite-ignore */ script)) as RegistryModule;
      const upstream = (await runCommand('npm', ['config', 'get', 'registry'])).stdout.trim();
      registry = await startRegistry(release, { upstream });
      const installed = await consumer.install('--registry', registry.url, 'toprung', '@toprung/cli');
      expect(installed.code, installed.stderr).toBe(0);
    }, 3 * minutes);
    afterAll(async () => {
      await registry?.close();
      consumer.remove();
    });

    test('exactly one native package is installed: this platform’s', () => {
      const installed = readdirSync(path.join(consumer.folder, 'node_modules/@toprung'));
      expect(installed.filter((name) => name.startsWith('native-'))).toHaveLength(1);
    });

    test('the lockfile has an integrity for each of them', () => {
      const lock = JSON.parse(readFileSync(path.join(consumer.folder, 'package-lock.json'), 'utf8'));
      const ours = Object.entries<{ integrity?: string }>(lock.packages).filter(([name]) => /toprung/.test(name));
      expect(ours.filter(([, { integrity }]) => integrity?.startsWith('sha512-')).length).toBeGreaterThanOrEqual(3);
    });

    test('library and command work', async () => {
      expect(JSON.parse((await consumer.script(runLibrary)).stdout)).toMatchObject({ digest });
      expect((await consumer.run('npx', '--no-install', 'toprung', 'doctor')).code).toBe(0);
    });
  },
  minutes,
);

describe(
  'way D: the native package is left out',
  () => {
    const consumer = new Consumer();
    beforeAll(async () => {
      const portable = tarballs.filter((file) => !path.basename(file).includes('native'));
      const installed = await consumer.install('--omit=optional', ...portable);
      expect(installed.code, installed.stderr).toBe(0);
    }, 3 * minutes);
    afterAll(() => consumer.remove());

    test('the library says which package is missing and what to do, under a code', async () => {
      const { stdout } = await consumer.script(`
      import { simulate } from 'toprung';
      await simulate({ horizon: { events: 1000 } }).catch(({ code, message }) => console.log(code, message));
    `);
      expect(stdout).toMatch(/^ERR_TOPRUNG_NATIVE_MISSING .*@toprung\/native-/);
      expect(stdout).toContain('--omit=optional');
    });

    test('the command says so too, its help works, and doctor finds it', async () => {
      const npx = (...args: string[]) => consumer.run('npx', '--no-install', 'toprung', ...args);
      expect((await npx('--help')).code).toBe(0);
      const simulated = await npx('simulate');
      expect(simulated.code).toBe(1);
      expect(simulated.stderr).toContain('ERR_TOPRUNG_NATIVE_MISSING (exit 1)');
      expect((await npx('doctor')).code).toBe(1);
    });
  },
  minutes,
);

describe('the tarballs', () => {
  test('hold what they should and nothing that was left lying about', async () => {
    for (const file of tarballs) {
      const { stdout } = await runCommand('tar', ['tzf', file]);
      const names = stdout.trim().split('\n');
      const addons = names.filter((name) => name.endsWith('.node'));
      expect(addons).toHaveLength(path.basename(file).includes('native') ? 1 : 0);
      expect(names.filter((name) => /(\.map|\.tsbuildinfo|\.test\.|\/src\/|\/test\/)/.test(name))).toEqual([]);
      expect(names).toContain('package/LICENSE');
    }
  });

  test('publint has nothing to say', async () => {
    for (const file of tarballs) {
      const bytes = readFileSync(file);
      const tarball = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
      const { messages, pkg } = await publint({ pack: { tarball }, level: 'warning' });
      expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
    }
  });
});

describe.skipIf(process.platform !== 'linux')('the Linux addon', () => {
  const folder = path.join(repository, 'packages/toprung/native');
  const addon = readdirSync(folder).find((name) => name.endsWith('.node')) ?? '';

  test('needs glibc 2.34 at most when it is built on Debian 12 or older', async ({ skip }) => {
    const header = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
    const [major, minor] = (header?.header?.glibcVersionRuntime ?? '9.9').split('.').map(Number);
    if (major !== 2 || minor! > 36) skip('built against a newer glibc: the release workflow builds on an older one');
    const { stdout, code } = await runCommand('objdump', ['-T', path.join(folder, addon)]);
    expect(code).toBe(0);
    const needed = [...stdout.matchAll(/GLIBC_2\.(\d+)/g)].map(([, version]) => Number(version));
    expect(Math.max(...needed)).toBeLessThanOrEqual(34);
  });
});
