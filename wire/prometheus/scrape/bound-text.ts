import { shortFloat } from '../names/float-text.ts';
import { parseFloatText } from './float.ts';
import type { MetricType } from './types.ts';

/** The label that tells samples of one group apart, of types that have one. */
export function boundLabel(type: MetricType): 'le' | 'quantile' | undefined {
  if (type === 'histogram') return 'le';
  return type === 'summary' ? 'quantile' : undefined;
}

/** A bound as OpenMetrics writes it: with a point or an exponent. */
export function boundOf(value: number): string {
  if (value === 0) return '0.0';
  const text = shortFloat(value);
  return /[.enI]/i.test(text) ? text : `${text}.0`;
}

/** The value of `le` or `quantile` as OpenMetrics writes it: `1` is `1.0`. */
export function boundText(text: string): string {
  const value = parseFloatText(text);
  return value === undefined ? text : boundOf(value);
}
