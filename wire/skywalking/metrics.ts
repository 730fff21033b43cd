import { MetricsBuilder } from '../../pdata/builder.ts';
import type { Instances } from './instances.ts';
import { MessageTranslator } from './message-translator.ts';
import type { MessageName } from './schema.ts';
import type { Carry } from './translator.ts';

/** Checks a message and says how to write its points; nothing is written when it throws. */
export type Prepare<T> = (message: T, nowMs: number, carry: Carry) => PreparedMetrics;

/** What one message's points are of, and how they are written. */
export interface PreparedMetrics {
  readonly service: string;
  readonly instance: string;
  write(builder: MetricsBuilder): void;
}

/** Turns messages into metrics, by what a function says of each. */
export class MetricTranslator<T> extends MessageTranslator<T, 'metrics', MetricsBuilder> {
  readonly #prepare: Prepare<T>;

  constructor(name: MessageName, instances: Instances, prepare: Prepare<T>) {
    super(name, instances, new MetricsBuilder());
    this.#prepare = prepare;
  }

  protected override write(message: T, nowMs: number, carry: Carry): void {
    const prepared = this.#prepare(message, nowMs, carry);
    this.group.enter(prepared.service, prepared.instance);
    prepared.write(this.builder);
  }
}

/** One point: nanoseconds since 1970, its attributes and its value. */
export type Point = readonly [
  timeUnixNano: bigint,
  attributes: Readonly<Record<string, string | boolean | number>>,
  value: number | bigint,
];

function writePoints(b: MetricsBuilder, points: readonly Point[]): void {
  for (const [timeUnixNano, attributes, value] of points) {
    b.numberPoint({ timeUnixNano, attributes, value });
  }
}

/** Writes a gauge; nothing when there are no points. */
export function gauge(
  b: MetricsBuilder,
  [name, unit]: readonly [string, string],
  points: readonly Point[],
): void {
  if (points.length === 0) return;
  b.metric(name, unit);
  b.gauge();
  writePoints(b, points);
}

/** Writes a sum that only grows: of what came since the last message, or of all time. */
export function counter(
  b: MetricsBuilder,
  [name, unit]: readonly [string, string],
  temporality: 'delta' | 'cumulative',
  points: readonly Point[],
): void {
  if (points.length === 0) return;
  b.metric(name, unit);
  b.sum(temporality === 'delta' ? 1 : 2, true);
  writePoints(b, points);
}
