/** What a metric of a scraper is: names, units and texts as the Go collector emits them. */
export interface MetricSpec {
  readonly name: string;
  /** Whether it is on unless configured. */
  readonly enabled: boolean;
  readonly unit: string;
  readonly kind: 'gauge' | 'sum';
  readonly monotonic: boolean;
  /** Integer values; else doubles. */
  readonly integer: boolean;
  readonly description: string;
}

/** Puts a description together; a counter is a sum that only grows. */
export function metric(
  name: string,
  enabled: boolean,
  unit: string,
  type: 'gauge int' | 'gauge double' | 'sum int' | 'sum double' | 'counter int' | 'counter double',
  description: string,
): MetricSpec {
  const kind = type.startsWith('gauge') ? 'gauge' : 'sum';
  const monotonic = type.startsWith('counter');
  return { name, enabled, unit, kind, monotonic, integer: type.endsWith('int'), description };
}
