/** "Did you mean …": the nearest known word by edit distance. */

/**
 * Edit distance between two words: insertions, deletions, substitutions and swaps of neighbours each cost one
 * (optimal string alignment).
 */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + substitution);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2]! + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}

/**
 * The known word that a mistyped one most likely means, or `undefined` when none is near.
 *
 * Near is at most a third of the longer word, and at least one edit for short words; a known word that starts with the
 * typed one (three letters or more) counts as one edit away.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: { word: string; distance: number; contains: boolean } | undefined;
  const typed = word.toLowerCase();
  for (const candidate of known) {
    const begins = typed.length >= 3 && candidate.startsWith(typed);
    const distance = begins ? 1 : editDistance(typed, candidate.toLowerCase());
    const limit = Math.max(1, Math.floor(Math.max(typed.length, candidate.length) / 3));
    if (distance > limit) continue;
    // At equal distance a letter was more likely left out than mistaken: `--sed` means `--seed`, not `--set`.
    const contains = isSubsequence(typed, candidate.toLowerCase());
    const nearer = best === undefined || distance < best.distance;
    if (nearer || (distance === best?.distance && contains && !best.contains))
      best = { word: candidate, distance, contains };
  }
  return best?.word;
}

function isSubsequence(letters: string, word: string): boolean {
  let at = 0;
  for (const letter of word) if (letter === letters[at]) at += 1;
  return at === letters.length;
}
