/** Matching policies in words: a step in a few, a row of the comparison by `NAME:PARAMETER=VALUE`. */
import { POLICY_PRESETS, type PolicyInput, type PolicyPresetName, type PolicyStep } from 'toprung';
import { parseNumber } from './config-input.js';
import { usageError } from './errors.js';
import { nearest } from './suggest.js';

/** A step with the parameters that differ from nothing: `pro-rata min 2`, `split 40 %`. */
export function stepWords(step: PolicyStep): string {
  return [step.kind === 'priority-class' ? step.class : step.kind, ...parameterWords(step)].join(' ');
}

function parameterWords(step: PolicyStep): string[] {
  switch (step.kind) {
    case 'pro-rata':
      return [
        ...(step.minLot > 1 ? [`min ${step.minLot}`] : []),
        ...(step.rounding === 'floor' ? [] : [step.rounding]),
        ...(step.boardLot > 1 ? [`lots of ${step.boardLot}`] : []),
      ];
    case 'top':
      return [
        ...(step.percent < 100 ? [`${step.percent} %`] : []),
        ...(step.minQty > 0 ? [`min ${step.minQty}`] : []),
        ...(step.maxQty === undefined ? [] : [`max ${step.maxQty}`]),
      ];
    case 'lmm':
      return step.minLot > 0 ? [`min ${step.minLot}`] : [];
    case 'split':
      return [`${step.fifoPercent} %`];
    case 'time-pro-rata':
      return [`k=${step.k}`, ...(step.untilExhausted ? ['repeated'] : [])];
    case 'parity':
      return [`${step.equalPercent} %`];
    case 'leveling':
      return [`by ${step.order}`];
    case 'priority-class':
      return [step.within];
    case 'entitlement':
      return [`${step.percentByOthers.join('/')} %`];
    default:
      return [];
  }
}

/** A policy of the comparison. */
export interface PolicyRow {
  /** As it is written: `cme.K:fifoPercent=20`. */
  readonly label: string;
  readonly policy: PolicyInput;
  /** An order of the level, from 1, that is a lead market maker's in this row alone. */
  readonly maker?: { readonly order: number; readonly percent: number };
}

/**
 * Presets with parameters as the reference works its example with, beside their own: what the exchange sets per product
 * changes the fills more than its name does.
 */
const variants = ['cme.C:minLot=1', 'cme.O:topMaxQty=5', 'cme.Q:lmm=4@40', 'cme.K:fifoPercent=20'];

/** Every preset, and some with other parameters behind their own, as far as the level has the orders they speak of. */
export function usualRows(book: string): PolicyRow[] {
  const orders = book.split(',').length;
  return POLICY_PRESETS.flatMap((name) => [name, ...variants.filter((v) => v.startsWith(`${name}:`))])
    .map(parseRow)
    .filter(({ maker }) => maker === undefined || (maker.order <= orders && !book.includes('L')));
}

/** The level as a row of the comparison sees it. */
export function bookOf({ label, maker }: PolicyRow, book: string): string {
  if (maker === undefined) return book;
  const orders = book.split(',');
  if (orders[maker.order - 1] === undefined) {
    throw usageError(`there is no order ${maker.order} in the level ${book}, which ${label} speaks of`, [], '--policy');
  }
  return orders.map((order, i) => (i === maker.order - 1 ? `${order.trim()}L${maker.percent}` : order)).join(',');
}

/**
 * Reads `cme.K`, `cme.K:fifoPercent=20,minLot=2`, or `cme.Q:lmm=4@40`, where order 4 is a lead market maker's with 40 %.
 * The library checks the parameters.
 */
export function parseRow(text: string): PolicyRow {
  const [name = '', rest] = splitOnce(text, ':');
  const known: readonly string[] = POLICY_PRESETS;
  if (!known.includes(name)) {
    const near = nearest(name, known);
    throw usageError(
      `there is no policy ${name}`,
      [near === undefined ? `there are: ${known.join(', ')}` : `did you mean ${near}?`],
      '--policy',
    );
  }
  const parameters: Record<string, unknown> = {};
  let maker: PolicyRow['maker'];
  for (const part of rest === undefined ? [] : rest.split(',')) {
    const [key = '', value = ''] = splitOnce(part, '=');
    const told = key === 'lmm' ? /^([1-9]\d*)@(\d+)$/.exec(value) : undefined;
    if (key === '' || value === '' || told === null) {
      const examples = ['--policy cme.K:fifoPercent=20', '--policy cme.Q:lmm=4@40 (order 4, 40 %)'];
      throw usageError(`expected NAME:PARAMETER=VALUE, got ${text}`, examples, '--policy');
    }
    if (told === undefined) parameters[key] = parseNumber(value) ?? value;
    else maker = { order: Number(told[1]), percent: Number(told[2]) };
  }
  const policy = { ...parameters, kind: 'preset', name: name as PolicyPresetName } as PolicyInput;
  return { label: text, policy, ...(maker === undefined ? {} : { maker }) };
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
