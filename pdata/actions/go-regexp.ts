/**
 * A regular expression in Go's syntax (RE2, https://github.com/google/re2/wiki/Syntax) as a RegExp.
 * Supported is what both have, and `(?P<name>...)`, leading flags `(?ims)`, `\A`, `\z`, `\pL`,
 * `[[:alpha:]]` and its kin. Matching here backtracks: a pattern that is slow on bad input is the
 * configuration's own risk.
 *
 * @throws Error that quotes the pattern when it cannot be read
 */
export function goRegExp(pattern: string): RegExp {
  const leading = /^\(\?([ims]+)\)/.exec(pattern);
  const flags = leading?.[1] ?? '';
  const body = pattern
    .slice(leading?.[0].length ?? 0)
    .replaceAll('(?P<', '(?<')
    .replace(/\\A/g, '^')
    .replace(/\\z/g, '$')
    .replace(/\\([pP])([A-Z])/g, '\\$1{$2}')
    .replace(/\[:(\^?)([a-z]+):\]/g, (whole, not: string, name: string) => {
      const range = posix[name];
      if (range === undefined || not !== '') throw cannot(pattern, `no class ${whole}`);
      return range;
    });
  if (/\\[QEC]/.test(body)) throw cannot(pattern, '\\Q, \\E and \\C are not supported');
  const unique = [...new Set(flags)].join('');
  try {
    return new RegExp(body, `u${unique}`);
  } catch {
    // escapes that only the older syntax takes, e.g. `\-`
    try {
      return new RegExp(body, unique);
    } catch (error) {
      throw cannot(pattern, (error as Error).message);
    }
  }
}

const posix: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  blank: '\\t ',
  digit: '0-9',
  lower: 'a-z',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

function cannot(pattern: string, why: string): Error {
  return new Error(`cannot read the pattern '${pattern}': ${why}`);
}

/** Names of the groups of a pattern in order; '' for one without a name. */
export function groupNames(pattern: RegExp): string[] {
  const names: string[] = [];
  const { source } = pattern;
  let inClass = false;
  for (let i = 0; i < source.length; i += 1) {
    const char = source[i];
    if (char === '\\') i += 1;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '(' && !inClass) {
      const named = /^\(\?<([^=!>][^>]*)>/.exec(source.slice(i));
      if (named !== null) names.push(named[1]!);
      else if (source[i + 1] !== '?') names.push('');
    }
  }
  return names;
}
