import { compileRegexp } from '../../../pdata/regexp/index.ts';

/** Whether a name matches one of the patterns. */
export function anyPattern(patterns: readonly string[]): (name: string) => boolean {
  const compiled = patterns.map((pattern) => compileRegexp(pattern));
  return (name) => compiled.some((one) => one.test(name));
}
