/**
 * Journals on disk. `journal` looks at, verifies and recovers them; a {@link Journal} is what an `OrderBook` or a `Venue`
 * writes that was made with one. The format is in docs/journal.md.
 */
import { z } from 'zod';
import { parseConfig } from './config.js';
import { call as callNative } from './crossing.js';
import { fromNative } from './errors.js';
import { type NativeBook, type NativeVenue, native } from './native.js';
import { toPath } from './paths.js';
import { carryOut, type RunOptions } from './run.js';

/** The conventions of a book, as its journal has them. */
export interface JournaledBookConfig {
  maxOrders: number;
  policy: { kind: string; [parameter: string]: unknown }[];
  replacePriority: 'keep-on-decrease' | 'lose-always';
}

/** What a journal is of: the instrument, and the conventions of its book or of its venue. */
export type JournalConfig = {
  /** A name that tells the journals of two instruments apart; may be empty. */
  instrument: string;
} & (
  | { book: JournaledBookConfig; venue?: undefined }
  | { venue: { book: JournaledBookConfig; phase: string; [setting: string]: unknown }; book?: undefined }
);

/** How a journal is written. */
export interface JournalOptions {
  /** The folder. It is made if it is not there. */
  dir: string | URL;
  /** A name that tells the journals of two instruments apart. Default: empty. */
  instrument?: string;
  /**
   * `create` (default) begins a journal and refuses a folder that holds one; `resume` recovers the journal there, with
   * the state that it gives, and goes on with it.
   */
  mode?: 'create' | 'resume';
  /**
   * When a batch is durable: `group` (default) once another thread has synced it, within 10 ms or 65,536 commands;
   * `every-batch` when `submit` returns; `os-cache` when the operating system pleases.
   */
  durability?: 'group' | 'every-batch' | 'os-cache';
  /** Size in bytes from which a new segment is begun, 1 to 2^30. Default 64 MiB. */
  segmentBytes?: number;
  /** Commands after which the digest is written down, from 1. Default 65,536. */
  digestEvery?: number;
}

const journalOptionsSchema = z.strictObject({
  instrument: z.string().default(''),
  mode: z.enum(['create', 'resume']).default('create'),
  durability: z.enum(['group', 'every-batch', 'os-cache']).default('group'),
  segmentBytes: z
    .int()
    .min(1)
    .max(2 ** 30)
    .default(64 * 2 ** 20),
  digestEvery: z.int().min(1).default(65_536),
});

/**
 * Journal options as the native core takes them.
 *
 * @internal
 */
export function journalSettings(options: JournalOptions): string {
  const { dir, ...rest } = options;
  const { mode, ...complete } = parseConfig(journalOptionsSchema, rest);
  return JSON.stringify({ dir: toPath('journal.dir', dir), resume: mode === 'resume', ...complete });
}

/**
 * The journal that a book or a venue writes: every batch is in it before it is carried out.
 *
 * ```ts
 * const book = new OrderBook({}, { dir: '/var/lib/venue/ZN' });
 * book.limit(1, 'buy', 100, 5);
 * book.journal.flush();
 * book.journal.close();
 * const again = new OrderBook({}, { dir: '/var/lib/venue/ZN', mode: 'resume' });
 * ```
 *
 * @throws ToprungError Each method `ERR_TOPRUNG_JOURNAL_CLOSED` once closed, `ERR_TOPRUNG_JOURNAL_IO` when the operating
 *   system refuses, and from then on `ERR_TOPRUNG_JOURNAL_FAILED`; without a journal `ERR_TOPRUNG_JOURNAL_OPTION`.
 */
export class Journal {
  readonly #native: NativeBook | NativeVenue;

  /** @internal */
  constructor(of: NativeBook | NativeVenue) {
    this.#native = of;
  }

  /** Commands carried out, and in the journal. */
  get commands(): number {
    return this.#native.commands();
  }

  /** Commands that a machine going down now does not take: the first so many. */
  get durable(): number {
    return callNative(() => this.#native.durable());
  }

  /** Waits until everything carried out is durable: some milliseconds. */
  flush(): void {
    callNative(() => this.#native.flushJournal());
  }

  /** Writes the whole state beside the journal, so that recovery begins here; gives the file. */
  snapshot(): string {
    return callNative(() => this.#native.snapshotJournal());
  }

  /** Makes everything durable and frees the journal. The book or venue can still be read, and takes nothing more. */
  close(): void {
    callNative(() => this.#native.closeJournal());
  }
}

/** The end of a journal that a write did not finish. */
export interface TornTail {
  file: string;
  /** Where it begins: the length of what is whole, in bytes. */
  offset: number;
  bytes: number;
  /** How it is known. */
  reason: string;
}

/** One segment file. */
export interface JournalSegment {
  file: string;
  bytes: number;
  /** Number of its first command. */
  first: number;
  /** Commands in it, as far as it can be read. */
  commands: number;
  /** Frames, digests among them. */
  frames: number;
  /** Frames that hold a digest of the book. */
  digests: number;
  /** Why it cannot be read to its end, or does not follow the one before. */
  damage: string | null;
}

/** One snapshot file. */
export interface JournalSnapshot {
  file: string;
  bytes: number;
  /** Commands after which it was taken. */
  commands: number;
  /** Resting orders; 0 if it is damaged. */
  orders: number;
  digest: string | null;
  /** Why it cannot be used. */
  damage: string | null;
}

/** What lies in a journal. */
export interface JournalInspection {
  /** Version of the format. */
  format: number;
  /** Version of the engine's semantics. */
  semantics: number;
  config: JournalConfig;
  /** Number of the first command that is still there. */
  first: number;
  /** Number of the command that would follow. */
  commands: number;
  segments: JournalSegment[];
  snapshots: JournalSnapshot[];
  /** The torn tail that recovery would cut off. */
  torn: TornTail | null;
}

/** What a verification found. */
export interface JournalVerification {
  /** Whether there are no problems. A torn tail is none: it was never durable. */
  sound: boolean;
  /** Commands carried out. */
  commands: number;
  /** Digest of the book after them. */
  digest: string;
  segments: number;
  /** Digests in the journal that the replayed book agreed with. */
  digestsChecked: number;
  /** Snapshots that are exactly the replayed book. */
  snapshotsChecked: number;
  /** Snapshots that are damaged or of another book. Recovery may still work. */
  problems: string[];
  torn: TornTail | null;
  /** Wall-clock time, ns. */
  elapsedNs: number;
}

/** What came out of a journal. */
export interface JournalRecovery {
  config: JournalConfig;
  /** Commands that the book or the venue has carried out. */
  commands: number;
  digest: string;
  restingOrders: number;
  bestBid: { price: number; qty: number } | null;
  bestAsk: { price: number; qty: number } | null;
  /** The snapshot that replay began from; `null` if it began with the first command. */
  snapshotUsed: string | null;
  /** Newer snapshots that are damaged. */
  snapshotsRefused: { file: string; reason: string }[];
  /** Segments read. */
  segments: number;
  digestsChecked: number;
  /** The torn tail that was cut off. */
  cut: TornTail | null;
  /** Wall-clock time, ns. */
  elapsedNs: number;
}

/** How far a replay of a journal is. */
export interface JournalProgress {
  /** Bytes of the segments that have been read. */
  bytes: number;
  totalBytes: number;
  /** 0 to 1. */
  fraction: number;
}

/** How a replay of a journal is watched and stopped. */
export type JournalRunOptions = RunOptions<JournalProgress>;

/**
 * A journal on disk. Each runs off the event loop.
 *
 * ```ts
 * const { commands, digest, cut } = await journal.recover('/var/lib/venue/ZN');
 * ```
 */
export const journal = {
  /**
   * Says what lies in a journal, damage included. Changes nothing.
   *
   * @throws ToprungError `ERR_TOPRUNG_JOURNAL_NOT_FOUND`, and others of the kind if the oldest segment has no good header
   */
  async inspect(dir: string | URL): Promise<JournalInspection> {
    const path = toPath('dir', dir);
    try {
      return JSON.parse(await native().journalInspect(path)) as JournalInspection;
    } catch (error) {
      throw fromNative(error);
    }
  },

  /**
   * Replays a journal from its beginning and compares every digest and every snapshot in it. Changes nothing.
   *
   * @throws ToprungError `ERR_TOPRUNG_JOURNAL_…` where {@link journal.recover} would
   * @throws AbortError when `options.signal` stops it
   */
  async verify(dir: string | URL, options: JournalRunOptions = {}): Promise<JournalVerification> {
    return await watched<JournalVerification>('the verification', dir, options, (...args) =>
      native().journalVerify(...args),
    );
  },

  /**
   * Recovers a journal: the newest good snapshot and the commands behind it; a torn tail is cut off the last segment.
   *
   * @throws ToprungError `ERR_TOPRUNG_JOURNAL_…` for any other damage, missing segments, another version, or a writer
   * @throws AbortError when `options.signal` stops it, before anything is cut
   */
  async recover(dir: string | URL, options: JournalRunOptions = {}): Promise<JournalRecovery> {
    return await watched<JournalRecovery>('the recovery', dir, options, (...args) => native().journalRecover(...args));
  },
};

type Watched = ReturnType<typeof native>['journalVerify'];

async function watched<T>(name: string, dir: string | URL, options: JournalRunOptions, work: Watched): Promise<T> {
  const path = toPath('dir', dir);
  let bytes = 0;
  return await carryOut<T, JournalProgress>(
    {
      name,
      start: async (cancel, tell) => JSON.parse(await work(path, cancel, tell)) as T,
      progress(done, total) {
        bytes = total;
        return { bytes: done, totalBytes: total, fraction: total === 0 ? 0 : Math.min(done / total, 1) };
      },
      finalProgress: () => ({ bytes, totalBytes: bytes, fraction: 1 }),
      isPartial: () => false,
    },
    options,
  );
}
