/** journal: what is found in a journal on disk, and what damage is called. */
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { CommandBatch, type JournalProgress, journal, OrderBook, Venue, VenueBatch } from '../src/index.js';

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
      semantics: 2,
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

  it('tells how far it is, and stops on a signal before anything is cut', async () => {
    const seen: JournalProgress[] = [];
    await journal.verify(kept, { onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toEqual({ bytes: seen.at(-1)!.totalBytes, totalBytes: expect.any(Number), fraction: 1 });
    const dir = copy('stopped');
    truncateSync(path.join(dir, newer), readFileSync(path.join(dir, newer)).length - 100);
    const reason = new Error('enough');
    const stopped = { name: 'AbortError', cause: reason };
    await expect(journal.recover(dir, { signal: AbortSignal.abort(reason) })).rejects.toMatchObject(stopped);
    const throwing = {
      onProgress: () => {
        throw reason;
      },
    };
    await expect(journal.verify(dir, throwing)).rejects.toBe(reason);
    expect((await journal.inspect(dir)).torn).not.toBeNull();
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

describe('a journal that is written', () => {
  it('of a book comes back, goes on, and ends where a book without one does', async () => {
    const dir = path.join(folder, 'book');
    const config = { policy: { kind: 'preset', name: 'cme.K' } } as const;
    const plain = new OrderBook(config);
    const book = new OrderBook(config, { dir, instrument: 'ZN', durability: 'every-batch' });
    const batch = new CommandBatch();
    for (let id = 1; id <= 200; id++) batch.limit(id, id % 3 === 0 ? 'sell' : 'buy', 100 + (id % 7), 1 + (id % 9));
    for (const one of [plain, book]) one.submit(batch);
    expect(book.journal.commands).toBe(200);
    expect(book.journal.durable).toBe(200);
    expect(path.basename(book.journal.snapshot())).toBe(`snapshot-${'0'.repeat(17)}200.snap`);
    for (const one of [plain, book]) one.cancel(1);
    book.journal.close();
    expect(book.digest).toBe(plain.digest);
    expect(() => book.cancel(2)).toThrow(expect.objectContaining({ code: 'ERR_TOPRUNG_JOURNAL_CLOSED' }));

    expect(await journal.inspect(dir)).toMatchObject({ commands: 201, config: { instrument: 'ZN' } });
    expect(await journal.verify(dir)).toMatchObject({ sound: true, digest: plain.digest });
    const again = new OrderBook(config, { dir, instrument: 'ZN', mode: 'resume' });
    expect(again.queue('buy')).toEqual(plain.queue('buy'));
    for (const one of [plain, again]) one.market(1000, 'sell', 40);
    expect(again.digest).toBe(plain.digest);
    again.journal.flush();
    expect(again.journal.durable).toBe(202);
    again.journal.close();
  });

  it('of a venue has every kind of order', async () => {
    const dir = path.join(folder, 'venue');
    const plain = new Venue({ countFills: true });
    const venue = new Venue({ countFills: true }, { dir });
    const batch = new VenueBatch();
    batch.enter({ type: 'stop', id: 1, side: 'buy', qty: 5, stopPrice: 101 });
    batch.enter({ type: 'limit', id: 2, side: 'sell', qty: 10, price: 101 });
    batch.enter({ type: 'limit', id: 3, side: 'sell', qty: 30, price: 102, display: { qty: 10 } });
    for (const one of [plain, venue]) one.submit(batch);
    venue.journal.snapshot();
    for (const one of [plain, venue]) one.enter({ type: 'market', id: 4, side: 'buy', qty: 1 });
    venue.journal.close();
    expect((await journal.inspect(dir)).config.venue).toMatchObject({ countFills: true, phase: 'continuous' });
    expect(await journal.verify(dir)).toMatchObject({ sound: true, digest: plain.digest, snapshotsChecked: 1 });
    expect(await journal.recover(dir)).toMatchObject({ commands: 4, digest: plain.digest });
    const again = new Venue({ countFills: true }, { dir, mode: 'resume' });
    expect([again.queue('sell'), again.held(), again.digest]).toEqual([
      plain.queue('sell'),
      plain.held(),
      plain.digest,
    ]);
    again.journal.close();
  });

  it('refuses what it cannot be', () => {
    const refused = (make: () => unknown, code: string) =>
      expect(make).toThrow(expect.objectContaining({ name: 'ToprungError', code }));
    const dir = path.join(folder, 'refused');
    refused(() => new OrderBook({}, { dir: '' }), 'ERR_TOPRUNG_ARGUMENT');
    refused(() => new OrderBook({}, { dir, segmentBytes: 0 }), 'ERR_TOPRUNG_CONFIG');
    refused(() => new OrderBook({}, { dir, mode: 'resume' }), 'ERR_TOPRUNG_JOURNAL_NOT_FOUND');
    const book = new OrderBook({}, { dir });
    refused(() => new OrderBook({}, { dir, mode: 'resume' }), 'ERR_TOPRUNG_JOURNAL_IN_USE');
    book.journal.close();
    refused(() => new OrderBook({}, { dir }), 'ERR_TOPRUNG_JOURNAL_EXISTS');
    refused(
      () => new OrderBook({ policy: { kind: 'pro-rata' } }, { dir, mode: 'resume' }),
      'ERR_TOPRUNG_JOURNAL_CONFIG',
    );
    refused(() => new Venue({}, { dir, mode: 'resume' }), 'ERR_TOPRUNG_JOURNAL_CONFIG');
    refused(() => new OrderBook().journal.flush(), 'ERR_TOPRUNG_JOURNAL_OPTION');
  });
});
