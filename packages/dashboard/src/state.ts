/** What the page knows and what the person chose, as signals; the choices are in the address, too. */
import { computed, effect, signal } from '@preact/signals';
import { ColumnStore } from '../../cli/src/dashboard/columns.js';
import type { Accounts, Hello, Mark, RunInfo, RunState, Speed } from '../../cli/src/dashboard/protocol.js';
import { TradeRing } from '../../cli/src/dashboard/trades.js';
import type { Extent, View } from './view.js';
import { initialView } from './view.js';

/** A run as this page has it. */
export class RunData {
  readonly id: number;
  readonly columns = new ColumnStore();
  readonly trades = new TradeRing();
  marks: Mark[] = [];
  state: RunState | undefined;
  /** What the tracks of a market of agents own; `undefined` where nobody owns anything. */
  accounts: Accounts | undefined;
  /** When something last came, ms of `performance.now()`. */
  heardMs = performance.now();

  constructor(id: number) {
    this.id = id;
  }

  /** Simulated time of the newest moment. */
  get endNs(): number {
    return Math.max(this.state?.timeNs ?? 0, this.columns.endNs(this.columns.length - 1));
  }

  get extent(): Extent {
    return { end: this.endNs, interval: this.columns.intervalNs };
  }
}

/** How the page and the server stand to each other. */
export type Connection =
  | { status: 'connecting' }
  | { status: 'open' }
  | { status: 'lost'; retryMs: number }
  /** The server is there and does not know this page: it was started anew. */
  | { status: 'refused' };

export type Theme = 'auto' | 'dark' | 'light';
export const THEMES = ['auto', 'dark', 'light'] as const satisfies Theme[];
export const TRADE_COLORS = ['blue-orange', 'purple-green', 'high-contrast'] as const;
export const HEAT_MAPS = ['glow', 'cividis', 'grey'] as const;
export const PANELS = ['depth', 'market', 'latency', 'latency-map', 'percentiles', 'throughput', 'agents'] as const;
export const AGENT_LINES = ['groups', '3', '5', '10'] as const;
export type PanelName = (typeof PANELS)[number];

const address = new URLSearchParams(location.search);

function oneOf<T extends string>(values: readonly T[], text: string | null, otherwise: T): T {
  return values.find((value) => value === text) ?? otherwise;
}

function numberOf(name: string): number | null {
  const text = address.get(name);
  const value = text === null || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

export const connection = signal<Connection>({ status: 'connecting' });
export const hello = signal<Hello | undefined>(undefined);
export const runs = signal<RunInfo[]>([]);
export const data = new Map<number, RunData>();

/** The run that is shown, and the one that it is compared with. */
export const runId = signal<number | null>(numberOf('run'));
export const againstId = signal<number | null>(numberOf('against'));

/** Part of simulated time on the screen. */
const [fromS, toS] = [numberOf('from'), numberOf('to')];
export const view = signal<View>(
  fromS !== null && toS !== null && toS > fromS ? { from: fromS * 1e9, to: toS * 1e9, follow: false } : initialView(),
);
export const isFollowing = computed(() => view.value.follow);
/** What of the view is the person's doing; where a view is that moves along with its run is not. */
export const chosenView = computed(() => {
  const { from, to } = view.value;
  return isFollowing.value ? `following ${(to - from).toPrecision(9)}` : `${from} ${to}`;
});
/** Nothing later than this is shown, although it comes in. */
export const frozenNs = signal<number | null>(null);
/** The moment of which the ladder and the figures tell; `null` is the newest. */
export const playheadNs = signal<number | null>(numberOf('at') === null ? null : numberOf('at')! * 1e9);
/** Where the pointer is. */
export const cursorNs = signal<number | null>(null);
/** Price in the middle of the depth map and ticks above and below; `null` follows the market. */
export const prices = signal<{ middle: number; half: number } | null>(null);

export const theme = signal<Theme>(oneOf(THEMES, address.get('theme'), 'auto'));
export const tradeColors = signal(oneOf(TRADE_COLORS, address.get('colors'), 'blue-orange'));
export const heatMap = signal(oneOf(HEAT_MAPS, address.get('map'), 'glow'));
/** Share of the quantities in the map that is above the colour scale's end, in percent. */
export const cutHigh = signal(numberOf('cut') ?? 1);
export const panel = signal<PanelName | null>(PANELS.find((name) => name === address.get('panel')) ?? null);
export const tapeSide = signal<'both' | 'buy' | 'sell'>(
  oneOf(['both', 'buy', 'sell'] as const, address.get('side'), 'both'),
);
export const tapeMin = signal(numberOf('min') ?? 0);
/** Whose orders the ladder shows: a track of the run, `null` for nobody's. */
export const trackId = signal<number | null>(numberOf('agent'));
/** Whose holdings are plotted: every group's, or so many agents'. */
export const agentLines = signal(oneOf(AGENT_LINES, address.get('agents'), 'groups'));
export const isComparing = signal(address.get('compare') === '1');
export const isHelpOpen = signal(false);
/** What the start form has. */
export const form = signal({
  scenario: address.get('scenario') ?? '',
  arm: address.get('arm') ?? 'treatment',
  book: numberOf('book') ?? 0,
  seed: address.get('seed') ?? '',
  speed: (address.get('speed') ?? '1') as string,
});

/** The last message for the person, read out by screen readers. */
export const said = signal<{ text: string; isError: boolean; at: number }>({ text: '', isError: false, at: 0 });

export function say(text: string, isError = false): void {
  said.value = { text, isError, at: Date.now() };
}

/** Counts up whenever figures that Preact shows may have changed; a few times a second. */
export const beat = signal(0);

export const run = computed(() => runs.value.find((r) => r.id === runId.value));
export const against = computed(() => runs.value.find((r) => r.id === againstId.value));

/** The data of the run that is shown. */
export function shown(): RunData | undefined {
  return runId.value === null ? undefined : data.get(runId.value);
}

/** The data of the run that it is compared with. */
export function compared(): RunData | undefined {
  return againstId.value === null || againstId.value === runId.value ? undefined : data.get(againstId.value);
}

/** Nothing later is shown. */
export function limitNs(): number {
  return frozenNs.value ?? Number.POSITIVE_INFINITY;
}

/** A speed as it stands in the form. */
export function speedOf(text: string): Speed {
  const value = Number(text);
  return text === 'max' || !(value > 0) ? 'max' : value;
}

/** Counters for tests and measurements. */
export const stats = {
  frames: 0,
  /** Of these, states: one for every update of a run. */
  states: 0,
  bytes: 0,
  /** Rounds of painting, and the time that they took. */
  paints: 0,
  paintMs: 0,
  gaps: 0,
  dropped: 0,
  resyncs: 0,
  lagMs: 0,
  fps: 30,
  /** Columns and prices of the depth map as it was painted last. */
  mapColumns: 0,
  mapPrices: 0,
};

let addressTimer: ReturnType<typeof setTimeout> | undefined;

/** Keeps the address up to date, so that it can be sent to somebody. */
export function keepAddress(): void {
  const query = computed(() => {
    const { from, to, follow } = view.value;
    const text: Record<string, string | number | null> = {
      run: runId.value,
      against: againstId.value,
      from: follow ? null : seconds(from),
      to: follow ? null : seconds(to),
      at: playheadNs.value === null ? null : seconds(playheadNs.value),
      theme: theme.value === 'auto' ? null : theme.value,
      colors: tradeColors.value === 'blue-orange' ? null : tradeColors.value,
      map: heatMap.value === 'glow' ? null : heatMap.value,
      cut: cutHigh.value === 1 ? null : cutHigh.value,
      panel: panel.value,
      side: tapeSide.value === 'both' ? null : tapeSide.value,
      min: tapeMin.value === 0 ? null : tapeMin.value,
      agent: trackId.value,
      agents: agentLines.value === 'groups' ? null : agentLines.value,
      compare: isComparing.value ? '1' : null,
      scenario: form.value.scenario || null,
      arm: form.value.arm === 'treatment' ? null : form.value.arm,
      book: form.value.book || null,
      seed: form.value.seed || null,
      speed: form.value.speed === '1' ? null : form.value.speed,
    };
    const chosen = Object.entries(text).filter(([, value]) => value !== null);
    return new URLSearchParams(chosen.map(([name, value]) => [name, String(value)])).toString();
  });
  effect(() => {
    const text = query.value;
    clearTimeout(addressTimer);
    addressTimer = setTimeout(() => history.replaceState(null, '', text === '' ? '/' : `/?${text}`), 250);
  });
}

function seconds(ns: number): string {
  return String(Number((ns / 1e9).toFixed(6)));
}
