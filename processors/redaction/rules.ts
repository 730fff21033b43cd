import { compileRegexp, type GoRegexp } from '../../pdata/regexp/index.ts';
import type { Config } from './config.ts';
import { type DatabaseSanitizer, databaseKeys, databaseSanitizer } from './database/sanitizer.ts';
import { maskOf } from './mask.ts';
import { pathCluster } from './url/cluster.ts';

/** Attributes that the processor writes itself and therefore does not remove. */
const ownKeys = [
  'redaction.redacted.keys',
  'redaction.redacted.count',
  'redaction.masked.keys',
  'redaction.masked.count',
  'redaction.ignored.count',
];

/** What a configuration says of keys and values. */
export interface Rules {
  isIgnored(key: string): boolean;
  isRemoved(key: string): boolean;
  isMasked(key: string): boolean;
  /** Whether values under a key are looked at: else they stay as they are. */
  looksAt(key: string): boolean;
  isAllowed(value: string): boolean;
  /** A value whose key is masked: each of its lines. */
  maskAll(value: string): string;
  /** A value with what is blocked in it masked, and sanitized. */
  attribute(value: string, key: string, system: string): string;
  body(value: string): string;
  readonly url: ((path: string) => string) | undefined;
  readonly database: DatabaseSanitizer | undefined;
}

function compileAll(key: string, patterns: readonly string[]): GoRegexp[] {
  return patterns.map((pattern) => {
    try {
      return compileRegexp(pattern);
    } catch (error) {
      throw new Error(`cannot use ${key}: ${(error as Error).message}`);
    }
  });
}

/** @throws Error for a pattern that cannot be read */
export function rulesOf(config: Config, signal: 'traces' | 'logs' | 'metrics'): Rules {
  const any = (patterns: readonly GoRegexp[]) => (text: string) => {
    for (const pattern of patterns) if (pattern.test(text)) return true;
    return false;
  };
  const compile = (key: keyof Config) => compileAll(key, config[key] as string[]);
  const ignoredKeys = new Set(config.ignored_keys);
  const ignored = any(compile('ignored_key_patterns'));
  const allowedKeys = new Set([...config.allowed_keys, ...ownKeys]);
  const blocked = compile('blocked_values');
  const url = config.url_sanitizer.enabled ? pathCluster() : undefined;
  const urlKeys = new Set(config.url_sanitizer.attributes);
  const database = databaseSanitizer(config.db_sanitizer, signal === 'logs');
  const statements = databaseKeys(config.db_sanitizer);
  const looksAtAll = blocked.length > 0 || config.allowed_values.length > 0;
  const mask = maskOf(config);
  const replacement = ({ groups }: { readonly groups: readonly (string | undefined)[] }) =>
    mask(groups[0] ?? '');
  const everything = compileRegexp('.*');

  function maskBlocked(value: string): string {
    let result = value;
    for (const pattern of blocked) {
      if (pattern.test(result)) result = pattern.replaceWith(result, replacement);
    }
    return result;
  }

  return {
    isIgnored: (key) => ignoredKeys.has(key) || ignored(key),
    isRemoved: config.allow_all_keys ? () => false : (key) => !allowedKeys.has(key),
    isMasked: any(compile('blocked_key_patterns')),
    looksAt: (key) => looksAtAll || (url !== undefined && urlKeys.has(key)) || statements.has(key),
    isAllowed: any(compile('allowed_values')),
    maskAll: (value) => everything.replaceWith(value, replacement),
    attribute(value, key, system) {
      let result = maskBlocked(value);
      if (url !== undefined && urlKeys.has(key)) result = url(result);
      return database?.attribute(result, key, system) ?? result;
    },
    body(value) {
      let result = maskBlocked(value);
      if (url !== undefined) result = url(result);
      return database?.body(result) ?? result;
    },
    url,
    database,
  };
}
