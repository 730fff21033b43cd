import type { ValueMap } from '../expr/index.ts';
import type { Entry } from './entry/entry.ts';
import { entryTemplate } from './expressions.ts';
import { at } from './fault.ts';

/** Texts to add, by key; some depend on the entry. */
export interface Attributer {
  /** Pairs that are the same for every entry; undefined when some depend on it. */
  readonly fixed: ReadonlyMap<string, string> | undefined;
  /** @throws Error when an expression cannot be evaluated */
  add(entry: Entry): void;
}

/**
 * @param key where the texts stand in the configuration, and what they are added to
 * @throws OperatorFault
 */
export function attributer(
  key: 'attributes' | 'resource',
  texts: Readonly<Record<string, string>>,
): Attributer {
  const pairs = Object.entries(texts).map(
    ([name, text]) => [name, at([key, name], () => entryTemplate(text))] as const,
  );
  const isFixed = pairs.every(([, text]) => typeof text === 'string');
  return {
    fixed: isFixed ? new Map(pairs as [string, string][]) : undefined,
    add(entry) {
      if (pairs.length === 0) return;
      const map: ValueMap = entry[key] ?? new Map();
      entry[key] = map;
      for (const [name, text] of pairs) {
        map.set(name, typeof text === 'string' ? text : text(entry));
      }
    },
  };
}
