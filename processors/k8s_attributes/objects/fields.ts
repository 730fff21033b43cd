import type { Origin } from '../config.ts';
import type { FieldRule, Rules } from '../rules.ts';
import type { MetaObject, Texts } from './model.ts';

/** Kinds whose attributes were `labels` and `annotations` before the conventions said otherwise. */
const hasLegacyNames: ReadonlySet<Origin> = new Set(['pod', 'namespace', 'node']);

function take(rule: FieldRule, fields: Texts, prefix: string, into: Map<string, string>): void {
  const { pattern, key, name } = rule;
  if (pattern === undefined) {
    const value = fields[key];
    if (value !== undefined) into.set(name === '' ? prefix + key : name, value);
    return;
  }
  for (const [found, value] of Object.entries(fields)) {
    if (value === '') continue;
    const match = pattern.exec(found);
    if (match === undefined) continue;
    const isTemplate = rule.hasGroups && name !== '';
    into.set(isTemplate ? pattern.expand(name, match) : prefix + found, value);
  }
}

/** Sets what rules take of labels of an object of a kind. */
export function takeLabels(
  rules: Rules,
  from: Origin,
  labels: Texts,
  into: Map<string, string>,
): void {
  takeAll(rules.labels, rules, from, 'label', labels, into);
}

/** Sets what rules take of annotations of an object of a kind. */
export function takeAnnotations(
  rules: Rules,
  from: Origin,
  annotations: Texts,
  into: Map<string, string>,
): void {
  takeAll(rules.annotations, rules, from, 'annotation', annotations, into);
}

function takeAll(
  fields: readonly FieldRule[],
  { gates }: Rules,
  from: Origin,
  what: string,
  texts: Texts,
  into: Map<string, string>,
): void {
  const hasLegacy = hasLegacyNames.has(from);
  for (const rule of fields) {
    if (rule.from !== from) continue;
    if (hasLegacy && gates.legacy) take(rule, texts, `k8s.${from}.${what}s.`, into);
    if (!hasLegacy || gates.stable) take(rule, texts, `k8s.${from}.${what}.`, into);
  }
}

/** Attributes that rules take of an object that is no pod. */
export function attributesOf(rules: Rules, from: Origin, object: MetaObject): Map<string, string> {
  const found = new Map<string, string>();
  takeLabels(rules, from, object.labels, found);
  takeAnnotations(rules, from, object.annotations, found);
  return found;
}
