/** Everything that a person can do, by name: buttons and keys call the same. */
import { isOver } from '../../cli/src/dashboard/protocol.js';
import { exportCsv } from './export.js';
import { compareWith, order, showRun, startRun, watchTrack } from './feed.js';
import { trackName } from './marks.js';
import { markUrgent } from './paint.js';
import { togglePanel } from './panel.js';
import {
  cursorNs,
  form,
  frozenNs,
  HEAT_MAPS,
  heatMap,
  hello,
  isComparing,
  isHelpOpen,
  PANELS,
  panel,
  playheadNs,
  prices,
  run,
  runId,
  runs,
  say,
  shown,
  speedOf,
  THEMES,
  TRADE_COLORS,
  theme,
  trackId,
  tradeColors,
  view,
} from './state.js';
import { fitted, panned, zoomed } from './view.js';

/** Speeds that the keys step through. */
export const SPEEDS = ['0.1', '0.5', '1', '2', '5', '10', '50', '100', '1000', 'max'] as const;

/** Commands of a step, and of a large one. */
const STEP_EVENTS = 1;
const STEP_EVENTS_LARGE = 100;

/** Starts what the form says. */
export function start(): void {
  const { scenario, arm, book, seed, speed } = form.value;
  void startRun({
    scenario,
    ...(armsOf(scenario).includes(arm) ? { arm } : {}),
    book,
    speed: speedOf(speed),
    ...(seed.trim() === '' ? {} : { seed: Number(seed) }),
  });
}

/** The arms of a scenario; none of a simulation. */
export function armsOf(name: string): string[] {
  const arms = hello.value?.scenarios.find((s) => s.name === name)?.arms ?? null;
  return arms === null ? [] : ['treatment', ...arms];
}

/**
 * Puts a scenario into the form: a market of agents with the speed at which it is worth watching, unless as fast as possible
 * was chosen; a simulation with the speed that there is, unless that was a market's.
 */
export function chooseScenario(name: string): void {
  const known = (of: string) => hello.value?.scenarios.find((s) => s.name === of);
  const [before, now] = [known(form.value.scenario), known(name)];
  const isKept = form.value.speed === 'max' || (before?.arms === null && now?.arms === null);
  const speed = isKept ? form.value.speed : String(now?.speed ?? 1);
  form.value = { ...form.value, scenario: name, arm: 'treatment', book: 0, speed };
}

/** Starts another arm of the run's scenario with the same random numbers, and compares the run with it. */
export async function compareWithArm(arm: string): Promise<void> {
  const now = run.value;
  if (now === undefined) return;
  const { scenario, book, seed } = now;
  const other = await startRun({ scenario, arm, book, seed, speed: speedOf(form.value.speed) });
  if (other === undefined) return;
  isComparing.value = true;
  showRun(now.id);
  compareWith(other);
}

/** The next group or agent whose orders the ladder shows, then nobody's. */
function nextTrack(): void {
  const tracks = run.value?.tracks ?? [];
  if (tracks.length === 0) {
    say('This run has no agents.');
    return;
  }
  const next = (trackId.value ?? -1) + 1;
  watchTrack(next < tracks.length ? next : null);
  const track = tracks[next];
  say(track === undefined ? 'Nobody’s orders are shown.' : `Orders of ${trackName(track, run.value)}.`);
}

/** Pauses the run, or lets it go on. */
export function pauseOrRun(): void {
  const state = shown()?.state;
  const id = runId.value;
  if (id === null || state === undefined) {
    start();
    return;
  }
  if (isOver(state.phase)) {
    say(`Run ${id} is over. Press N to start another.`);
    return;
  }
  if (state.phase === 'paused')
    void order({ type: 'control', run: id, action: 'run', speed: speedOf(form.value.speed) });
  else void order({ type: 'control', run: id, action: 'pause' });
}

export function stop(): void {
  if (runId.value !== null) void order({ type: 'control', run: runId.value, action: 'stop' });
}

/** One command further, or a hundred. */
export function step(isLarge = false): void {
  const id = runId.value;
  if (id === null) return;
  goLive();
  void order({ type: 'control', run: id, action: 'step', events: isLarge ? STEP_EVENTS_LARGE : STEP_EVENTS });
}

/** Another speed, at once if the run is under way. */
export function setSpeed(speed: string): void {
  form.value = { ...form.value, speed };
  const state = shown()?.state;
  if (runId.value !== null && (state?.phase === 'running' || state?.phase === 'warm-up')) {
    void order({ type: 'control', run: runId.value, action: 'run', speed: speedOf(speed) });
  }
}

function faster(by: 1 | -1): void {
  const value = (speed: string): number => (speed === 'max' ? Number.POSITIVE_INFINITY : Number(speed));
  const now = value(form.value.speed);
  // The speed may be one that the keys do not have.
  const next = by > 0 ? SPEEDS.find((s) => value(s) > now) : SPEEDS.findLast((s) => value(s) < now);
  if (next !== undefined) setSpeed(next);
  say(`Speed ${form.value.speed}.`);
}

/** The newest moment, and along with it. */
export function goLive(): void {
  const data = shown();
  frozenNs.value = null;
  playheadNs.value = null;
  prices.value = null;
  if (data !== undefined) {
    const { from, to } = view.value;
    const end = Math.max(data.endNs, to - from);
    view.value = { from: end - (to - from), to: end, follow: true };
  }
  markUrgent();
}

/** What is on the screen stays, whatever comes in. */
export function freeze(): void {
  const data = shown();
  if (data === undefined) return;
  if (frozenNs.value !== null) {
    goLive();
    return;
  }
  // The column that is being made would still change.
  frozenNs.value = data.columns.endNs(data.columns.length - 1);
  playheadNs.value ??= frozenNs.value;
  view.value = { ...view.value, follow: false };
  say('Frozen. The run goes on; press F to follow it again.');
  markUrgent();
}

/** Puts the playhead at a time and, if it is not on the screen, brings it there. */
export function scrubTo(timeNs: number): void {
  const data = shown();
  if (data === undefined) return;
  const at = Math.min(Math.max(0, timeNs), data.endNs);
  playheadNs.value = at;
  const { from, to } = view.value;
  if (at < from || at > to) {
    const span = to - from;
    view.value = panned({ from: at - span / 2, to: at + span / 2, follow: false }, 0, data.extent);
  } else if (view.value.follow) view.value = { ...view.value, follow: false };
  markUrgent();
}

/** The trade before or behind the playhead. */
function toTrade(direction: 1 | -1): void {
  const data = shown();
  if (data === undefined || data.trades.next === 0) return;
  const { trades } = data;
  const at = playheadNs.value ?? data.endNs;
  let n = trades.after(at) - 1;
  if (direction === 1) n += 1;
  else while (n > trades.first && trades.at(n, 0) >= at) n -= 1;
  n = Math.min(Math.max(n, trades.first), trades.next - 1);
  scrubTo(trades.at(n, 0));
}

function zoom(factor: number): void {
  const data = shown();
  if (data === undefined) return;
  const { from, to } = view.value;
  view.value = zoomed(view.value, factor, cursorNs.value ?? playheadNs.value ?? (from + to) / 2, data.extent);
  markUrgent();
}

function pan(share: number): void {
  const data = shown();
  if (data !== undefined) view.value = panned(view.value, share, data.extent);
  markUrgent();
}

function fit(): void {
  const data = shown();
  if (data !== undefined) view.value = fitted(data.extent);
  prices.value = null;
  markUrgent();
}

function next<T>(values: readonly T[], now: T): T {
  return values[(values.indexOf(now) + 1) % values.length]!;
}

/** Opens or closes the comparison; opened without a second run it takes the newest other one. */
export function toggleComparison(): void {
  isComparing.value = !isComparing.value;
  if (!isComparing.value) {
    compareWith(null);
    return;
  }
  const other = runs.value.filter((r) => r.id !== runId.value).at(-1);
  if (other === undefined) say('There is no second run to compare with: start one.');
  else compareWith(other.id);
}

/** The run before or behind this one. */
function otherRun(by: number): void {
  const list = runs.value;
  const at = list.findIndex((r) => r.id === runId.value);
  const wanted = list[at + by];
  if (wanted !== undefined) showRun(wanted.id);
}

/** The same run of the book before or behind this one. */
export function otherBook(book: number): void {
  const now = run.value;
  if (now === undefined || book < 0 || book >= now.books) return;
  const same = runs.value.find((r) => r.book === book && JSON.stringify(r.config) === JSON.stringify(now.config));
  if (same !== undefined) showRun(same.id);
  else void startRun({ scenario: now.scenario, book, speed: speedOf(form.value.speed), like: now.id });
}

function clear(): void {
  if (isHelpOpen.value) isHelpOpen.value = false;
  else if (panel.value !== null) togglePanel(panel.value);
  else if (playheadNs.value !== null || frozenNs.value !== null) goLive();
  else cursorNs.value = null;
}

/** A key, what it does, and how it is written. */
export interface Key {
  keys: string[];
  shown: string;
  what: string;
  do(): void;
}

/** Every key, in the groups of the help. */
export const KEYS: readonly { group: string; keys: readonly Key[] }[] = [
  {
    group: 'Run',
    keys: [
      { keys: [' '], shown: 'Space', what: 'pause or go on', do: pauseOrRun },
      { keys: ['.'], shown: '.', what: 'one command further', do: () => step() },
      { keys: [':', '>'], shown: 'Shift .', what: 'a hundred commands further', do: () => step(true) },
      { keys: ['ArrowUp'], shown: '↑', what: 'faster', do: () => faster(1) },
      { keys: ['ArrowDown'], shown: '↓', what: 'slower', do: () => faster(-1) },
      { keys: ['n'], shown: 'N', what: 'start a run', do: start },
      { keys: ['k'], shown: 'K', what: 'stop the run', do: stop },
      { keys: ['b'], shown: 'B', what: 'next book or venue', do: () => otherBook((run.value?.book ?? 0) + 1) },
      {
        keys: ['B'],
        shown: 'Shift B',
        what: 'previous book or venue',
        do: () => otherBook((run.value?.book ?? 0) - 1),
      },
      { keys: ['g'], shown: 'G', what: 'orders of the next agent', do: nextTrack },
      { keys: ['j'], shown: 'J', what: 'next run', do: () => otherRun(1) },
      { keys: ['J'], shown: 'Shift J', what: 'previous run', do: () => otherRun(-1) },
    ],
  },
  {
    group: 'Time',
    keys: [
      { keys: ['f'], shown: 'F', what: 'follow the newest moment', do: goLive },
      { keys: ['x'], shown: 'X', what: 'freeze what is on the screen', do: freeze },
      { keys: ['w', '+', '='], shown: 'W +', what: 'closer', do: () => zoom(0.7) },
      { keys: ['s', '-'], shown: 'S −', what: 'farther', do: () => zoom(1 / 0.7) },
      { keys: ['a', 'ArrowLeft'], shown: 'A ←', what: 'back', do: () => pan(-0.2) },
      { keys: ['d', 'ArrowRight'], shown: 'D →', what: 'forward', do: () => pan(0.2) },
      { keys: ['0'], shown: '0', what: 'the whole run', do: fit },
      { keys: ['['], shown: '[', what: 'previous trade', do: () => toTrade(-1) },
      { keys: [']'], shown: ']', what: 'next trade', do: () => toTrade(1) },
    ],
  },
  {
    group: 'Page',
    keys: [
      {
        keys: PANELS.map((_, i) => String(i + 1)),
        shown: `1 … ${PANELS.length}`,
        what: 'make a panel large',
        do: () => undefined,
      },
      { keys: ['c'], shown: 'C', what: 'compare with another run', do: toggleComparison },
      { keys: ['t'], shown: 'T', what: 'theme: auto, dark, light', do: changeTheme },
      {
        keys: ['p'],
        shown: 'P',
        what: 'colours of buyers and sellers',
        do: () => {
          tradeColors.value = next(TRADE_COLORS, tradeColors.value);
          say(`Colours ${tradeColors.value}.`);
        },
      },
      {
        keys: ['m'],
        shown: 'M',
        what: 'colours of the maps',
        do: () => {
          heatMap.value = next(HEAT_MAPS, heatMap.value);
          say(`Map ${heatMap.value}.`);
        },
      },
      { keys: ['e'], shown: 'E', what: 'export what is on the screen as CSV', do: () => exportCsv() },
      { keys: ['/'], shown: '/', what: 'filter time & sales', do: () => document.getElementById('tape-min')?.focus() },
      { keys: ['?'], shown: '?', what: 'this help', do: () => showHelp(!isHelpOpen.value) },
      { keys: ['Escape'], shown: 'Esc', what: 'close, clear, go live', do: clear },
    ],
  },
];

/** Opens or closes the help. */
export function showHelp(isOpen: boolean): void {
  isHelpOpen.value = isOpen;
}

export function changeTheme(): void {
  theme.value = next(THEMES, theme.value);
  say(`Theme ${theme.value}.`);
}

/** Listens to the keyboard. Keys with a modifier and keys inside fields are left alone. */
export function listenToKeys(): void {
  const byKey = new Map(KEYS.flatMap(({ keys }) => keys).flatMap((key) => key.keys.map((k) => [k, key] as const)));
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target as HTMLElement;
    if (event.key !== 'Escape' && target.closest('input:not([type=range]), select, textarea') !== null) return;
    // A focused button takes Space, and what scrolls takes the arrows.
    if (event.key === ' ' && target.closest('button, summary') !== null) return;
    if (event.key.startsWith('Arrow') && target.closest('.table, .scroll, dialog, input') !== null) return;
    if (event.key === 'Escape' && target instanceof HTMLInputElement) target.blur();
    const large = PANELS[Number(event.key) - 1];
    const key = byKey.get(event.key);
    if (key === undefined) return;
    event.preventDefault();
    if (large !== undefined) togglePanel(large);
    else key.do();
    markUrgent();
  });
}
