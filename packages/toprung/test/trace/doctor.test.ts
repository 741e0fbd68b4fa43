/** What the doctor says of machines that are made up, and of this one. */
import { chmodSync, writeFileSync } from 'node:fs';
import { platform } from 'node:os';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { trace } from '../../src/index.js';
import { doctor } from '../../src/trace/doctor.js';
import { readElf, triggerFor } from '../../src/trace/elf.js';
import { hookInfo } from '../../src/trace/hook.js';
import { isAtLeast } from '../../src/trace/tools.js';
import { binaries, environment, folder, machine } from './lib.js';

// The tools are processes, and a busy machine takes its time to start one.
vi.setConfig({ testTimeout: 30_000 });
const where = folder('doctor');
const bin = binaries(where);

const cpuinfo = (vendor: string, flags = '') =>
  `processor\t: 0\nvendor_id\t: ${vendor}\nmodel name\t: A processor\nflags\t\t: fpu intel_pt${flags}\n`;
const status = (uid: number, capabilities = '0000000000000000') =>
  `Name:\tnode\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\nCapEff:\t${capabilities}\n`;
const pt = { 'sys/bus/event_source/devices/intel_pt/caps/psb_cyc': '1\n' };
const intel = {
  'proc/cpuinfo': cpuinfo('GenuineIntel'),
  'proc/self/status': status(1000),
  'proc/sys/kernel/perf_event_paranoid': '2\n',
  'sys/bus/event_source/devices/breakpoint/type': '5\n',
};

/** The doctor of a machine with these files and tools. */
async function of(name: string, files: Record<string, string>, env = environment(bin)) {
  const found = await doctor({ root: machine(where, name, files), env });
  return { ...found, check: (id: string) => found.checks.find((c) => c.id === id)! };
}

describe.concurrent('a machine that is made up', () => {
  it('with Intel PT, perf and magic-trace is traced by magic-trace', async () => {
    const found = await of('metal', { ...intel, ...pt });
    expect(found).toMatchObject({ mode: 'intel-pt', attach: 'intel-pt' });
    expect(found.why).toContain('every call is recorded');
    expect(found.check('magic-trace')).toMatchObject({ ok: true, value: expect.stringContaining('1.2.4') });
    expect(found.check('intel-pt').value).toContain('psb_cyc 1');
  });

  it('in a virtual machine records itself, and says what hides Intel PT', async () => {
    const found = await of('vm', { ...intel, 'proc/cpuinfo': cpuinfo('GenuineIntel', ' hypervisor') });
    expect(found).toMatchObject({ mode: 'flight-recorder', attach: 'sampling' });
    expect(found.why).toMatch(/^no Intel PT \(Intel processor, virtual machine\)/);
    expect(found.check('intel-pt').fix).toContain('virtual machines hide it');
    const amd = await of('amd', { ...intel, 'proc/cpuinfo': cpuinfo('AuthenticAMD') });
    expect(amd.check('intel-pt').fix).toBe('only Intel processors have it');
  });

  it('without tools says where they come from, and still records itself', async () => {
    const found = await of('bare', { ...intel, ...pt }, environment(binaries(where, [])));
    expect(found).toMatchObject({ mode: 'flight-recorder', attach: null });
    expect(found.check('perf').fix).toContain('apt install');
    expect(found.check('magic-trace').fix).toContain('releases');
    expect(found.why).toContain('perf is not as it must be');
  });

  it('with a perf that prints advice for a version, or one that magic-trace cannot read', async () => {
    const wrapper = await of('wrapper', { ...intel, ...pt }, environment(bin, { FAKE_PERF: 'wrapper' }));
    expect(wrapper.check('perf')).toMatchObject({ ok: false, value: expect.stringContaining('WARNING') });
    const tooNew = await of('new', { ...intel, ...pt }, environment(bin, { FAKE_PERF_VERSION: '6.16.2' }));
    expect(tooNew.check('magic-trace')).toMatchObject({
      ok: false,
      fix: expect.stringContaining('MAGIC_TRACE_PERF_PATH'),
    });
    expect(tooNew).toMatchObject({ mode: 'flight-recorder', attach: 'sampling' });
    const fixed = await of(
      'fixed',
      { ...intel, ...pt },
      environment(bin, { FAKE_PERF_VERSION: '6.16.2', FAKE_MAGIC_VERSION: '1.2.5' }),
    );
    expect(fixed.mode).toBe('intel-pt');
    const old = await of('old', { ...intel, ...pt }, environment(bin, { FAKE_PERF_VERSION: '5.4.0' }));
    expect(old.check('perf')).toMatchObject({ ok: true, fix: expect.stringContaining('5.10') });
  });

  it('whose kernel forbids it, unless this user may', async () => {
    const locked = { ...intel, ...pt, 'proc/sys/kernel/perf_event_paranoid': '4\n' };
    const refused = environment(bin, { FAKE_PERF: 'denied' });
    const found = await of('locked', locked, refused);
    expect(found).toMatchObject({ mode: 'flight-recorder', attach: null });
    expect(found.check('paranoid').fix).toContain('sysctl');
    expect(found.check('perf-live')).toMatchObject({ ok: false, fix: expect.stringContaining('seccomp') });
    const capable = await of('capable', { ...locked, 'proc/self/status': status(1000, '0000004000000000') });
    expect(capable.check('paranoid').ok).toBe(true);
    expect(capable.check('privileges').value).toContain('CAP_PERFMON');
    const root = await of('root', { ...locked, 'proc/self/status': status(0) });
    expect(root).toMatchObject({ mode: 'intel-pt' });
  });
});

describe('this machine', () => {
  it('is explained: every check has a value, and what is not well says why', async () => {
    const found = await trace.doctor();
    expect(found.why.length).toBeGreaterThan(20);
    expect(found.why).not.toContain('\n');
    for (const { id, value } of found.checks) expect(value, id).not.toBe('');
    expect(found.checks.find((c) => c.id === 'addon')?.ok).toBe(true);
    expect(found.checks.find((c) => c.id === 'hook')?.ok).toBe(true);
    if (found.mode !== 'intel-pt') expect(found.checks.some((c) => !c.ok)).toBe(true);
  });
});

describe.skipIf(platform() !== 'linux')('executables', () => {
  it('node is an ELF file, a text is none, and a file that is cut is none', () => {
    expect(readElf(process.execPath)).toMatchObject({ kind: expect.stringMatching(/exec|dyn/) });
    const text = path.join(where, 'text');
    writeFileSync(text, 'hello');
    expect(readElf(text)).toBeUndefined();
    writeFileSync(text, Buffer.from('7f454c4602010100', 'hex'));
    expect(readElf(text)).toBeUndefined();
    expect(readElf(path.join(where, 'nowhere'))).toBeUndefined();
    chmodSync(text, 0o000);
  });

  it('the trigger of this process is its address, less what the executable was moved by', () => {
    const info = hookInfo();
    expect(info?.address).toMatch(/^0x[0-9a-f]+$/);
    const address = BigInt(info!.address);
    const trigger = triggerFor('/proc/self', address);
    expect(trigger).toMatch(/^addr:0x[0-9a-f]+$/);
    if (readElf(process.execPath)?.kind === 'exec') expect(trigger).toBe(`addr:${info!.address}`);
    else expect(BigInt(trigger!.slice(5))).toBeLessThan(address);
    expect(triggerFor('/proc/nobody', 1n)).toBeUndefined();
  });
});

it('versions are compared part by part', () => {
  expect(isAtLeast([6, 1, 187], [5, 10])).toBe(true);
  expect(isAtLeast([5, 4], [5, 10])).toBe(false);
  expect(isAtLeast([6, 15], [6, 15])).toBe(true);
  expect(isAtLeast(undefined, [1])).toBe(false);
});
