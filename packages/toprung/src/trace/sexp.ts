/**
 * S-expressions, as magic-trace writes them into `hits.sexp`.
 */

/** An atom or a list. */
export type Sexp = string | readonly Sexp[];

/** Reads one expression; `undefined` if the text is none. */
export function parseSexp(text: string): Sexp | undefined {
  const tokens = text.match(/\(|\)|"(?:[^"\\]|\\.)*"|[^\s()"]+/g) ?? [];
  const stack: Sexp[][] = [[]];
  for (const token of tokens) {
    if (token === '(') stack.push([]);
    else if (token === ')') {
      const done = stack.pop();
      if (done === undefined || stack.length === 0) return undefined;
      stack.at(-1)!.push(done);
    } else {
      stack.at(-1)!.push(token.startsWith('"') ? token.slice(1, -1).replace(/\\(.)/g, '$1') : token);
    }
  }
  return stack.length === 1 && stack[0]!.length === 1 ? stack[0]![0] : undefined;
}

/** One time that the trigger was met. */
export interface TriggerHit {
  /** The symbol, or the address as it was asked for. */
  name: string;
  /** What the program passed, in decimal: up to 62 bits, more than a number holds. */
  argument: string | null;
  /** The number of the order, which toprung's own hook passes in the lower 56 bits. */
  command: number | null;
  /** The thread. */
  tid: number | null;
}

/** The hits of a file, oldest first; `undefined` if the text is no list of hits. */
export function parseHits(text: string): TriggerHit[] | undefined {
  const list = parseSexp(text);
  if (list === undefined || typeof list === 'string') return undefined;
  const hits: TriggerHit[] = [];
  for (const entry of list) {
    if (typeof entry === 'string' || typeof entry[0] !== 'string') return undefined;
    const number = (key: string): bigint | null => {
      const field =
        typeof entry[1] === 'string' ? undefined : entry[1]?.find((f) => typeof f !== 'string' && f[0] === key);
      const value = field?.[1];
      return typeof value === 'string' && /^-?\d+$/.test(value) ? BigInt(value) : null;
    };
    const [argument, tid] = [number('passed_val'), number('tid')];
    hits.push({
      name: entry[0],
      argument: argument === null ? null : String(argument),
      command: argument === null ? null : Number(BigInt.asUintN(56, argument)),
      tid: tid === null ? null : Number(tid),
    });
  }
  // magic-trace puts the newest first.
  return hits.reverse();
}
