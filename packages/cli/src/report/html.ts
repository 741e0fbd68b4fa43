/** A report as one page that needs nothing else: no request, no font, no script but its own. */
import { decimal } from '../format.js';
import type { Axis, Chart, Comparison, FactGroup, Figure, Report, Section } from './document.js';
import { clockText, htmlText, svgOf } from './plots.js';
import { style } from './style.js';
import { changeText, show, showChange } from './units.js';

/** Nothing may be loaded, whatever a scenario's name says. */
const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/** The page. */
export function htmlOf(report: Report): string {
  const { title, subtitle, verdict, figures, sections, facts, notes, generated } = report;
  const embedded = JSON.stringify(report).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${htmlText(title)} · toprung</title>
<style>${style}</style>
</head>
<body>
<header>
<div>
<p class="brand">toprung report</p>
<h1>${htmlText(title)}</h1>
<p class="subtitle">${htmlText(subtitle)}</p>
</div>
<p class="verdict ${verdict.state}"><strong>${htmlText(verdict.word)}</strong><span>${htmlText(verdict.text)}</span></p>
</header>
<main>
<section aria-labelledby="figures">
<h2 id="figures">Key figures</h2>
<div class="figures">
${figures.map(figureHtml).join('\n')}
</div>
${figures.some(({ against }) => against !== null) ? comparisonTable(figures) : ''}
</section>
${sections.map(sectionHtml).join('\n')}
<section aria-labelledby="facts">
<h2 id="facts">What was run</h2>
<div class="facts">
${facts.map(factsHtml).join('\n')}
</div>
<ul class="notes">
${notes.map((note) => `<li>${htmlText(note)}</li>`).join('\n')}
</ul>
</section>
</main>
<footer>Made ${htmlText(generated)}. The data of this page is in it: the element <code>report</code>, as JSON.</footer>
<script type="application/json" id="report">${embedded}</script>
</body>
</html>
`;
}

function figureHtml({ name, value, unit, remark, threshold, against }: Figure): string {
  const badge =
    threshold === null
      ? ''
      : `<p class="badge ${threshold.holds ? 'good' : 'bad'}">${threshold.holds ? '✓' : '✗'} ${htmlText(threshold.text)}</p>`;
  const other = against === null ? '' : `<p class="change ${classOf(against)}">${htmlText(changeText(against))}</p>`;
  return `<div class="figure${threshold?.holds === false ? ' failed' : ''}">
<p class="name">${htmlText(name)}</p>
<p class="value">${htmlText(show(value, unit))}</p>
<p class="remark">${htmlText(remark)}</p>
${other}${badge}
</div>`;
}

function classOf({ verdict }: Comparison): string {
  if (verdict === 'better') return 'good';
  if (verdict === 'worse') return 'bad';
  return verdict === 'unclear' ? 'unsure' : '';
}

function comparisonTable(figures: readonly Figure[]): string {
  const rows = figures.flatMap(({ name, value, unit, against }) => {
    if (against === null) return [];
    const { interval } = against;
    const range = interval === null ? '–' : `${showChange(interval[0])} to ${showChange(interval[1])}`;
    const change = against.difference === null ? '–' : showChange(against.difference);
    const cells = [show(value, unit), show(against.value, unit), change, range];
    const numbers = cells.map((cell) => `<td class="number">${htmlText(cell)}</td>`).join('');
    return [
      `<tr><th scope="row">${htmlText(name)}</th>${numbers}<td class="${classOf(against)}">${against.verdict}</td><td>${htmlText(against.method)}</td></tr>`,
    ];
  });
  return `<div class="scroll" role="region" aria-label="Comparison" tabindex="0"><table>
<thead><tr><th>figure</th><th class="number">this run</th><th class="number">the other</th><th class="number">difference</th><th class="number">95 % interval</th><th>verdict</th><th>by</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>`;
}

function sectionHtml({ title, text, charts }: Section, i: number): string {
  return `<section aria-labelledby="section-${i}">
<h2 id="section-${i}">${htmlText(title)}</h2>
<p class="text">${htmlText(text)}</p>
<div class="charts">
${charts.map(chartHtml).join('\n')}
</div>
</section>`;
}

function chartHtml(chart: Chart): string {
  // A wide one scrolls on small screens: by the keyboard, too.
  const scrolls = chart.wide ? ` role="region" aria-label="${htmlText(chart.title)}" tabindex="0"` : '';
  return `<figure class="${chart.wide ? 'wide' : ''}">
<figcaption><strong>${htmlText(chart.title)}</strong> ${htmlText(chart.finding)}</figcaption>
${legend(chart)}<div class="plot"${scrolls}>${svgOf(chart)}</div>
<details><summary>Numbers</summary><div class="scroll" role="region" aria-label="${htmlText(chart.title)}, numbers" tabindex="0">${numbers(chart)}</div></details>
</figure>`;
}

function legend(chart: Chart): string {
  const key = (color: string, text: string, dashed = false): string =>
    `<span class="key"><i style="background:${dashed ? `repeating-linear-gradient(90deg,${color} 0 5px,transparent 5px 9px)` : color}"></i>${htmlText(text)}</span>`;
  const keys: string[] = [];
  if (chart.kind === 'heatmap') {
    const [low, high] = chart.limits.map((q) => decimal(q, 0));
    keys.push(
      key('rgb(46 134 222)', 'bids'),
      key('rgb(230 126 34)', `asks: faint ${low} lots, strong ${high} and more`),
    );
    keys.push(...chart.lines.map((s) => key(`var(--s${s.color})`, s.name)));
  } else if (chart.kind === 'lines') {
    const many = chart.series.length > 1;
    if (many) keys.push(...chart.series.map((s) => key(`var(--s${s.color})`, s.name, s.shape === 'dashed')));
    keys.push(...chart.marks.map((m) => key('var(--band-strong)', m.label)));
  } else if (chart.kind === 'ranking') {
    const both = new Set(chart.rows.map(({ own }) => own)).size === 2;
    if (both) keys.push(key('var(--s0)', 'toprung'), key('var(--muted)', 'others'));
  } else if (chart.kind === 'forest') {
    keys.push(key('var(--band-strong)', `less than ${(100 * chart.minEffect).toFixed(1)} %: no difference`));
  }
  return keys.length === 0 ? '' : `<p class="legend">${keys.join('')}</p>`;
}

/** Rows of a chart's table: more can be had from the JSON. */
const rowsMax = 24;

function numbers(chart: Chart): string {
  if (chart.kind === 'forest') {
    const rows = chart.rows.map((r) => [r.name, showChange(r.difference), r.interval.map(showChange).join(' to ')]);
    return tableHtml(['figure', 'difference', 'interval'], rows);
  }
  if (chart.kind === 'histogram') {
    const rows = thin(chart.bins).map((bin) => bin.map(plain));
    return tableHtml([`from, ${chart.x.label}`, 'to', chart.y.label], rows);
  }
  if (chart.kind === 'ranking') {
    const rows = chart.rows.map((r) => [r.name, plain(r.value), r.remark]);
    return tableHtml(['', chart.x.label, ''], rows);
  }
  const series = chart.kind === 'heatmap' ? chart.lines : chart.series;
  return series
    .map((s) =>
      tableHtml(
        [chart.x.label, s.name],
        thin(s.points).map(([x, y]) => [pointText(chart.x.scale, x), plain(y)]),
      ),
    )
    .join('');
}

function pointText(scale: Axis['scale'], x: number): string {
  if (scale === 'clock') return clockText(x);
  return scale === 'nines' ? `${plain(100 * (1 - 1 / x))} %` : plain(x);
}

function thin<T>(rows: readonly T[]): readonly T[] {
  const step = Math.ceil(rows.length / rowsMax);
  return rows.filter((_, i) => i % step === 0);
}

function plain(value: number): string {
  return String(Number(value.toPrecision(9)));
}

function tableHtml(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]): string =>
    row.map((text) => `<${tag} class="number">${htmlText(text)}</${tag}>`).join('');
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('');
  return `<table><thead><tr>${cells('th', head)}</tr></thead><tbody>${body}</tbody></table>`;
}

function factsHtml({ title, rows }: FactGroup): string {
  const list = rows.map(([label, value]) => `<dt>${htmlText(label)}</dt><dd>${htmlText(value)}</dd>`).join('\n');
  return `<div><h3>${htmlText(title)}</h3><dl>${list}</dl></div>`;
}
