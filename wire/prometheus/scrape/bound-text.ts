import { parseFloatText } from './float.ts';
import { shortestFloat } from './shortest-float.ts';
import type { MetricType } from './types.ts';

/** The label that tells samples of one group apart, of types that have one. */
export function boundLabel(type: MetricType): 'le' | 'quantile' | undefined {
  if (type === 'histogram') return 'le';
  return type === 'summary' ? 'quantile' : undefined;
}

/** The value of `le` or `quantile` as OpenMetrics writes it: `1` is `1.0`. */
export function boundText(text: string): string {
  const value = parseFloatText(text);
  return value === undefined ? text : shortestFloat(value);
}
