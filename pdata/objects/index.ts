import type { Logs, Metrics, Traces } from '../batch.ts';
import { Cursor } from '../proto/cursor.ts';
import { Writer } from '../proto/writer.ts';
import { putExponentialPoint, readExponentialPoint } from './exponential-point.ts';
import { type PutItem, type ReadItem, readGroups, writeGroups } from './groups.ts';
import { putHistogramPoint, readHistogramPoint } from './histogram-point.ts';
import { putLogRecord, readLogRecord } from './log-record.ts';
import { pointCount, putMetric, readMetric } from './metric.ts';
import type {
  ExponentialPoint,
  HistogramPoint,
  LogRecord,
  Metric,
  ResourceGroup,
  Span,
} from './model.ts';
import { putSpan, readSpan } from './span.ts';

/*
 * Batches as plain objects: the general way, for what readers and edits cannot do. `decode` reads a
 * batch with its edits; objects share no bytes with it. `encode` writes a new batch.
 */

export { newExponentialPoint } from './exponential-point.ts';
export { newResource, newScope } from './groups.ts';
export { hasSameBounds, newHistogramPoint } from './histogram-point.ts';
export { newLogRecord } from './log-record.ts';
export { newMetric, pointCount } from './metric.ts';
export type * from './model.ts';
export { newNumberPoint } from './number-point.ts';
export { newSpan } from './span.ts';
export { newSummaryPoint } from './summary-point.ts';
export { decodeValue, encodeValue } from './value.ts';

const one = (): number => 1;

/** The spans of a batch, with its edits, as objects that share nothing with it. */
export function decodeTraces(batch: Traces): ResourceGroup<Span>[] {
  return readGroups(batch, readSpan);
}

/** The log records of a batch, with its edits, as objects that share nothing with it. */
export function decodeLogs(batch: Logs): ResourceGroup<LogRecord>[] {
  return readGroups(batch, readLogRecord);
}

/** The metrics of a batch, with its edits, as objects that share nothing with it. */
export function decodeMetrics(batch: Metrics): ResourceGroup<Metric>[] {
  return readGroups(batch, readMetric);
}

/** A new batch of what the objects say now. */
export function encodeTraces(groups: readonly ResourceGroup<Span>[]): Traces {
  return writeGroups('traces', groups, putSpan, one);
}

/** A new batch of what the objects say now. */
export function encodeLogs(groups: readonly ResourceGroup<LogRecord>[]): Logs {
  return writeGroups('logs', groups, putLogRecord, one);
}

/** A new batch of what the objects say now; its items are data points. */
export function encodeMetrics(groups: readonly ResourceGroup<Metric>[]): Metrics {
  return writeGroups('metrics', groups, putMetric, pointCount);
}

function decodeItem<T>(read: ReadItem<T>) {
  return (bytes: Uint8Array, start = 0, end = bytes.length): T =>
    read(new Cursor(bytes, start), end);
}

function encodeItem<T>(put: PutItem<T>) {
  return (item: T): Uint8Array => {
    const w = new Writer(512);
    put(w, item);
    return w.take();
  };
}

/** The span whose fields are at [start, end) of checked bytes. */
export const decodeSpan: (bytes: Uint8Array, start?: number, end?: number) => Span =
  decodeItem(readSpan);
/** The log record whose fields are at [start, end) of checked bytes. */
export const decodeLogRecord: (bytes: Uint8Array, start?: number, end?: number) => LogRecord =
  decodeItem(readLogRecord);
/** The metric whose fields are at [start, end) of checked bytes. */
export const decodeMetric: (bytes: Uint8Array, start?: number, end?: number) => Metric =
  decodeItem(readMetric);
/** The HistogramDataPoint whose fields are at [start, end) of checked bytes. */
export const decodeHistogramPoint: (
  bytes: Uint8Array,
  start?: number,
  end?: number,
) => HistogramPoint = decodeItem(readHistogramPoint);
/** The ExponentialHistogramDataPoint whose fields are at [start, end) of checked bytes. */
export const decodeExponentialPoint: (
  bytes: Uint8Array,
  start?: number,
  end?: number,
) => ExponentialPoint = decodeItem(readExponentialPoint);

/** The fields of one item, in a buffer of their own. */
export const encodeSpan: (span: Span) => Uint8Array = encodeItem(putSpan);
/** The fields of a log record, in a buffer of their own. */
export const encodeLogRecord: (record: LogRecord) => Uint8Array = encodeItem(putLogRecord);
/** The fields of a metric, in a buffer of their own. */
export const encodeMetric: (metric: Metric) => Uint8Array = encodeItem(putMetric);
/** The fields of a HistogramDataPoint, in a buffer of their own. */
export const encodeHistogramPoint: (point: HistogramPoint) => Uint8Array =
  encodeItem(putHistogramPoint);
/** The fields of an ExponentialHistogramDataPoint, in a buffer of their own. */
export const encodeExponentialPoint: (point: ExponentialPoint) => Uint8Array =
  encodeItem(putExponentialPoint);
