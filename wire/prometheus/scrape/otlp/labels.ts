import { Writer } from '../../../../pdata/proto/writer.ts';
import { writeAttribute } from '../../../../pdata/values.ts';
import type { PointKind } from './family-of.ts';

/** Names and values, alternating, in the order of the names. */
export type Labels = readonly string[];

const scopePrefix = 'otel_scope_';

/** Labels that say where a sample comes from, not what it is. */
const ofTarget = new Set(['__name__', 'instance', '__scheme__', '__metrics_path__', 'job']);

/** The value of a label; '' where there is none. */
export function labelOf(labels: Labels, name: string): string {
  for (let i = 0; i < labels.length; i += 2) if (labels[i] === name) return labels[i + 1]!;
  return '';
}

/** Number of the field of attributes in points of a kind. */
const attributeField: Readonly<Record<PointKind, number>> = {
  gauge: 7,
  sum: 7,
  histogram: 9,
  summary: 7,
  exponential: 1,
};

const boundOf: Readonly<Record<PointKind, string>> = {
  gauge: '',
  sum: '',
  histogram: 'le',
  summary: 'quantile',
  exponential: 'le',
};

/** What the samples of one point have in common; their points' attributes follow from it. */
export function groupKey(labels: Labels, kind: PointKind): string {
  let key = '';
  const bound = kind === 'exponential' ? '' : boundOf[kind];
  for (let i = 0; i < labels.length; i += 2) {
    const name = labels[i]!;
    if (ofTarget.has(name) || name === bound || name.startsWith(scopePrefix)) continue;
    key += `${name}\xff${labels[i + 1]}\xff`;
  }
  return key;
}

/** The attributes of a point as its fields. */
export function attributeBytes(labels: Labels, kind: PointKind): Uint8Array {
  const w = new Writer(128);
  for (let i = 0; i < labels.length; i += 2) {
    const name = labels[i]!;
    const value = labels[i + 1]!;
    const skipped = ofTarget.has(name) || name === boundOf[kind] || name.startsWith(scopePrefix);
    if (!skipped && value !== '') writeAttribute(w, attributeField[kind], name, value);
  }
  return w.take();
}

/** The scope that labels name. */
export interface ScopeLabels {
  readonly name: string;
  readonly version: string;
  readonly schemaUrl: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** @param all whether every label but those of the target is an attribute: of otel_scope_info */
export function scopeOf(labels: Labels, all = false): ScopeLabels {
  let name = '';
  let version = '';
  let schemaUrl = '';
  const attributes: Record<string, string> = {};
  for (let i = 0; i < labels.length; i += 2) {
    const label = labels[i]!;
    const value = labels[i + 1]!;
    if (label === `${scopePrefix}name`) name = value;
    else if (label === `${scopePrefix}version`) version = value;
    else if (label === `${scopePrefix}schema_url`) schemaUrl = value;
    else if (all) {
      if (label !== '__name__' && label !== 'job' && label !== 'instance') {
        attributes[label] = value;
      }
    } else if (label.startsWith(scopePrefix)) {
      attributes[label.slice(scopePrefix.length)] = value;
    }
  }
  return { name, version, schemaUrl, attributes };
}
