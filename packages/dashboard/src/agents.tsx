/** The panels of a market of agents: what its groups and agents hold and have won over time, and their accounts now. */
import { useRef } from 'preact/hooks';
import type { Account, RunInfo } from '../../cli/src/dashboard/protocol.js';
import type { Ink } from './colors.js';
import { ink } from './colors.js';
import { watchTrack } from './feed.js';
import { compact, integer } from './format.js';
import { trackName } from './marks.js';
import { Panel, type Table } from './panel.js';
import { agentLines, beat, run, shown, trackId } from './state.js';
import { type Line, TimeChart } from './time-chart.js';

/** The lines that there can be: the groups, or the agents who won or lost most. */
const CHOICES = [
  ['groups', 'groups'],
  ['3', 'top 3 agents'],
  ['5', 'top 5 agents'],
  ['10', 'top 10 agents'],
] as const;
/** More lines than that nobody can tell apart. */
const GROUPS_MAX = 10;

const color = (i: number) => (colors: Ink) => colors.lines[i % colors.lines.length]!;

/** The tracks that are plotted. Of agents those with the largest profit or loss now, a group of one counting as an agent. */
function plotted(info: RunInfo, accounts: readonly Account[]): number[] {
  const { tracks } = info;
  if (agentLines.value === 'groups') return tracks.flatMap((t, i) => (t.isMember ? [] : [i])).slice(0, GROUPS_MAX);
  const agents = tracks.flatMap((t, i) => (t.isMember || t.count === 1 ? [i] : []));
  const size = (i: number): number => Math.abs(accounts[i]?.value ?? 0);
  return agents.sort((a, b) => size(b) - size(a) || a - b).slice(0, Number(agentLines.value));
}

/** The panels; nothing for a simulation without agents. */
export function AgentPanels() {
  beat.value;
  const info = run.value;
  const kept = useRef<{ key: string; chosen: number[] }>({ key: '', chosen: [] });
  if (info === undefined || info.tracks.length === 0) return null;
  const accounts = shown()?.accounts?.accounts ?? [];
  const now = plotted(info, accounts);
  // Whose lines these are changes when somebody else is among the first, not when they change places.
  const key = `${info.id} ${agentLines.value} ${[...now].sort((a, b) => a - b).join(' ')}`;
  if (key !== kept.current.key) kept.current = { key, chosen: now };
  const { chosen } = kept.current;
  const lines = (of: 'position' | 'value'): Line[] =>
    chosen.map((track, i) => ({
      label: trackName(info.tracks[track]!, info),
      color: color(i),
      quantity: (columns, k) => (track < columns.tracks ? columns[of](track, k) : null),
      isSame: (other) => other.tracks[track]?.group === info.tracks[track]!.group,
    }));
  return (
    <div class="agents">
      <TimeChart
        key={`inventory ${key}`}
        name="agents"
        title="Inventory"
        lines={lines('position')}
        format={compact}
        include={[0]}
        note={() => 'lots'}
      />
      <TimeChart
        key={`profit ${key}`}
        title="Profit and loss"
        lines={lines('value')}
        format={compact}
        include={[0]}
        note={() => 'ticks × lots, at mid'}
      />
      <Accounts info={info} accounts={accounts} chosen={chosen} />
    </div>
  );
}

/** Every track's account; a row is chosen to see its orders in the ladder. */
function Accounts({ info, accounts, chosen }: { info: RunInfo; accounts: readonly Account[]; chosen: number[] }) {
  const name = (i: number): string => trackName(info.tracks[i]!, info);
  return (
    <Panel
      title="Agents"
      className="accounts"
      summary={() => summarise(info, accounts)}
      table={() => tabulate(info, accounts)}
      legend={
        <label>
          <span class="sr">Lines</span>
          <select
            value={agentLines.value}
            title="Whose lines are plotted"
            onChange={(e) => {
              agentLines.value = e.currentTarget.value as typeof agentLines.value;
            }}
          >
            {CHOICES.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </label>
      }
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard */}
      <section class="scroll" tabIndex={0} aria-label="Agents, accounts">
        <table>
          <thead>
            <tr>
              <th scope="col">own orders of</th>
              <th scope="col">position</th>
              <th scope="col">P&amp;L</th>
              <th scope="col">bought</th>
              <th scope="col">sold</th>
            </tr>
          </thead>
          <tbody>
            {info.tracks.map((track, i) => {
              const a = accounts[i];
              const isChosen = trackId.value === i;
              const at = chosen.indexOf(i);
              const of = (value: number | undefined): string => (value === undefined ? '–' : compact(value));
              return (
                <tr key={name(i)} class={isChosen ? 'is-chosen' : ''}>
                  <th scope="row">
                    <button
                      type="button"
                      class="quiet"
                      aria-pressed={isChosen}
                      title={`${isChosen ? 'Hide' : 'Show'} the orders of ${name(i)} in the ladder (G)`}
                      onClick={() => watchTrack(isChosen ? null : i)}
                    >
                      <i style={{ background: at < 0 ? 'transparent' : color(at)(ink.value) }} />
                      {name(i)}
                      {track.count > 1 ? <span class="dim"> × {integer(track.count)}</span> : null}
                    </button>
                  </th>
                  <td>{of(a?.position)}</td>
                  <td>{of(a?.value)}</td>
                  <td>{of(a?.bought)}</td>
                  <td>{of(a?.sold)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
    </Panel>
  );
}

function summarise(info: RunInfo, accounts: readonly Account[]): string {
  if (accounts.length === 0) return 'Agents: no data yet.';
  const parts = info.tracks.flatMap((track, i) => {
    const a = accounts[i];
    return track.isMember || a === undefined
      ? []
      : [`${trackName(track, info)} hold ${compact(a.position)} lots with a profit of ${compact(a.value)}`];
  });
  return `Agents: ${parts.join('; ')}.`;
}

function tabulate(info: RunInfo, accounts: readonly Account[]): Table {
  const head = ['Who', 'Position', 'P&L', 'Bought', 'Sold', 'Fills', 'Resting', 'Orders', 'Changes', 'Refused'];
  const rows = accounts.map((a, i) => {
    const { position, value, bought, sold, fills, makerLots, orders, changes, refused } = a;
    const numbers = [position, value, bought, sold, fills, makerLots, orders, changes, refused];
    return [trackName(info.tracks[i]!, info), ...numbers.map((n) => integer(n))];
  });
  return { head, rows };
}
