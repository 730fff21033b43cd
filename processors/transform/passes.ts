import { type OttlClient, Place } from '../../ottl/index.ts';
import type { Batch, Logs, Metrics, Traces } from '../../pdata/batch.ts';
import { Cursor, readVarint, skipValue } from '../../pdata/proto/cursor.ts';
import { LogReader, MetricReader, SpanReader } from '../../pdata/readers.ts';
import { EventEditor } from './event-editor.ts';
import type { RunGroup } from './run-group.ts';

export type Transformed = 'traces' | 'metrics' | 'logs';

function readerOf(batch: Batch<Transformed>): SpanReader | LogReader | MetricReader {
  if (batch.signal === 'traces') return new SpanReader(batch as Traces);
  if (batch.signal === 'logs') return new LogReader(batch as Logs);
  return new MetricReader(batch as Metrics);
}

/** Runs a group on each resource. */
export function resourcePass(batch: Batch<Transformed>, run: RunGroup, client: OttlClient): void {
  const reader = readerOf(batch);
  const place = new Place(reader, client);
  while (reader.nextResource()) {
    place.next();
    run(place);
  }
}

/** Runs a group on each scope. */
export function scopePass(batch: Batch<Transformed>, run: RunGroup, client: OttlClient): void {
  const reader = readerOf(batch);
  const place = new Place(reader, client);
  while (reader.nextResource()) {
    while (reader.nextScope()) {
      place.next();
      run(place);
    }
  }
}

/** Runs a group on each span, log record or data point. */
export function itemPass(batch: Batch<Transformed>, run: RunGroup, client: OttlClient): void {
  const reader = readerOf(batch);
  const place = new Place(reader, client);
  while (reader.nextAnyItem()) {
    place.next();
    run(place);
  }
}

/** Runs a group on each metric. */
export function metricPass(batch: Batch<Transformed>, run: RunGroup, client: OttlClient): void {
  const reader = new MetricReader(batch as Metrics);
  const place = new Place(reader, client);
  while (reader.nextResource()) {
    while (reader.nextScope()) {
      while (reader.nextMetric()) {
        place.next();
        run(place);
      }
    }
  }
}

const eventTag = 90;

/**
 * Runs a group on each event of each span. @param batch without unwritten edits: events are read as
 * they came in
 */
export function eventPass(batch: Batch<Transformed>, run: RunGroup, client: OttlClient): void {
  const reader = new SpanReader(batch as Traces);
  const editor = new EventEditor();
  const place = new Place(reader, client, editor.view);
  const c = new Cursor(new Uint8Array(0));
  while (reader.nextAnyItem()) {
    const { item } = reader;
    c.bytes = item.bytes;
    c.pos = item.start;
    while (c.pos < item.end) {
      const header = c.pos;
      const tag = readVarint(c);
      if (tag !== eventTag) {
        skipValue(c, tag);
        continue;
      }
      const size = readVarint(c);
      const start = c.pos;
      c.pos += size;
      editor.begin(item.bytes, header, start, start + size);
      place.next();
      run(place);
      editor.end(item, header, start + size);
    }
  }
}
