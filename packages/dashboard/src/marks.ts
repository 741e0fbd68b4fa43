/** What is marked on the time axis, in words: what the person did, and what happened in a market of agents. Pure. */
import { type Mark, PHASES, type RunInfo } from '../../cli/src/dashboard/protocol.js';
import { speedText } from './format.js';

/** Whether a mark is of the market, and not of who runs it. */
export function isOfMarket({ mark }: Mark): boolean {
  return mark === 'starts' || mark === 'ends' || mark === 'shock' || mark === 'retuned' || mark === 'phase';
}

/** Something that is marked over every chart: a moment, or a span of time that has a beginning and an end. */
export interface Marked {
  kind: 'phase' | 'group' | 'starts' | 'ends' | 'shock' | 'retuned';
  text: string;
  from: number;
  /** Of a span; where that is not yet over, the time up to which the run is known. */
  to?: number;
}

/**
 * What happened in a market up to a time. A phase in which trading is not continuous is a span, and so is a group of agents that
 * starts and stops.
 */
export function markedOf(marks: readonly Mark[], info: RunInfo | undefined, untilNs: number): Marked[] {
  const known = marks.filter((mark) => isOfMarket(mark) && mark.timeNs <= untilNs);
  return known.flatMap((mark, i): Marked[] => {
    const { timeNs: from, value } = mark;
    const later = known.slice(i + 1);
    const text = markText(mark, info);
    if (mark.mark === 'phase') {
      if (PHASES[value] === 'continuous') return [];
      return [{ kind: 'phase', text, from, to: later.find((m) => m.mark === 'phase')?.timeNs ?? untilNs }];
    }
    if (mark.mark === 'starts') {
      const to = later.find((m) => m.mark === 'ends' && m.value === value)?.timeNs;
      if (to !== undefined) return [{ kind: 'group', text: groupName(value, info), from, to }];
    }
    // The end of a span.
    if (mark.mark === 'ends' && known.slice(0, i).some((m) => m.mark === 'starts' && m.value === value)) return [];
    return [{ kind: mark.mark as Marked['kind'], text, from }];
  });
}

/** A mark in words. */
export function markText({ mark, value }: Mark, info: RunInfo | undefined): string {
  switch (mark) {
    case 'running':
      return `▶ ${speedText(value)}`;
    case 'measuring':
      return 'warm-up over';
    case 'starts':
      return `${groupName(value, info)} starts`;
    case 'ends':
      return `${groupName(value, info)} stops`;
    case 'shock':
      return `shock ${value > 0 ? '+' : '−'}${Math.abs(value)} ticks`;
    case 'retuned':
      return 'flow changes';
    case 'phase':
      return PHASES[value] === 'continuous' ? 'continuous trading' : (PHASES[value] ?? 'phase').replaceAll('-', ' ');
    default:
      return mark;
  }
}

function groupName(group: number, info: RunInfo | undefined): string {
  return groupsOf(info)[group]?.group ?? `group ${group}`;
}

/** The groups of a market of agents, in the order of their numbers. */
export function groupsOf(info: RunInfo | undefined): RunInfo['tracks'] {
  return info?.tracks.filter((track) => !track.isMember) ?? [];
}

/** How a track is called. */
export function trackName({ group, first, isMember }: RunInfo['tracks'][number], info: RunInfo | undefined): string {
  if (!isMember) return group;
  const base = groupsOf(info).find((track) => track.group === group)?.first ?? 0;
  return `${group} ${first - base + 1}`;
}

/** Whose a number of a fill is: 0 is the background, otherwise an agent's number and one. */
export function whose(number: number, info: RunInfo | undefined): string {
  if (number === 0) return 'flow';
  const agent = number - 1;
  return groupsOf(info).find(({ first, count }) => agent >= first && agent < first + count)?.group ?? `agent ${agent}`;
}

/** The phase of a market at a time: what last happened to it, and when. */
export function phaseAt(marks: readonly Mark[], timeNs: number): Mark | undefined {
  return marks.findLast((mark) => mark.timeNs <= timeNs && isOfMarket(mark));
}

/** What is marked in a part of time, behind `from` and up to `to`, in one sentence; nothing if there is nothing. */
export function marksText(
  marks: readonly Mark[],
  info: RunInfo | undefined,
  [from, to]: readonly [number, number],
  clock: (ns: number) => string,
): string {
  const inside = markedOf(marks, info, to).filter(
    (m) => (m.to ?? m.from) > from && (m.from > from || m.to !== undefined),
  );
  const when = (m: Marked): string =>
    m.to === undefined ? `at ${clock(m.from)}` : `from ${clock(m.from)}${m.to < to ? ` to ${clock(m.to)}` : ''}`;
  return inside.map((m) => `${m.text} ${when(m)}`).join(', ');
}
