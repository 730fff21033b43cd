import type { Family, Labels } from './model.ts';

/** Ways to write names with characters that classic names lack; parameter `escaping`. */
export const schemes = ['allow-utf-8', 'underscores', 'dots', 'values'] as const;
/** One of {@link schemes}, as clients ask for it in Accept. */
export type Scheme = (typeof schemes)[number];

const classic = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** Whether a name needs no quotes. */
export const isClassic = (name: string): boolean => classic.test(name);

function keeps(char: string, first: boolean): boolean {
  return first ? /^[a-zA-Z_:]$/.test(char) : /^[a-zA-Z0-9_:]$/.test(char);
}

/** A name by a scheme (https://prometheus.io/docs/instrumenting/escaping_schemes/). */
export function escapeName(name: string, scheme: Scheme): string {
  if (scheme === 'allow-utf-8' || isClassic(name)) return name;
  let out = scheme === 'values' ? 'U__' : '';
  let first = true;
  for (const char of name) {
    const kept = keeps(char, first);
    first = false;
    if (scheme === 'underscores') out += kept ? char : '_';
    else if (char === '_') out += '__';
    else if (kept) out += char;
    else if (scheme === 'dots') out += char === '.' ? '_dot_' : '__';
    else out += `_${char.codePointAt(0)!.toString(16)}_`;
  }
  return out;
}

/** A family with all its names by a scheme. */
export function escapeFamily(family: Family, scheme: Scheme): Family {
  if (scheme === 'allow-utf-8') return family;
  const labels = (given: Labels): Labels =>
    given.map(([name, value]) => [escapeName(name, scheme), value] as const);
  const metrics = family.metrics.map((metric) => ({ ...metric, labels: labels(metric.labels) }));
  return { ...family, name: escapeName(family.name, scheme), metrics };
}
