import { TranslationFault } from './metric-name.ts';

/** How keys of attributes become names of labels. */
export interface LabelRules {
  /** Whether characters stay that classic names lack. */
  readonly utf8: boolean;
  /** Whether names that begin with one `_` get `key` before it. */
  readonly keyBeforeUnderscore: boolean;
  /** Whether several `_` in a row stay. */
  readonly keepUnderscores: boolean;
}

/**
 * The name of the label that an attribute becomes.
 * @throws TranslationFault for what cannot be one
 */
export function labelName(rules: LabelRules, key: string): string {
  if (key === '') throw new TranslationFault('label name is empty');
  const quoted = JSON.stringify(key);
  if (rules.utf8) {
    if (!/^_+$/.test(key)) return key;
    throw new TranslationFault(`label name ${quoted} contains only underscores`);
  }
  let name = classicName(key, rules.keepUnderscores);
  if (/^[0-9]/.test(name)) name = `key_${name}`;
  else if (rules.keyBeforeUnderscore && /^_(?!_)/.test(name)) name = `key${name}`;
  if (!/^_*$/.test(name)) return name;
  const result = JSON.stringify(name);
  throw new TranslationFault(
    `normalization for label name ${quoted} resulted in invalid name ${result}`,
  );
}

function classicName(key: string, keepUnderscores: boolean): string {
  if (keepUnderscores) return key.replace(/[^a-zA-Z0-9]/gu, '_');
  const reserved = key.length >= 4 && key.startsWith('__') && key.endsWith('__');
  const inner = reserved ? key.slice(2, -2) : key;
  const name = inner.replace(/[^a-zA-Z0-9]+/gu, '_');
  return reserved ? `__${name}__` : name;
}
