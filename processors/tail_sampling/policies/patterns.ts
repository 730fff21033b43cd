import { compileRegexp } from '../../../pdata/regexp/index.ts';

const defaultCacheSize = 128;

/**
 * Whether a text matches one of some patterns anywhere, with the last results kept.
 * @param cacheSize results that are kept; 0 or less = 128
 * @throws Error for a pattern that cannot be read
 */
export function cachedPatterns(
  patterns: readonly string[],
  cacheSize: number,
): (text: string) => boolean {
  const compiled = patterns.map(compilePattern);
  const limit = cacheSize > 0 ? cacheSize : defaultCacheSize;
  const known = new Map<string, boolean>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const matched = compiled.some((pattern) => pattern.test(text));
    if (known.size >= limit) known.delete(known.keys().next().value!);
    known.set(text, matched);
    return matched;
  };
}

function compilePattern(pattern: string) {
  try {
    return compileRegexp(pattern);
  } catch (error) {
    throw new Error(`invalid regex \`${pattern}\`: ${(error as Error).message}`);
  }
}
