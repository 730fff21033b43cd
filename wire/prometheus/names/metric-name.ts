import { cleanUnitWords, unitWords } from './units.ts';

/** What the name of a metric depends on beside its own name. */
export type NamedKind = 'gauge' | 'counter' | 'other';

/** How names of OTLP become names of Prometheus; the key `translation_strategy` of exporters. */
export interface NameRules {
  /** Before every name; '' = none. */
  readonly namespace: string;
  /** Whether units and `_total` are added. */
  readonly suffixes: boolean;
  /** Whether characters stay that classic names lack. */
  readonly utf8: boolean;
}

/** Why a metric or point cannot become a series. */
export class TranslationFault extends Error {}

/**
 * The Prometheus name of a metric, by the rules of
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 * @throws TranslationFault
 */
export function metricName(rules: NameRules, name: string, unit: string, kind: NamedKind): string {
  if (rules.utf8) return utf8Name(rules, name, unit, kind);
  const out = rules.suffixes ? suffixedName(rules, name, unit, kind) : plainName(rules, name);
  const quoted = JSON.stringify(name);
  if (out === '')
    throw new TranslationFault(`normalization for metric ${quoted} resulted in empty name`);
  if (out !== name && /^_+$/.test(out)) {
    const result = JSON.stringify(out);
    throw new TranslationFault(
      `normalization for metric ${quoted} resulted in invalid name ${result}`,
    );
  }
  return out;
}

const digitFirst = (name: string): string => (/^[0-9]/.test(name) ? `_${name}` : name);

/** Runs of characters that names lack become one `_`, none at the ends. */
const joined = (text: string): string =>
  text
    .split(/[^a-zA-Z0-9:_]+/u)
    .filter((part) => part !== '')
    .join('_');

function plainName({ namespace }: NameRules, name: string): string {
  const own = joined(name);
  return namespace === '' ? digitFirst(own) : `${joined(namespace)}_${own}`;
}

function suffixedName(rules: NameRules, name: string, unit: string, kind: NamedKind): string {
  let tokens = name.split(/[^a-zA-Z0-9:]+/u).filter((token) => token !== '');
  const [mainWord, perWord] = cleanUnitWords(unit);
  let main = tokens.includes(mainWord) ? '' : mainWord;
  let per = perWord === 'per_' ? '' : perWord.replace(/_$/, '');
  if (tokens.includes(per)) per = '';
  if (per !== '') main = main.replace(/_$/, '');
  if (main !== '') tokens.push(main);
  if (per !== '') tokens.push(per);
  const last = (word: string): void => {
    tokens = [...tokens.filter((token) => token !== word), word];
  };
  if (kind === 'counter') last('total');
  if (unit === '1' && kind === 'gauge') last('ratio');
  if (rules.namespace !== '') tokens.unshift(rules.namespace);
  return digitFirst(tokens.join('_'));
}

/** Takes a suffix and the character before it off. */
function without(name: string, suffix: string): string {
  const length = Buffer.byteLength(name);
  const whole = name.endsWith(suffix) && length > suffix.length + 1;
  return whole ? name.slice(0, -suffix.length - 1) : name;
}

function utf8Name(rules: NameRules, name: string, unit: string, kind: NamedKind): string {
  let out = rules.namespace === '' ? name : `${rules.namespace}_${name}`;
  if (!rules.suffixes) return out;
  let tail = '';
  const move = (suffix: string): void => {
    out = without(out, suffix);
    tail = `_${suffix}${tail}`;
  };
  if (unit === '1' && kind === 'gauge') move('ratio');
  if (kind === 'counter') move('total');
  const [main, per] = unitWords(unit);
  if (per !== '') move(per);
  if (main !== '' && !out.endsWith(main)) out += `_${main}`;
  return out + tail;
}
