import { type Cursor, readVarint } from '../proto/cursor.ts';
import type { Writer } from '../proto/writer.ts';
import { putExponentialPoint, readExponentialPoint } from './exponential-point.ts';
import {
  keepField,
  putInt,
  putRest,
  putString,
  readEnd,
  readInt32,
  readString,
  readUint64,
} from './fields.ts';
import { putHistogramPoint, readHistogramPoint } from './histogram-point.ts';
import type { Message, Metric, MetricData } from './model.ts';
import { putNumberPoint, readNumberPoint } from './number-point.ts';
import { putSummaryPoint, readSummaryPoint } from './summary-point.ts';
import { keepAttribute, putAttributes } from './value.ts';

/** A metric without data. */
export function newMetric(): Metric {
  return {
    name: '',
    description: '',
    unit: '',
    metadata: new Map(),
    data: { kind: 'none', points: [] },
  };
}

/** Field of Metric for each kind of data. */
const dataFields = { gauge: 5, sum: 7, histogram: 9, exponential: 10, summary: 11 } as const;

function emptyData(field: number): MetricData {
  switch (field) {
    case dataFields.gauge:
      return { kind: 'gauge', points: [] };
    case dataFields.sum:
      return { kind: 'sum', points: [], aggregationTemporality: 0, isMonotonic: false };
    case dataFields.histogram:
      return { kind: 'histogram', points: [], aggregationTemporality: 0 };
    case dataFields.exponential:
      return { kind: 'exponential', points: [], aggregationTemporality: 0 };
    default:
      return { kind: 'summary', points: [] };
  }
}

function readPoint(data: MetricData, c: Cursor, end: number): void {
  switch (data.kind) {
    case 'gauge':
    case 'sum':
      data.points.push(readNumberPoint(c, end));
      return;
    case 'histogram':
      data.points.push(readHistogramPoint(c, end));
      return;
    case 'exponential':
      data.points.push(readExponentialPoint(c, end));
      return;
    case 'summary':
      data.points.push(readSummaryPoint(c, end));
      return;
    default:
      throw new Error('BUG: a point of a metric without data');
  }
}

function readData(c: Cursor, field: number): MetricData {
  const end = readEnd(c);
  const data = emptyData(field);
  while (c.pos < end) {
    const start = c.pos;
    const tag = readVarint(c);
    if (tag === 10) {
      const stop = readEnd(c);
      readPoint(data, c, stop);
    } else if (tag === 16 && 'aggregationTemporality' in data) {
      data.aggregationTemporality = readInt32(c);
    } else if (tag === 24 && data.kind === 'sum') data.isMonotonic = readUint64(c) !== 0n;
    else keepField(data as Message, c, start, tag);
  }
  return data;
}

/** Reads a Metric that ends at `end`. */
export function readMetric(c: Cursor, end: number): Metric {
  const metric = newMetric();
  while (c.pos < end) {
    const start = c.pos;
    const tag = readVarint(c);
    switch (tag) {
      case 10:
        metric.name = readString(c);
        break;
      case 18:
        metric.description = readString(c);
        break;
      case 26:
        metric.unit = readString(c);
        break;
      case 42:
      case 58:
      case 74:
      case 82:
      case 90:
        metric.data = readData(c, tag >>> 3);
        break;
      case 98:
        keepAttribute(c, start, metric.metadata, metric);
        break;
      default:
        keepField(metric, c, start, tag);
    }
  }
  return metric;
}

function putPoints<P>(w: Writer, points: readonly P[], put: (w: Writer, point: P) => void): void {
  for (const point of points) {
    const at = w.open(1, 2);
    put(w, point);
    w.close(at);
  }
}

function putData(w: Writer, data: MetricData): void {
  if (data.kind === 'none') return;
  const at = w.open(dataFields[data.kind], 2);
  switch (data.kind) {
    case 'gauge':
    case 'sum':
      putPoints(w, data.points, putNumberPoint);
      break;
    case 'histogram':
      putPoints(w, data.points, putHistogramPoint);
      break;
    case 'exponential':
      putPoints(w, data.points, putExponentialPoint);
      break;
    default:
      putPoints(w, data.points, putSummaryPoint);
  }
  if ('aggregationTemporality' in data) putInt(w, 2, data.aggregationTemporality);
  if (data.kind === 'sum' && data.isMonotonic) w.uintField(3, 1);
  putRest(w, data);
  w.close(at);
}

/** Writes the fields of a Metric in the order of their numbers. */
export function putMetric(w: Writer, metric: Metric): void {
  putString(w, 1, metric.name);
  putString(w, 2, metric.description);
  putString(w, 3, metric.unit);
  putData(w, metric.data);
  putAttributes(w, 12, metric.metadata);
  putRest(w, metric);
}

/** Data points of a metric. */
export function pointCount(metric: Metric): number {
  return metric.data.points.length;
}
