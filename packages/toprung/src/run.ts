/**
 * What every long run has in common: it leaves the event loop free, reports progress, and stops on an `AbortSignal`.
 */
import { AbortError, fromNative } from './errors.js';
import { type CancelFlag, native } from './native.js';

/** How a long run is watched and stopped. */
export interface RunOptions<P> {
  /**
   * Told how far the run is, at most ten times a second, and once at the end. What it throws stops the run and rejects
   * its promise.
   */
  onProgress?: ((progress: P) => void) | undefined;
  /**
   * Stops the run within 100 ms. The promise then rejects with an {@link AbortError}: its `cause` is the signal's
   * reason, its `partial` what was done until then.
   */
  signal?: AbortSignal | undefined;
}

/** One kind of run. */
interface Run<T, P> {
  /** For messages: "the simulation". */
  name: string;
  /** Starts it on the thread pool. */
  start(cancel: CancelFlag, onProgress: (a: number, b: number, c: number, d: number) => void): Promise<T>;
  /** What the four numbers of progress mean. */
  progress(a: number, b: number, c: number, d: number): P;
  /** Progress at the end. */
  finalProgress(result: T): P;
  /** Whether the run was stopped and `result` is partial. */
  isPartial(result: T): boolean;
}

/** Runs under way. When node exits it waits for every thread of the pool, so they are stopped then. */
const underWay = new Set<CancelFlag>();

function stopAll(): void {
  for (const cancel of underWay) cancel.cancel();
}

/**
 * Carries a run out.
 *
 * @internal
 */
export async function carryOut<T, P extends { fraction: number }>(
  run: Run<T, P>,
  { onProgress, signal }: RunOptions<P>,
): Promise<T> {
  const stopped = (partial?: T) => new AbortError<T>(`${run.name} was aborted`, signal?.reason, partial);
  if (signal?.aborted === true) throw stopped();
  const { CancelFlag } = native();
  const cancel = new CancelFlag();
  if (underWay.size === 0) process.on('exit', stopAll);
  underWay.add(cancel);
  let listening = true;
  return await new Promise<T>((resolve, reject) => {
    const settle = (end: () => void): void => {
      listening = false;
      underWay.delete(cancel);
      if (underWay.size === 0) process.off('exit', stopAll);
      signal?.removeEventListener('abort', onAbort);
      end();
    };
    const onAbort = (): void => {
      cancel.cancel();
      // A run that still waits for a thread has nothing to give, and may wait for long.
      if (!cancel.started()) settle(() => reject(stopped()));
    };
    const tell = (progress: P, isLast: boolean): void => {
      // The end is told once, when the result is there.
      if (!listening || signal?.aborted === true || (progress.fraction >= 1 && !isLast)) return;
      try {
        onProgress?.(progress);
      } catch (error) {
        cancel.cancel();
        settle(() => reject(error));
      }
    };
    const onResult = (result: T): void => {
      if (run.isPartial(result) || signal?.aborted === true) {
        settle(() => reject(stopped(result)));
      } else {
        tell(run.finalProgress(result), true);
        settle(() => resolve(result));
      }
    };
    const onError = (thrown: unknown): void => {
      const error = fromNative(thrown);
      settle(() => reject(error.code === 'ERR_TOPRUNG_DATA_CANCELLED' ? stopped() : error));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    run.start(cancel, (a, b, c, d) => tell(run.progress(a, b, c, d), false)).then(onResult, onError);
  });
}
