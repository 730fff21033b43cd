import type { Logger } from '../../component/settings.ts';
import { DataKind } from '../../pdata/readers.ts';
import { compileRegexp } from '../../pdata/regexp/index.ts';
import type { Config, Match } from './config.ts';

const kinds: Readonly<Record<string, number>> = {
  sum: DataKind.sum,
  histogram: DataKind.histogram,
  exponentialhistogram: DataKind.exponentialHistogram,
};

type Test = (name: string) => boolean;

/** undefined = there is nothing to compare with. */
function nameTest(match: Match, key: string, logger: Logger): Test | undefined {
  if (match.metrics.length === 0) return undefined;
  if (match.match_type === 'strict') {
    const names = new Set(match.metrics);
    return (name) => names.has(name);
  }
  if (match.match_type === 'regexp') {
    const patterns = match.metrics.map(compileRegexp);
    return (name) => patterns.some((pattern) => pattern.test(name));
  }
  logger.warn(`${key}.match_type is neither strict nor regexp: ${key}.metrics are not looked at`, {
    match_type: match.match_type,
  });
  return undefined;
}

/** Whether metrics of a name and kind are converted. */
export function chooser(
  { include, exclude }: Config,
  logger: Logger,
): (name: string, dataKind: number) => boolean {
  const included = nameTest(include, 'include', logger);
  const excluded = nameTest(exclude, 'exclude', logger);
  const kindsOf = (match: Match) => new Set(match.metric_types.map((t) => kinds[t.toLowerCase()]));
  const includedKinds = kindsOf(include);
  const excludedKinds = kindsOf(exclude);
  return (name, dataKind) =>
    (included === undefined || included(name)) &&
    (includedKinds.size === 0 || includedKinds.has(dataKind)) &&
    !(excluded?.(name) ?? false) &&
    !excludedKinds.has(dataKind);
}
