/** What is marked on the time axis, in words: what the person did, and what happened in a market of agents. Pure. */
import type { Mark, RunInfo } from '../../cli/src/dashboard/protocol.js';
import { speedText } from './format.js';

/** Whether a mark is of the market, and not of who runs it. */
export function isOfMarket({ mark }: Mark): boolean {
  return mark === 'starts' || mark === 'ends' || mark === 'shock' || mark === 'retuned' || isOfHalt({ mark });
}

function isOfHalt({ mark }: Pick<Mark, 'mark'>): boolean {
  return mark === 'halted' || mark === 'resumed';
}

/** A mark in words. */
export function markText({ mark, value }: Mark, info: RunInfo | undefined): string {
  const group = (): string => groupsOf(info)[value]?.group ?? `group ${value}`;
  switch (mark) {
    case 'running':
      return `▶ ${speedText(value)}`;
    case 'measuring':
      return 'warm-up over';
    case 'starts':
      return `${group()} starts`;
    case 'ends':
      return `${group()} stops`;
    case 'shock':
      return `shock ${value > 0 ? '+' : '−'}${Math.abs(value)} ticks`;
    case 'retuned':
      return 'flow changes';
    case 'halted':
      return value > 0 ? `halt ${value} s` : 'trading stands still';
    case 'resumed':
      return 'trading resumes';
    default:
      return mark;
  }
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

/** The marks of the market in a part of time, in one sentence; nothing if there are none. */
export function marksText(
  marks: readonly Mark[],
  info: RunInfo | undefined,
  [from, to]: readonly [number, number],
  clock: (ns: number) => string,
): string {
  const inside = marks.filter((mark) => isOfMarket(mark) && mark.timeNs > from && mark.timeNs <= to);
  return inside.map((mark) => `${markText(mark, info)} at ${clock(mark.timeNs)}`).join(', ');
}
