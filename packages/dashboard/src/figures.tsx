/** The strip of figures: the run in a line. */
import { useEffect, useRef } from 'preact/hooks';
import { Field } from '../../cli/src/dashboard/columns.js';
import { isOver } from '../../cli/src/dashboard/protocol.js';
import { clock, compact, decimal, duration, integer } from './format.js';
import { markText, phaseAt } from './marks.js';
import { onPaint } from './paint.js';
import { frozenNs, hello, playheadNs, type RunData, run, shown } from './state.js';
import { write } from './time-chart.js';

const NAMES = [
  'time',
  'phase',
  'events',
  'core',
  'mid',
  'spread',
  'resting',
  'trades',
  'volume',
  'p50',
  'p99',
  'p99.9',
  'digest',
] as const;
type Name = (typeof NAMES)[number];

const TITLES: Record<Name, string> = {
  time: 'Simulated time behind the warm-up',
  phase: 'What last happened in the market, and how long ago',
  events: 'Commands behind the warm-up',
  core: 'Commands that the core does in a second of work',
  mid: 'Middle of the best prices, ticks',
  spread: 'Best ask less best bid, ticks',
  resting: 'Orders in the book',
  trades: 'Fills',
  volume: 'Lots traded',
  p50: 'Half of the timed commands took at most so long',
  p99: '99 % of the timed commands took at most so long',
  'p99.9': '99.9 % of the timed commands took at most so long',
  digest: 'Digest of every event so far; at the end that of `toprung simulate`',
};

/** The strip. */
export function Figures() {
  const host = useRef<HTMLDListElement>(null);
  useEffect(() => {
    const cells = [...host.current!.querySelectorAll('dd')];
    const paint = (): void => {
      const texts = figures();
      NAMES.forEach((name, i) => {
        write(cells[i]!, texts[name]);
        // A simulation without agents has no phases.
        cells[i]!.parentElement!.hidden = texts[name] === '';
      });
    };
    return onPaint(host.current!, paint, true);
  }, []);
  return (
    <dl class="figures" ref={host}>
      {NAMES.map((name) => (
        <div key={name} title={TITLES[name]} class={`figure-${name.replace('.', '')}`}>
          <dt>{name}</dt>
          <dd>–</dd>
        </div>
      ))}
    </dl>
  );
}

function figures(): Record<Name, string> {
  const data = shown();
  const state = data?.state;
  const none = Object.fromEntries(NAMES.map((name) => [name, '–'])) as Record<Name, string>;
  if (data === undefined || state === undefined) return none;
  const percentile = (percent: number): string => {
    const i = hello.value?.percentiles.indexOf(percent) ?? -1;
    return state.latencyCount === 0 || i < 0 ? '–' : duration(state.latencyNs[i]!);
  };
  const at = playheadNs.value ?? frozenNs.value;
  const { columns } = data;
  const k = at === null ? -1 : columns.indexAt(at);
  const of = (field: Field, now: number): number => (k < 0 ? now : columns.field(field)[k]!);
  const [bidQty, askQty] = [of(Field.bidQty, state.bidQty), of(Field.askQty, state.askQty)];
  const [bid, ask] = [of(Field.bid, state.bid), of(Field.ask, state.ask)];
  const both = bidQty > 0 && askQty > 0;
  const share = Math.floor(
    100 * (state.eventsTotal > 0 ? state.events / state.eventsTotal : state.timeNs / Math.max(1, state.durationNs)),
  );
  return {
    ...none,
    time: clock(at ?? state.timeNs),
    phase: phaseText(data, at ?? state.timeNs),
    events:
      state.phase === 'warm-up' ? `warm-up ${compact(state.warmupEvents)}` : `${compact(state.events)} · ${share} %`,
    core: state.busyNs === 0 ? '–' : `${compact((state.events / state.busyNs) * 1e9)}/s`,
    mid: both ? decimal((bid + ask) / 2, 1) : '–',
    spread: both ? integer(ask - bid) : '–',
    resting: integer(of(Field.resting, state.resting)),
    trades: compact(state.trades),
    volume: compact(state.volume),
    p50: percentile(50),
    p99: percentile(99),
    'p99.9': percentile(99.9),
    digest: run.value !== undefined && isOver(run.value.phase) ? run.value.digest.slice(0, 8) : '–',
  };
}

/** What last happened in a market of agents; nothing of a simulation. */
function phaseText({ marks }: RunData, timeNs: number): string {
  if ((run.value?.arm ?? null) === null) return '';
  const last = phaseAt(marks, timeNs);
  return last === undefined ? 'calm' : `${markText(last, run.value)} · ${clock(timeNs - last.timeNs, 1e9)}`;
}
