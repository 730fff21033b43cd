/** The words of the Go collector's command line for what commander found wrong. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/^error: unknown option '(--[^'=]*)(?:=[^']*)?'/, 'unknown flag: $1'],
  [/^error: unknown option '-([^'])[^']*'/s, "unknown shorthand flag: '$1' in -$1"],
  [/^error: option '(?:-\w, )?(--[\w-]+)[^']*' argument missing/, 'flag needs an argument: $1'],
  [
    /^error: too many arguments for '[^']*'\. Expected 0 arguments but got (\d+).*/,
    'accepts 0 arg(s), received $1',
  ],
  [
    /^error: too many arguments for '[^']*'\. Expected 1 argument but got (\d+).*/,
    'accepts at most 1 arg(s), received $1',
  ],
  [/^error: /, ''],
];

/** @param text what commander would write to standard error */
export function usageError(text: string): string {
  for (const [pattern, words] of patterns) {
    if (pattern.test(text)) return `Error: ${text.replace(pattern, words)}`;
  }
  return text;
}
