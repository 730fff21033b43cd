import { createHash } from 'node:crypto';
import { compileRegexp, type GoRegexp } from '../../pdata/regexp/index.ts';
import type { RelabelAction, RelabelRule } from './config/relabel.ts';

/** A rule that is ready to be applied. */
export interface CompiledRule {
  readonly action: RelabelAction;
  readonly sources: readonly string[];
  readonly separator: string;
  /** Matches whole texts only. */
  readonly regexp: GoRegexp;
  /** Whether the pattern is the default, which matches everything. */
  readonly matchesAll: boolean;
  readonly modulus: bigint;
  readonly target: string;
  readonly replacement: string;
  /** Whether names of labels may have all characters. */
  readonly utf8: boolean;
}

/** Compiles checked rules. @param utf8 whether names of labels may have all characters */
export function compileRules(rules: readonly RelabelRule[], utf8: boolean): CompiledRule[] {
  return rules.map((rule) => ({
    action: rule.action,
    sources: rule.source_labels ?? [],
    separator: rule.separator,
    regexp: compileRegexp(`^(?s:${rule.regex})$`),
    matchesAll: rule.regex === '(.*)',
    modulus: BigInt(rule.modulus),
    target: rule.target_label,
    replacement: rule.replacement,
    utf8,
  }));
}

/** Labels by name; a label without a value is none. */
export type LabelMap = Map<string, string>;

/** Sets a label; '' takes it away. */
export function setLabel(labels: LabelMap, name: string, value: string): void {
  if (value === '') labels.delete(name);
  else labels.set(name, value);
}

/**
 * Applies rules in their order
 * (https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config).
 * @returns whether what has the labels is kept
 */
export function relabel(rules: readonly CompiledRule[], labels: LabelMap): boolean {
  return rules.every((rule) => applyRule(rule, labels));
}

function applyRule(rule: CompiledRule, labels: LabelMap): boolean {
  const { action, target } = rule;
  const text = rule.sources.map((name) => labels.get(name) ?? '').join(rule.separator);
  switch (action) {
    case 'keep':
      return rule.regexp.test(text);
    case 'drop':
      return !rule.regexp.test(text);
    case 'keepequal':
      return (labels.get(target) ?? '') === text;
    case 'dropequal':
      return (labels.get(target) ?? '') !== text;
    case 'lowercase':
      setLabel(labels, target, text.toLowerCase());
      return true;
    case 'uppercase':
      setLabel(labels, target, text.toUpperCase());
      return true;
    case 'hashmod':
      setLabel(labels, target, String(hashOf(text) % rule.modulus));
      return true;
    case 'replace':
      replace(rule, text, labels);
      return true;
    default:
      applyToNames(rule, labels);
      return true;
  }
}

/** The lower half of the text's MD5. */
function hashOf(text: string): bigint {
  return createHash('md5').update(text).digest().readBigUInt64BE(8);
}

function replace(rule: CompiledRule, text: string, labels: LabelMap): void {
  const { target, replacement, regexp } = rule;
  const fixed = !target.includes('$') && !replacement.includes('$');
  if (text === '' && rule.matchesAll && fixed) {
    setLabel(labels, target, replacement);
    return;
  }
  const match = regexp.exec(text);
  if (match === undefined) return;
  const name = regexp.expand(target, match);
  if (name === '' || !(rule.utf8 || /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name))) return;
  setLabel(labels, name, regexp.expand(replacement, match));
}

function applyToNames({ action, regexp, replacement }: CompiledRule, labels: LabelMap): void {
  for (const [name, value] of [...labels]) {
    const matches = regexp.test(name);
    if (action === 'labelmap') {
      if (matches) setLabel(labels, regexp.replaceAll(name, replacement), value);
    } else if (matches === (action === 'labeldrop')) labels.delete(name);
  }
}
