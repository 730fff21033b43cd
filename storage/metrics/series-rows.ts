import type { Labels } from './model.ts';

/** A row of the series query. */
export interface SeriesRow {
  /** Unsigned 64 bits in decimal. */
  readonly id: string;
  readonly name: string;
  readonly suffix: string;
  readonly type: string;
  /** 1: Prometheus sent it. */
  readonly prometheus: number;
  readonly job: string;
  readonly instance: string;
  readonly scope_labels: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, string>>;
  readonly attributes_other: Readonly<Record<string, string>>;
}

/** Whether Prometheus sent a row's series. */
export const fromPrometheus = "(metadata['prometheus.type'] != '')";

/** Columns of a {@link SeriesRow} in SELECT, in any FORMAT that names them. */
export const seriesColumns =
  `toString(id) AS id, name, suffix, type, toUInt8(${fromPrometheus}) AS prometheus, job, ` +
  'instance, scope_labels, attributes, attributes_other';

/** Labels of a row, by name; `extra` is the one that a point adds. */
export function labelsOfRow(row: SeriesRow, extra?: readonly [string, string]): Labels {
  const all = new Map<string, string>(Object.entries(row.attributes_other));
  for (const [name, value] of Object.entries(row.attributes)) all.set(name, value);
  for (const [name, value] of Object.entries(row.scope_labels)) all.set(name, value);
  if (row.job !== '') all.set('job', row.job);
  if (row.instance !== '') all.set('instance', row.instance);
  all.set('__name__', row.name + row.suffix);
  if (extra !== undefined) all.set(extra[0], extra[1]);
  return [...all].filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The same text for the same labels. */
export function labelsKey(labels: Labels): string {
  return JSON.stringify(labels);
}

/** An order of label sets: name by name, value by value, the shorter one first. */
export function compareLabels(a: Labels, b: Labels): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    for (const part of [0, 1] as const) {
      const [x, y] = [a[i]![part], b[i]![part]];
      if (x !== y) return x < y ? -1 : 1;
    }
  }
  return a.length - b.length;
}
