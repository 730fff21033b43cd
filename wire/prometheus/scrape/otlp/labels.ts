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

/** Between attributes and a bound that a native histogram has as a label. */
const separator = 0xff;

/** Writes what the samples of one point have in common, and what its attributes are. */
export class GroupKey {
  readonly writer = new Writer(256);
  /** Fields of the attributes: bytes [from, to) of what was written. */
  from = 0;
  to = 0;

  /** @param family its number */
  write(family: number, labels: Labels, kind: PointKind): void {
    const w = this.writer;
    const bound = boundOf[kind];
    w.length = 0;
    w.varint(family);
    this.from = w.length;
    let own = '';
    for (let i = 0; i < labels.length; i += 2) {
      const name = labels[i]!;
      const value = labels[i + 1]!;
      if (name === bound) own = value;
      else if (value !== '' && !ofTarget.has(name) && !name.startsWith(scopePrefix)) {
        writeAttribute(w, attributeField[kind], name, value);
      }
    }
    this.to = w.length;
    if (kind !== 'exponential' || own === '') return;
    w.varint(separator);
    w.string(own);
  }
}

/** The scope that labels name. */
export interface ScopeLabels {
  readonly name: string;
  readonly version: string;
  readonly schemaUrl: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Of labels that name none. */
export const noScope: ScopeLabels = { name: '', version: '', schemaUrl: '', attributes: {} };

/** @param all whether every label but those of the target is an attribute: of otel_scope_info */
export function scopeOf(labels: Labels, all = false): ScopeLabels {
  if (!all && !hasScope(labels)) return noScope;
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

function hasScope(labels: Labels): boolean {
  for (let i = 0; i < labels.length; i += 2) if (labels[i]!.startsWith(scopePrefix)) return true;
  return false;
}
