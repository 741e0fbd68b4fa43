/** Time and sales: the last fills, newest first, of the side and size that were chosen. */
import { useEffect, useRef } from 'preact/hooks';
import type { TradeRing } from '../../cli/src/dashboard/trades.js';
import { clock, compact, integer } from './format.js';
import { whose } from './marks.js';
import { markUrgent, onPaint, type Size } from './paint.js';
import { Panel, type Table } from './panel.js';
import { limitNs, playheadNs, run, shown, tapeMin, tapeSide } from './state.js';
import { write } from './time-chart.js';

const ROW_PX = 17;
const TABLE_ROWS = 40;

/** Time and sales. */
export function Tape() {
  const host = useRef<HTMLDivElement>(null);
  const note = useRef<HTMLSpanElement>(null);
  useEffect(() => draw(host.current!, note.current!), []);
  return (
    <Panel
      title="Time & sales"
      className="tape"
      summary={summarise}
      table={tabulate}
      legend={
        <>
          <span class="note" ref={note} />
          <label>
            <span class="sr">Aggressor</span>
            <select
              value={tapeSide.value}
              onChange={(e) => {
                tapeSide.value = e.currentTarget.value as typeof tapeSide.value;
                markUrgent();
              }}
            >
              <option value="both">both</option>
              <option value="buy">buys</option>
              <option value="sell">sells</option>
            </select>
          </label>
          <label>
            <span class="dim">≥</span>
            <span class="sr">Lots at the least</span>
            <input
              id="tape-min"
              type="number"
              min="0"
              inputMode="numeric"
              value={tapeMin.value}
              title="Lots at the least (/)"
              onInput={(e) => {
                tapeMin.value = Math.max(0, Number(e.currentTarget.value) || 0);
                markUrgent();
              }}
            />
          </label>
        </>
      }
    >
      <div class="rows" ref={host} aria-hidden="true" />
    </Panel>
  );
}

/** Numbers of the newest fills that are wanted, up to the playhead. */
function chosen(ring: TradeRing, count: number): number[] {
  const at = Math.min(playheadNs.value ?? Number.POSITIVE_INFINITY, limitNs());
  const end = at === Number.POSITIVE_INFINITY ? ring.next : ring.after(at);
  const [side, least] = [tapeSide.value, tapeMin.value];
  const numbers: number[] = [];
  for (let n = end - 1; n >= ring.first && numbers.length < count; n--) {
    if (ring.at(n, 2) < least) continue;
    if (side !== 'both' && (ring.at(n, 3) === 0) !== (side === 'buy')) continue;
    numbers.push(n);
  }
  return numbers;
}

type Cells = [time: string, side: string, price: string, qty: string, who: string];

function cellsOf(ring: TradeRing, n: number): Cells {
  const side = ring.at(n, 3) === 0 ? '▲ buy' : '▼ sell';
  const step = isMarket() ? 1e7 : 1e3;
  return [clock(ring.at(n, 0), step), side, integer(ring.at(n, 1)), compact(ring.at(n, 2)), parties(ring, n)];
}

/** Whether it is known who traded. */
function isMarket(): boolean {
  return (run.value?.arm ?? null) !== null;
}

/** The aggressor and who had rested; nothing where nobody is known. */
function parties(ring: TradeRing, n: number): string {
  if (!isMarket()) return '';
  return `${whose(ring.at(n, 5), run.value)} ⇠ ${whose(ring.at(n, 4), run.value)}`;
}

function summarise(): string {
  const ring = shown()?.trades;
  if (ring === undefined) return 'Time and sales: no data yet.';
  const [newest] = chosen(ring, 1);
  if (newest === undefined) return 'Time and sales: no trades.';
  const [time, side, price, qty, who] = cellsOf(ring, newest);
  return `Time and sales: the last trade was at ${time}, aggressor ${side.slice(2)}, ${qty} lots at ${price}${who === '' ? '' : `, ${who}`}.`;
}

function tabulate(): Table {
  const ring = shown()?.trades;
  const rows = ring === undefined ? [] : chosen(ring, TABLE_ROWS).map((n) => cellsOf(ring, n));
  return { head: ['Time', 'Aggressor', 'Price', 'Lots', 'Aggressor ⇠ rested'], rows };
}

function draw(host: HTMLElement, note: HTMLElement): () => void {
  const rows: HTMLElement[] = [];
  const paint = ({ height }: Size): void => {
    const wanted = Math.max(3, Math.floor(height / ROW_PX));
    while (rows.length < wanted) {
      const row = document.createElement('div');
      row.append(
        ...['time', 'way', 'price', 'qty', 'who'].map((name) =>
          Object.assign(document.createElement('span'), { className: name }),
        ),
      );
      host.append(row);
      rows.push(row);
    }
    while (rows.length > wanted) rows.pop()!.remove();
    host.classList.toggle('has-parties', isMarket());
    const ring = shown()?.trades;
    const numbers = ring === undefined ? [] : chosen(ring, wanted);
    const isGone = ring !== undefined && ring.first > 0 && playheadNs.value !== null && numbers.length === 0;
    write(note, isGone ? 'only the last 4,096 are kept' : '');
    rows.forEach((row, i) => {
      const n = numbers[i];
      const cells = n === undefined ? ['', '', '', '', ''] : cellsOf(ring!, n);
      const name = n === undefined ? 'row' : `row ${ring!.at(n, 3) === 0 ? 'buy' : 'sell'}`;
      if (row.className !== name) row.className = name;
      cells.forEach((text, c) => {
        write(row.children[c] as HTMLElement, c === 1 ? text.slice(0, 1) : text);
      });
    });
  };
  const end = onPaint(host, paint, true);
  return () => {
    end();
    host.replaceChildren();
  };
}
