/** `toprung dashboard` and `simulate --live` as commands: what they print, refuse and end with. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { catalogue, runMarket } from 'toprung';
import { expect, test } from 'vitest';
import { toprung } from '../lib/command.js';

const served = { interruptWhen: /Ctrl-C ends it/ };
const over = { interruptWhen: /run 1 complete/ };
const patience = { timeout: 60_000 };

test('the address with its token is all that goes to stdout, and Ctrl-C ends it in order', patience, async () => {
  const { code, stdout, stderr } = await toprung(['dashboard', '--port', '0'], served);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Dashboard: http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}\n$/);
  expect(stderr).toContain('Ctrl-C ends it');
  expect(stderr).not.toContain('token');
});

test('a run is told when it is over, with the digest of the book', patience, async () => {
  const args = ['simulate', 'zi-baseline', '--live', '--events', '20k', '--speed', 'max', '--port', '0'];
  const { code, stderr } = await toprung(args, over);
  expect(code).toBe(0);
  expect(stderr).toMatch(/run 1 complete after 20,000 events, digest [0-9a-f]{32}/);
});

test('a market of agents and an arm of it are run, with the digests of runMarket()', patience, async () => {
  const args = ['simulate', 'latency-race:control', '--live', '--seed', '3', '--speed', 'max', '--port', '0'];
  const { code, stderr } = await toprung(args, over);
  expect(code).toBe(0);
  const { digest } = (await runMarket({ ...catalogue.arm('latency-race', 'control'), seed: 3 })).results[0]!;
  expect(stderr).toMatch(new RegExp(`run 1 complete after [\\d,]+ events, digest ${digest}`));
});

test('a run that was kept is run again from its folder', patience, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'toprung-kept-'));
  try {
    await toprung(['simulate', '--events', '10k', '--seed', '3', '--out', folder]);
    const { stderr } = await toprung(['dashboard', folder, '--speed', 'max', '--port', '0'], over);
    expect(stderr).toContain('run 1 complete after 10,000 events');
    expect(await toprung(['dashboard', tmpdir()])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('not a run'),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('other machines are let in only on purpose, and that is warned of', patience, async () => {
  const refused = await toprung(['dashboard', '--host', '0.0.0.0']);
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toContain('--allow-remote');
  const allowed = await toprung(['dashboard', '--host', '0.0.0.0', '--allow-remote', '--port', '0'], served);
  expect(allowed.code).toBe(0);
  expect(allowed.stderr).toContain('warning: other machines can reach 0.0.0.0');
});

test('what is wrong is told before anything starts', patience, async () => {
  for (const [args, text] of [
    [['dashboard', 'zi-basline'], 'did you mean zi-baseline?'],
    [['dashboard', '--port', '70000'], 'expected an integer from 0 to 65535'],
    [['dashboard', '--speed', 'fast'], 'expected max or a number'],
    [['simulate', '--speed', '5'], 'add --live'],
    [['dashboard', 'flsh-crash'], 'did you mean flash-crash?'],
    [['dashboard', 'flash-crash:nobody'], 'there are: treatment, control'],
    [['simulate', 'flash-crash'], 'simulate flash-crash --live'],
    [['simulate', 'flash-crash', '--live', '--books', '3'], '--books: a market of agents takes no setting but --seed'],
  ] as const) {
    const { code, stdout, stderr } = await toprung(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(text);
  }
  const env = { TOPRUNG_DASHBOARD_TOKEN: 'short' };
  expect((await toprung(['dashboard'], { env })).stderr).toContain('expected 32 to 128 letters');
});

test('a port that is taken is an error with a code when it was asked for', patience, async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = other.address() as { port: number };
    const { code, stderr } = await toprung(['dashboard', '--port', String(port)]);
    expect(code).toBe(3);
    expect(stderr).toContain('ERR_TOPRUNG_LISTEN');
  } finally {
    other.close();
  }
});
