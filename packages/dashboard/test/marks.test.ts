/** Marks in words, whose a fill was, and groups compared. */
import { describe, expect, it } from 'vitest';
import { COLUMN_WIDTH, ColumnStore } from '../../cli/src/dashboard/columns.js';
import type { Mark, RunInfo } from '../../cli/src/dashboard/protocol.js';
import { compareGroups } from '../src/compare.js';
import { isOfMarket, marksText, markText, phaseAt, trackName, whose } from '../src/marks.js';

const tracks = [
  { group: 'noise', first: 0, count: 1000, isMember: false },
  { group: 'makers', first: 1000, count: 2, isMember: false },
  { group: 'makers', first: 1000, count: 1, isMember: true },
  { group: 'makers', first: 1001, count: 1, isMember: true },
];
const info = { tracks } as RunInfo;
const mark = (name: Mark['mark'], timeNs = 0, value = 0): Mark => ({ mark: name, timeNs, value });

describe('marks', () => {
  it('are words that a person understands', () => {
    const texts = [
      mark('running', 0, Number.POSITIVE_INFINITY),
      mark('starts', 0, 1),
      mark('ends', 0, 9),
      mark('shock', 0, -50),
      mark('halted', 0, 5),
      mark('resumed'),
      mark('retuned'),
      mark('complete'),
    ].map((m) => markText(m, info));
    expect(texts).toEqual([
      '▶ max',
      'makers starts',
      'group 9 stops',
      'shock −50 ticks',
      'halt 5 s',
      'trading resumes',
      'flow changes',
      'complete',
    ]);
  });

  it('tell the phase of a market, whatever its user did meanwhile', () => {
    const marks = [
      mark('measuring'),
      mark('shock', 5, 1),
      mark('paused', 7),
      mark('halted', 9, 5),
      mark('resumed', 14),
    ];
    expect(marks.filter(isOfMarket)).toHaveLength(3);
    expect([4, 5, 8, 13, 20].map((t) => phaseAt(marks, t)?.mark)).toEqual([
      undefined,
      'shock',
      'shock',
      'halted',
      'resumed',
    ]);
    expect(marksText(marks, info, [5, 14], String)).toBe('halt 5 s at 9, trading resumes at 14');
    expect(marksText(marks, info, [14, 20], String)).toBe('');
  });

  it('name groups, their members, and whose a fill was', () => {
    expect(tracks.map((track) => trackName(track, info))).toEqual(['noise', 'makers', 'makers 1', 'makers 2']);
    expect([0, 1, 1000, 1001, 1002, 2000].map((n) => whose(n, info))).toEqual([
      'flow',
      'noise',
      'noise',
      'makers',
      'makers',
      'agent 1999',
    ]);
  });
});

describe('groups of two runs', () => {
  const run = (rows: number[][]): ColumnStore => {
    const store = new ColumnStore();
    store.follow(rows[0]!.length / 2);
    for (const row of rows) {
      const numbers = new Float64Array(COLUMN_WIDTH + row.length);
      numbers.set(row, COLUMN_WIDTH);
      store.appendNumbers(numbers);
    }
    return store;
  };

  it('are compared at their ends, without an interval', () => {
    const a = run([
      [1, 2, 3, 4],
      [5, -10, 0, 7],
    ]);
    const b = run([[0, 7, 5, -3]]);
    const rows = compareGroups(a, b, [
      { name: 'makers', first: 0, second: 1 },
      { name: 'noise', first: 1, second: 0 },
    ]);
    expect(rows.map(({ name, delta, margin, verdict }) => [name, delta, margin, verdict])).toEqual([
      ['makers: position now', 0, null, 'equal'],
      ['makers: P&L now', 7, null, 'higher'],
      ['noise: position now', 0, null, 'equal'],
      ['noise: P&L now', 0, null, 'equal'],
    ]);
    const nothing = compareGroups(new ColumnStore(), b, [{ name: 'makers', first: 0, second: 0 }]);
    expect(nothing.map(({ verdict }) => verdict)).toEqual(['too little data', 'too little data']);
  });
});
