/**
 * `journal`: looks at, verifies and recovers the journal of a book on disk. The format is in docs/journal.md.
 */
import { fromNative } from './errors.js';
import { native } from './native.js';
import { toPath } from './paths.js';

/** What a journal is of: the instrument, and the conventions of its book. */
export interface JournalConfig {
  book: {
    maxOrders: number;
    policy: { kind: string; [parameter: string]: unknown }[];
    replacePriority: 'keep-on-decrease' | 'lose-always';
  };
  /** A name that tells the journals of two instruments apart; may be empty. */
  instrument: string;
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
  /** Commands that the book has carried out. */
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
    return await call<JournalInspection>(dir, (path) => native().journalInspect(path));
  },

  /**
   * Replays a journal from its beginning and compares every digest and every snapshot in it. Changes nothing.
   *
   * @throws ToprungError `ERR_TOPRUNG_JOURNAL_…` where {@link journal.recover} would
   */
  async verify(dir: string | URL): Promise<JournalVerification> {
    return await call<JournalVerification>(dir, (path) => native().journalVerify(path));
  },

  /**
   * Recovers a journal: the newest good snapshot and the commands behind it; a torn tail is cut off the last segment.
   *
   * @throws ToprungError `ERR_TOPRUNG_JOURNAL_…` for any other damage, missing segments, another version, or a writer
   */
  async recover(dir: string | URL): Promise<JournalRecovery> {
    return await call<JournalRecovery>(dir, (path) => native().journalRecover(path));
  },
};

async function call<T>(dir: string | URL, work: (path: string) => Promise<string>): Promise<T> {
  const path = toPath('dir', dir);
  try {
    return JSON.parse(await work(path)) as T;
  } catch (error) {
    throw fromNative(error);
  }
}
