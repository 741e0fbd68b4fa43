/**
 * A report as plain data: `report.json`. The page and the Markdown are made of nothing but this, so that they can be made
 * again years later.
 */

/** What reports of this version are called. */
export const reportSchema = 'toprung.report/1';

/** A report. */
export interface Report {
  readonly schema: typeof reportSchema;
  readonly title: string;
  /** One line below the title: what it is a report of. */
  readonly subtitle: string;
  /** When it was made, ISO 8601. */
  readonly generated: string;
  /** The answer in a word, and why. */
  readonly verdict: { readonly state: State; readonly word: string; readonly text: string };
  readonly figures: readonly Figure[];
  readonly sections: readonly Section[];
  /** What was run: one group a run. */
  readonly facts: readonly FactGroup[];
  /** How the numbers came about, a sentence each. */
  readonly notes: readonly string[];
}

/** How something stands. */
export type State = 'good' | 'bad' | 'neutral' | 'unsure';

/** A key figure. */
export interface Figure {
  readonly key: string;
  readonly name: string;
  /** In the figure's unit. */
  readonly value: number;
  readonly unit: Unit;
  /** Which way is better, if one is. */
  readonly better: 'higher' | 'lower' | null;
  /** Below the value: where it comes from. */
  readonly remark: string;
  readonly threshold: { readonly text: string; readonly holds: boolean } | null;
  readonly against: Comparison | null;
}

/** What a figure's number counts. */
export type Unit =
  | 'ns'
  | 'per second'
  | 'count'
  | 'ticks'
  | 'lots'
  | 'share'
  | 'ratio'
  /** Written behind the number as it is. */
  | { readonly suffix: string };

/** A figure beside that of another run. */
export interface Comparison {
  readonly value: number;
  /** Relative difference of this run to the other: 0.05 is 5 % more; null where it cannot be told. */
  readonly difference: number | null;
  /** The interval that it lies in, 95 %; null where it cannot be told. */
  readonly interval: readonly [low: number, high: number] | null;
  readonly verdict: 'same' | 'better' | 'worse' | 'higher' | 'lower' | 'no change' | 'unclear';
  /** How the interval was found. */
  readonly method: string;
}

/** Charts under one heading. */
export interface Section {
  readonly title: string;
  readonly text: string;
  readonly charts: readonly Chart[];
}

/** A group of labelled values. */
export interface FactGroup {
  readonly title: string;
  readonly rows: readonly (readonly [label: string, value: string])[];
}

interface ChartBase {
  readonly id: string;
  readonly title: string;
  /** What it shows, in a sentence. */
  readonly finding: string;
  /** Over the whole width. */
  readonly wide: boolean;
}

/** An axis. */
export interface Axis {
  readonly label: string;
  /** `nines`: x is 1 / (1 - percentile); `clock`: seconds since midnight. */
  readonly scale: 'linear' | 'log' | 'nines' | 'clock';
  /** Whether the axis begins at zero. */
  readonly zero: boolean;
}

/** Lines over a common axis. */
export interface LineChart extends ChartBase {
  readonly kind: 'lines';
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** Horizontal bands and lines to read the series against. */
  readonly marks: readonly { readonly label: string; readonly low: number; readonly high: number }[];
}

/** One line. */
export interface Series {
  readonly name: string;
  /** Index of its colour, from 0. */
  readonly color: number;
  readonly shape: 'line' | 'step' | 'stems' | 'dashed';
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Counts in bins. */
export interface HistogramChart extends ChartBase {
  readonly kind: 'histogram';
  readonly x: Axis;
  readonly y: Axis;
  readonly bins: readonly (readonly [from: number, to: number, value: number])[];
}

/** Depth of the book over time and price. */
export interface HeatmapChart extends ChartBase {
  readonly kind: 'heatmap';
  readonly x: Axis;
  readonly y: Axis;
  readonly xRange: readonly [number, number];
  readonly yRange: readonly [number, number];
  readonly columns: number;
  readonly rows: number;
  /** Row by row from the highest price: 0 nothing, 1 to 127 bids, 129 to 255 asks, by rising quantity; base64. */
  readonly cells: string;
  /** Quantities that the faintest and the strongest colour stand for. */
  readonly limits: readonly [number, number];
  readonly lines: readonly Series[];
}

/** Differences with their intervals. */
export interface ForestChart extends ChartBase {
  readonly kind: 'forest';
  readonly x: Axis;
  readonly rows: readonly {
    readonly name: string;
    readonly difference: number;
    readonly interval: readonly [number, number];
    readonly state: State;
  }[];
  /** Differences smaller than this are called none. */
  readonly minEffect: number;
}

/** Values of several things beside each other, in the order that they are shown in. */
export interface RankingChart extends ChartBase {
  readonly kind: 'ranking';
  readonly x: Axis;
  readonly rows: readonly {
    readonly name: string;
    readonly value: number;
    /** Whether it is toprung's. */
    readonly own: boolean;
    readonly remark: string;
  }[];
}

/** A chart. */
export type Chart = LineChart | HistogramChart | HeatmapChart | ForestChart | RankingChart;
