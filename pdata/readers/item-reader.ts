import type { Batch, Logs, Metrics, Traces } from '../batch.ts';
import { LogReader } from './log-reader.ts';
import { MetricReader } from './metric-reader.ts';
import { SpanReader } from './span-reader.ts';

/** A reader of spans, log records or data points: whichever a batch holds. */
export type ItemReader = SpanReader | LogReader | MetricReader;

/** Puts the reader of its signal before the first item of a batch. */
export function itemReader(batch: Batch<'traces' | 'metrics' | 'logs'>): ItemReader {
  if (batch.signal === 'traces') return new SpanReader(batch as Traces);
  if (batch.signal === 'logs') return new LogReader(batch as Logs);
  return new MetricReader(batch as Metrics);
}
