/** The frame of every panel: its name, what it says in one sentence, the same as a table, and how it is made large. */
import { untracked } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { saveCsv, savePicture } from './export.js';
import { markUrgent } from './paint.js';
import { beat, PANELS, type PanelName, panel } from './state.js';

/** A table as people read it. */
export interface Table {
  head: string[];
  rows: string[][];
}

interface Props {
  name?: PanelName;
  title: string;
  className?: string;
  /** What the panel shows, in one sentence; asked for a few times a second at most. */
  summary(): string;
  table?: (() => Table) | undefined;
  /** Beside the title. */
  legend?: ComponentChildren;
  /** It is drawn on a canvas. */
  hasPicture?: boolean;
  children: ComponentChildren;
}

/** A panel. */
export function Panel({ name, title, className = '', summary, table, legend, hasPicture = false, children }: Props) {
  const id = useId();
  const isLarge = name !== undefined && panel.value === name;
  return (
    <section
      class={`panel ${className} ${isLarge ? 'is-large' : ''}`}
      aria-labelledby={`${id}-title`}
      id={name === undefined ? undefined : `panel-${name}`}
      data-panel={name}
    >
      <header>
        <h2 id={`${id}-title`}>{title}</h2>
        <div class="legend">{legend}</div>
        {hasPicture ? (
          <button
            type="button"
            class="quiet picture"
            title="Save as PNG"
            onClick={(e) => savePicture(title, e.currentTarget)}
          >
            ↓<span class="sr">Save {title} as a picture</span>
          </button>
        ) : null}
        {table === undefined ? null : <TableButton title={title} table={table} />}
        {name === undefined ? null : (
          <button
            type="button"
            class="quiet"
            aria-pressed={isLarge}
            title={`${isLarge ? 'Back to all panels' : 'Large'} (${PANELS.indexOf(name) + 1})`}
            onClick={() => togglePanel(name)}
          >
            {isLarge ? '⤡' : '⤢'}
            <span class="sr">{isLarge ? 'Back to all panels' : `Make ${title} large`}</span>
          </button>
        )}
      </header>
      <Summary of={summary} />
      {children}
    </section>
  );
}

/** Makes a panel large, or all of them equal again. */
export function togglePanel(name: PanelName): void {
  panel.value = panel.value === name ? null : name;
  requestAnimationFrame(() => markUrgent());
}

/** With the beat alone: what it looks at (the view, while it follows) may change with every frame. */
function Summary({ of }: { of(): string }) {
  beat.value;
  return <p class="sr summary">{untracked(of)}</p>;
}

function TableButton({ title, table }: { title: string; table: () => Table }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="quiet" aria-expanded={isOpen} title="As a table" onClick={() => setOpen(!isOpen)}>
        ☰<span class="sr">{title} as a table</span>
      </button>
      {isOpen ? <TableOf title={title} table={table} close={() => setOpen(false)} /> : null}
    </>
  );
}

function TableOf({ title, table, close }: { title: string; table: () => Table; close(): void }) {
  beat.value;
  const { head, rows } = untracked(table);
  return (
    <section
      class="table"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
      tabIndex={0}
      aria-label={`${title}, table`}
      onKeyDown={(e) => e.key === 'Escape' && close()}
    >
      <table>
        <caption class="sr">{title}</caption>
        <thead>
          <tr>
            {head.map((text) => (
              <th key={text} scope="col">
                {text}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, i) => (
            <tr key={cells[0] ?? i}>
              {cells.map((text, c) => (
                <td key={head[c]}>{text}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 ? (
        <p>Nothing yet.</p>
      ) : (
        <button type="button" onClick={() => saveCsv(title, [head, ...rows])}>
          Save as CSV
        </button>
      )}
    </section>
  );
}
