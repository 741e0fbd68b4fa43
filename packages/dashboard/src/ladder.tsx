/** The price ladder: what rests at each price about the middle. Its rows stand still; only what they say changes. */
import { useEffect, useRef } from 'preact/hooks';
import { DEPTH_ROWS, Field } from '../../cli/src/dashboard/columns.js';
import { clock, compact, integer } from './format.js';
import { trackName } from './marks.js';
import { onPaint, type Size } from './paint.js';
import { Panel, type Table } from './panel.js';
import { frozenNs, limitNs, playheadNs, type RunData, run, shown, trackId } from './state.js';
import { write } from './time-chart.js';

const ROW_PX = 17;

/** The book at one moment, whichever way it is known. */
interface Book {
  bid: number | null;
  ask: number | null;
  middle: number;
  /** Lots at a price, 0 for none. */
  qty(price: number): number;
  /** Orders at a price; `null` where only quantities are known. */
  orders(price: number): number | null;
  last: number | null;
  /** Orders of the agent that is watched at a price. */
  own(price: number): Own | undefined;
}

/** Lots of an agent at one price, and the lots in the queue before the first of them. */
interface Own {
  qty: number;
  ahead: number;
}

/** The ladder. */
export function Ladder() {
  const watched = watchedName();
  const host = useRef<HTMLDivElement>(null);
  const note = useRef<HTMLSpanElement>(null);
  useEffect(() => draw(host.current!, note.current!), []);
  return (
    <Panel
      title="Ladder"
      className={watched === undefined ? 'ladder' : 'ladder has-own'}
      summary={summarise}
      table={watched === undefined ? undefined : tabulate}
      legend={
        <>
          {watched === undefined ? null : <span class="key own-key">◆ {watched}</span>}
          <span class="note" ref={note} />
        </>
      }
    >
      <div class="ladder-head" aria-hidden="true">
        <span>{watched === undefined ? 'orders' : 'own·ahead'}</span>
        <span>bid</span>
        <span>price</span>
        <span>ask</span>
        <span>{watched === undefined ? 'orders' : 'own·ahead'}</span>
      </div>
      <div class="rows" ref={host} aria-hidden="true" />
    </Panel>
  );
}

/** Whose orders are shown. */
function watchedName(): string | undefined {
  const track = run.value?.tracks[trackId.value ?? -1];
  return track === undefined ? undefined : trackName(track, run.value);
}

/** The watched agent's orders by price, best first. */
function tabulate(): Table {
  const own = shown()?.accounts?.own ?? [];
  const rows = own.map(({ side, price, qty, orders, ordersAhead, lotsAhead }) => [
    side === 0 ? 'bid' : 'ask',
    ...[price, qty, orders, ordersAhead, lotsAhead].map((n) => integer(n)),
  ]);
  return { head: ['Side', 'Price', 'Own lots', 'Own orders', 'Orders ahead', 'Lots ahead'], rows };
}

function summarise(): string {
  const data = shown();
  const book = data === undefined ? undefined : bookOf(data);
  if (book === undefined) return 'Ladder: no data yet.';
  const side = (name: string, price: number | null): string =>
    price === null ? `no ${name}` : `${name} ${integer(price)} for ${integer(book.qty(price))} lots`;
  const name = watchedName();
  const [first] = data?.accounts?.own ?? [];
  const own =
    name === undefined
      ? ''
      : first === undefined
        ? ` ${name}: no orders at the best levels.`
        : ` ${name}: ${compact(first.qty)} lots at ${integer(first.price)}, ${compact(first.lotsAhead)} lots ahead.`;
  return `Ladder: ${side('bid', book.bid)}, ${side('ask', book.ask)}.${own}`;
}

/** The book at the playhead from its column, or the newest one level by level. */
function bookOf(run: RunData): Book | undefined {
  const at = playheadNs.value ?? frozenNs.value;
  if (at !== null) return bookAt(run, Math.min(at, limitNs()));
  const { state } = run;
  if (state === undefined) return undefined;
  const levels = new Map([...state.bids, ...state.asks].map((level) => [level.price, level]));
  const { accounts } = run;
  const own =
    accounts?.track === trackId.value ? new Map(accounts.own.map((level) => [level.price, level])) : undefined;
  const [bid, ask] = [state.bidQty > 0 ? state.bid : null, state.askQty > 0 ? state.ask : null];
  return {
    bid,
    ask,
    middle: middleOf(bid, ask, state.lastPrice),
    qty: (price) => levels.get(price)?.qty ?? 0,
    orders: (price) => levels.get(price)?.orders ?? 0,
    last: state.lastPrice,
    own: (price) => {
      const level = own?.get(price);
      return level && { qty: level.qty, ahead: level.lotsAhead };
    },
  };
}

function bookAt({ columns }: RunData, timeNs: number): Book | undefined {
  const k = columns.indexAt(timeNs);
  if (k < 0) return undefined;
  const base = columns.field(Field.depthBase)[k]!;
  const [bid, ask] = [
    columns.field(Field.bidQty)[k]! > 0 ? columns.field(Field.bid)[k]! : null,
    columns.field(Field.askQty)[k]! > 0 ? columns.field(Field.ask)[k]! : null,
  ];
  return {
    bid,
    ask,
    middle: middleOf(bid, ask, base + DEPTH_ROWS / 2),
    qty: (price) => {
      const row = price - base;
      return row < 0 || row >= DEPTH_ROWS ? 0 : columns.depth[k * DEPTH_ROWS + row]!;
    },
    orders: () => null,
    last: null,
    own: () => undefined,
  };
}

function middleOf(bid: number | null, ask: number | null, otherwise: number): number {
  if (bid !== null && ask !== null) return Math.round((bid + ask) / 2);
  return bid ?? ask ?? otherwise;
}

interface Row {
  element: HTMLElement;
  cells: HTMLElement[];
  bars: HTMLElement[];
  state: string;
}

function draw(host: HTMLElement, note: HTMLElement): () => void {
  const rows: Row[] = [];
  let centre = Number.NaN;
  const paint = ({ height }: Size): void => {
    const wanted = Math.max(5, Math.floor(height / ROW_PX));
    while (rows.length < wanted) rows.push(addRow(host));
    while (rows.length > wanted) rows.pop()!.element.remove();
    const run = shown();
    const book = run === undefined ? undefined : bookOf(run);
    host.classList.toggle('is-empty', book === undefined);
    if (book === undefined) {
      write(note, '');
      return;
    }
    const at = playheadNs.value ?? frozenNs.value;
    const isOwnUnknown = at !== null && trackId.value !== null;
    write(
      note,
      at === null ? '' : `at ${clock(at, run!.columns.intervalNs)}${isOwnUnknown ? ', own orders live only' : ''}`,
    );
    const half = Math.floor(wanted / 2);
    // It stands still until the middle has left the middle third, or a best price is about to leave the ladder.
    const isNear = (price: number | null): boolean => price === null || Math.abs(price - centre) < half;
    if (!(Math.abs(book.middle - centre) <= half / 3 && isNear(book.bid) && isNear(book.ask))) centre = book.middle;
    const top = centre + half;
    let most = 1;
    for (let i = 0; i < wanted; i++) most = Math.max(most, book.qty(top - i));
    rows.forEach((row, i) => {
      fill(row, top - i, book, most);
    });
  };
  const end = onPaint(host, paint, true);
  return () => {
    end();
    host.replaceChildren();
  };
}

function addRow(host: HTMLElement): Row {
  const element = document.createElement('div');
  element.className = 'row';
  const cells = ['count', 'qty bid', 'price', 'qty ask', 'count'].map((name) => {
    const cell = document.createElement('span');
    cell.className = name;
    element.append(cell);
    return cell;
  });
  const bars = [cells[1]!, cells[3]!].map((cell) => {
    const bar = document.createElement('i');
    cell.append(bar, document.createElement('b'));
    return bar;
  });
  host.append(element);
  return { element, cells, bars, state: '' };
}

function fill(row: Row, price: number, book: Book, most: number): void {
  const qty = book.qty(price);
  const isBid = book.bid !== null && price <= book.bid;
  const isAsk = book.ask !== null && price >= book.ask;
  const orders = qty === 0 ? null : book.orders(price);
  const [left, right] = [isBid ? qty : 0, isAsk ? qty : 0];
  const own = trackId.value === null ? undefined : book.own(price);
  const count = trackId.value !== null ? ownText(own) : orders !== null ? String(orders) : '';
  write(row.cells[0]!, left > 0 ? count : '');
  write(row.cells[1]!.lastElementChild as HTMLElement, left > 0 ? compact(left) : '');
  write(row.cells[2]!, integer(price));
  write(row.cells[3]!.lastElementChild as HTMLElement, right > 0 ? compact(right) : '');
  write(row.cells[4]!, right > 0 ? count : '');
  row.bars[0]!.style.transform = `scaleX(${(left / most).toFixed(3)})`;
  row.bars[1]!.style.transform = `scaleX(${(right / most).toFixed(3)})`;
  const state = `row${price === book.bid ? ' best-bid' : ''}${price === book.ask ? ' best-ask' : ''}${price === book.last ? ' last' : ''}${own === undefined ? '' : ' own'}`;
  if (state !== row.state) {
    row.element.className = state;
    row.state = state;
  }
}

/** Own lots and what is before them in the queue. */
function ownText(own: Own | undefined): string {
  return own === undefined ? '' : `◆${compact(own.qty)}·${compact(own.ahead)}`;
}
