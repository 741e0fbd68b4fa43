/** journal: what is found in a journal on disk, and what damage is called. */
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { journal } from '../src/index.js';

const kept = fileURLToPath(new URL('../../../tests/fixtures/journal', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'toprung-journal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [older, newer] = [`journal-${'0'.repeat(20)}.seg`, `journal-${'0'.repeat(18)}30.seg`];
const snapshot = `snapshot-${'0'.repeat(18)}30.snap`;

/** A copy of the kept journal. */
function copy(name: string): string {
  const dir = path.join(folder, name);
  cpSync(kept, dir, { recursive: true });
  return dir;
}

describe('journal', () => {
  it('shows segments, snapshots and the configuration', async () => {
    const found = await journal.inspect(pathToFileURL(kept));
    expect(found).toMatchObject({
      format: 1,
      semantics: 1,
      config: { instrument: 'flow 1', book: { policy: [{ kind: 'pro-rata', minLot: 1 }, { kind: 'fifo' }] } },
      first: 0,
      commands: 40,
      torn: null,
    });
    expect(found.segments.map((s) => [path.basename(s.file), s.first, s.commands, s.damage])).toEqual([
      [older, 0, 30, null],
      [newer, 30, 10, null],
    ]);
    expect(found.snapshots).toMatchObject([{ commands: 30, damage: null }]);
  });

  it('gives one digest from verify and recover, with and without the snapshot', async () => {
    const verified = await journal.verify(kept);
    expect(verified).toMatchObject({ sound: true, commands: 40, problems: [], snapshotsChecked: 1, torn: null });
    const dir = copy('recover');
    const recovered = await journal.recover(dir);
    expect(recovered).toMatchObject({ commands: 40, digest: verified.digest, segments: 1, cut: null });
    expect(path.basename(recovered.snapshotUsed ?? '')).toBe(snapshot);
    unlinkSync(path.join(dir, snapshot));
    const again = await journal.recover(dir);
    expect(again).toMatchObject({ commands: 40, digest: verified.digest, segments: 2, snapshotUsed: null });
  });

  it('cuts a torn tail off once and says so', async () => {
    const dir = copy('torn');
    truncateSync(path.join(dir, newer), readFileSync(path.join(dir, newer)).length - 100);
    expect((await journal.inspect(dir)).torn).toMatchObject({ file: path.join(dir, newer) });
    const { cut, commands } = await journal.recover(dir);
    expect(commands).toBe(30);
    expect(cut).toMatchObject({ file: path.join(dir, newer) });
    expect(readFileSync(path.join(dir, newer)).length).toBe(cut!.offset);
    expect((await journal.recover(dir)).cut).toBeNull();
  });

  it('refuses with a code and a place', async () => {
    const dir = copy('middle');
    const bytes = readFileSync(path.join(dir, older));
    bytes[400]! ^= 1;
    writeFileSync(path.join(dir, older), bytes);
    await expect(journal.verify(dir)).rejects.toMatchObject({ code: 'ERR_TOPRUNG_JOURNAL_CORRUPT' });
    unlinkSync(path.join(dir, newer));
    await expect(journal.recover(dir)).rejects.toMatchObject({ code: 'ERR_TOPRUNG_JOURNAL_MISSING' });
    await expect(journal.inspect(folder)).rejects.toMatchObject({
      name: 'ToprungError',
      code: 'ERR_TOPRUNG_JOURNAL_NOT_FOUND',
    });
    await expect(journal.inspect('')).rejects.toMatchObject({ code: 'ERR_TOPRUNG_ARGUMENT', path: 'dir' });
  });
});
