/** The command as people meet it: streams, exit codes, errors, help, interruption. */
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { toprung } from '../lib/command.js';
import { fixture } from '../lib/shared-data.js';

const folder = mkdtempSync(path.join(tmpdir(), 'toprung-command-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const short = ['--events', '20000', '--warmup-events', '1000'];

describe('help and version', () => {
  test('the version is one line', async () => {
    const { code, stdout, stderr } = await toprung(['--version']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test.each([
    [[]],
    [['simulate']],
    [['dashboard']],
    [['replay']],
    [['report']],
    [['export']],
    [['query']],
    [['profile']],
    [['trace']],
    [['validate']],
    [['calibrate']],
    [['journal']],
    [['scenarios']],
    [['verify']],
    [['orders']],
    [['policies']],
    [['doctor']],
  ])('%j --help shows usage and examples', async (command) => {
    const { code, stdout, stderr } = await toprung([...command, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Usage: toprung');
    expect(stdout).toContain('Examples:');
  });

  test('help does without the native addon', { timeout: 30_000 }, async () => {
    const env = { NAPI_RS_NATIVE_LIBRARY_PATH: '/nowhere/toprung.node' };
    for (const command of [
      ['--help'],
      ['simulate', '--help'],
      ['dashboard', '--help'],
      ['replay', '--help'],
      ['profile', '--help'],
      ['trace', '--help'],
      ['report', '--help'],
      ['export', '--help'],
      ['query', '--help'],
      ['journal', '--help'],
      ['scenarios', '--help'],
      ['verify', '--help'],
      ['policies', '--help'],
      ['orders', '--help'],
      ['doctor', '--help'],
    ]) {
      expect(await toprung(command, { env })).toMatchObject({ code: 0, stderr: '' });
    }
  });

  test('`help COMMAND` is `COMMAND --help`', async () => {
    expect((await toprung(['help', 'replay'])).stdout).toBe((await toprung(['replay', '--help'])).stdout);
  });

  test('no command at all is a usage error that shows the help', async () => {
    const { code, stdout, stderr } = await toprung([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: toprung');
  });
});

describe('simulate', () => {
  test('the summary goes to stdout, and the run can be repeated from it', async () => {
    const { code, stdout } = await toprung(['simulate', ...short, '--seed', '7']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/zi-baseline, seed 7: 20,000 events in 1 book/);
    expect(stdout).toMatch(/digest +[0-9a-f]{32}/);
    const again = /again +toprung (.+)/.exec(stdout)?.[1]?.trim().split(' ') ?? [];
    const repeated = await toprung([...again, '--json']);
    expect(stdout).toContain(JSON.parse(repeated.stdout).digest);
  });

  test('--json is one document on stdout and nothing on stderr', async () => {
    const { code, stdout, stderr } = await toprung(['simulate', ...short, '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'toprung.simulation/1',
      partial: false,
      scenario: 'zi-baseline',
      events: 21_000,
      latencyByKind: { limit: { clockOverheadNs: expect.any(Number) }, market: {}, cancel: {} },
    });
  });

  test('no colour into a pipe, colour under FORCE_COLOR, none under NO_COLOR', async () => {
    const colored = (text: string): boolean => text.includes('\u001b[');
    const run = async (env: Record<string, string>) => colored((await toprung(['simulate', ...short], { env })).stdout);
    expect(await run({})).toBe(false);
    expect(await run({ FORCE_COLOR: '1' })).toBe(true);
    expect(await run({ FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false);
  });

  test('--verify runs again on another number of threads and finds the same digest', async () => {
    const { code, stderr } = await toprung(['simulate', ...short, '--books', '3', '--verify']);
    expect(code).toBe(0);
    expect(stderr).toContain('verified: a second run on 1 thread gave the same digest');
  });

  test('--out keeps configuration and result', async () => {
    const out = path.join(folder, 'run');
    expect(await toprung(['simulate', ...short, '--out', out, '--quiet'])).toMatchObject({ code: 0, stderr: '' });
    const result = JSON.parse(readFileSync(path.join(out, 'result.json'), 'utf8'));
    const repeated = await toprung(['simulate', '--config', path.join(out, 'config.json'), '--json']);
    expect(JSON.parse(repeated.stdout).digest).toBe(result.digest);
  });

  test('the first Ctrl-C gives a partial summary and exit code 130', async () => {
    const { code, stdout, stderr } = await toprung(['simulate', '--events', '1e11'], {
      // Long enough for the run to begin on a busy machine; the run itself would take a day.
      interruptAfterMs: 1500,
    });
    expect(code).toBe(130);
    expect(stderr).toContain('the summary will be partial');
    expect(stdout).toMatch(/partial \(interrupted\)/);
    expect(stdout).toMatch(/speed +[\d.]+ M events\/s/);
    expect(stdout).toContain('not to be compared');
  });
});

describe('replay', () => {
  test('a day that agrees says so', async () => {
    const { code, stdout } = await toprung(['replay', fixture('replay/small.replay.csv'), '--verify']);
    expect(code).toBe(0);
    expect(stdout).toContain(
      "agrees: all 1 aggressive orders got exactly the exchange's fills, all 2 checkpoints are equal",
    );
  });

  test('a day that differs names lines and exits with 4', async () => {
    const file = fixture('replay/differs.replay.csv');
    const { code, stdout } = await toprung(['replay', file, '--verify']);
    expect(code).toBe(4);
    expect(stdout).toContain(`${file}:5  fills`);
    expect(stdout).toContain('expected 3:102:5;2:102:7');
    expect(stdout).toContain(`${file}:6  checkpoint`);
    expect((await toprung(['replay', file])).code).toBe(0);
    expect(JSON.parse((await toprung(['replay', file, '--verify', '--json'])).stdout)).toMatchObject({ agrees: false });
  });
});

describe('journal', () => {
  /** A copy of the fixture, with one byte of a file flipped. */
  const damaged = (name: string, file: string, at: number): string => {
    const dir = path.join(folder, name);
    cpSync(fixture('journal'), dir, { recursive: true });
    const bytes = readFileSync(path.join(dir, file));
    bytes[at < 0 ? bytes.length + at : at]! ^= 1;
    writeFileSync(path.join(dir, file), bytes);
    return dir;
  };
  const [older, newer] = [`journal-${'0'.repeat(20)}.seg`, `journal-${'0'.repeat(18)}30.seg`];
  const snapshot = `snapshot-${'0'.repeat(18)}30.snap`;

  test('a sound one is shown, verified and recovered', async () => {
    const inspected = await toprung(['journal', 'inspect', fixture('journal')]);
    expect(inspected).toMatchObject({ code: 0, stderr: '' });
    expect(inspected.stdout).toContain('40 commands');
    const verified = await toprung(['journal', 'verify', fixture('journal'), '--json']);
    expect(verified.code).toBe(0);
    expect(JSON.parse(verified.stdout)).toMatchObject({
      schema: 'toprung.journal.verify/1',
      sound: true,
      commands: 40,
      snapshotsChecked: 1,
    });
    const dir = path.join(folder, 'sound');
    cpSync(fixture('journal'), dir, { recursive: true });
    const recovered = await toprung(['journal', 'recover', dir]);
    expect(recovered.code).toBe(0);
    expect(recovered.stdout).toContain(JSON.parse(verified.stdout).digest);
    expect(recovered.stdout).toContain('whole: nothing was cut off');
  });

  test('a torn tail is cut off and told', async () => {
    const dir = damaged('torn', newer, -1);
    expect((await toprung(['journal', 'verify', dir])).stdout).toContain('torn tail');
    const { code, stdout } = await toprung(['journal', 'recover', dir]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/cut off: 40 bytes at byte \d+ of .*30\.seg/);
    expect((await toprung(['journal', 'recover', dir])).stdout).toContain('whole: nothing was cut off');
  });

  test('a damaged snapshot makes verify exit with 4, and recover go back to the one before', async () => {
    const dir = damaged('snapshot', snapshot, 70);
    const { code, stdout } = await toprung(['journal', 'verify', dir]);
    expect(code).toBe(4);
    expect(stdout).toContain(snapshot);
    expect((await toprung(['journal', 'recover', dir])).code).toBe(0);
  });

  test('a corrupt middle is refused with exit code 3 and says where', async () => {
    const dir = damaged('middle', older, 400);
    const { code, stderr } = await toprung(['journal', 'verify', dir]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/journal-0+\.seg: damaged at byte \d+ \(frame \d+\): expected .*CRC/);
    expect(stderr).toContain('ERR_TOPRUNG_JOURNAL_CORRUPT');
  });

  test('what is missing on the command line is asked for', async () => {
    expect((await toprung(['journal', 'inspect'])).code).toBe(2);
    expect((await toprung(['journal', 'look', folder])).code).toBe(2);
    const { code, stderr } = await toprung(['journal', 'inspect', folder]);
    expect(code).toBe(3);
    expect(stderr).toContain('ERR_TOPRUNG_JOURNAL_NOT_FOUND');
  });
});

describe('scenarios and doctor', () => {
  test('every scenario that is listed can be shown', async () => {
    const { stdout } = await toprung(['scenarios', 'list', '--json']);
    const { scenarios } = JSON.parse(stdout) as { scenarios: { name: string; title: string }[] };
    expect(scenarios.length).toBeGreaterThan(0);
    const [first] = scenarios;
    expect((await toprung(['scenarios', 'show', first!.name])).stdout).toContain(first!.title);
  });

  test('doctor finds nothing that fails here', async () => {
    const { code, stdout } = await toprung(['doctor', '--json']);
    expect({ code, ok: JSON.parse(stdout).ok }).toEqual({ code: 0, ok: true });
  });

  test('doctor says what is wrong when the addon is missing', async () => {
    const { code, stdout } = await toprung(['doctor'], {
      env: { NAPI_RS_NATIVE_LIBRARY_PATH: '/nowhere/toprung.node' },
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/fail +native core +could not be loaded/);
  });
});

describe('errors', () => {
  const cases: [args: string[], code: number, id: string, text: string | RegExp][] = [
    [['simluate'], 2, 'ERR_TOPRUNG_USAGE', 'did you mean simulate?'],
    [['simulate', '--sed', '7'], 2, 'ERR_TOPRUNG_USAGE', 'did you mean --seed?'],
    [['simulate', 'zi-baselin'], 2, 'ERR_TOPRUNG_USAGE', 'did you mean zi-baseline?'],
    [['simulate', '--seed', 'x'], 2, 'ERR_TOPRUNG_USAGE', 'expected a number'],
    [['simulate', '--seed', '-1'], 3, 'ERR_TOPRUNG_CONFIG', /seed: expected at least 0, got -1/],
    [['simulate', '--books', '1.5'], 3, 'ERR_TOPRUNG_CONFIG', /books: expected an integer/],
    [['simulate', '--config', '/nowhere.json'], 3, 'ERR_TOPRUNG_CONFIG_FILE', 'there is no such file'],
    [['replay', '/nowhere.csv'], 3, 'ERR_TOPRUNG_DATA_NOT_FOUND', '/nowhere.csv'],
    [['replay'], 2, 'ERR_TOPRUNG_USAGE', /file|argument/i],
    [['simulate', '--out', '/dev/null/x', ...short], 3, 'ERR_TOPRUNG_OUTPUT', '/dev/null/x'],
  ];
  test.each(cases)('%j', async (args, code, id, text) => {
    const plain = await toprung(args);
    expect(plain).toMatchObject({ code, stdout: '' });
    expect(plain.stderr).toMatch(text);
    expect(plain.stderr).toContain(`${id} (exit ${code})`);
    expect(plain.stderr).not.toMatch(/^ +at /m);
    const json = await toprung([...args, '--json']);
    expect(json.code).toBe(code);
    expect(JSON.parse(json.stdout)).toMatchObject({ schema: 'toprung.error/1', error: { code: id, exitCode: code } });
  });

  test('a file that is cut off is an error that names the place', async () => {
    const whole = readFileSync(fixture('replay/small.replay.csv'), 'utf8');
    const file = path.join(folder, 'cut.replay.csv');
    writeFileSync(file, whole.slice(0, whole.indexOf('X,B,102') + 6));
    const { code, stderr } = await toprung(['replay', file, '--verify']);
    expect(code).toBe(3);
    expect(stderr).toContain('cut.replay.csv');
    expect(stderr).toMatch(/ERR_TOPRUNG_DATA_/);
  });

  test('a file that may not be read is an error of its own', async () => {
    if (process.getuid?.() === 0) return; // Root may read everything.
    const file = path.join(folder, 'secret.replay.csv');
    writeFileSync(file, '');
    chmodSync(file, 0);
    expect((await toprung(['replay', file])).stderr).toContain('ERR_TOPRUNG_DATA_UNREADABLE');
  });

  test('--verbose adds the stack', async () => {
    expect((await toprung(['simulate', '--seed', '-1', '--verbose'])).stderr).toMatch(/^ +at /m);
  });
});
