import { type OttlClient, Place } from '../../ottl/index.ts';
import type { Batch, Metrics, Traces } from '../../pdata/batch.ts';
import { Drops, withoutDrops } from '../../pdata/drop.ts';
import { settled } from '../../pdata/otlp-batch.ts';
import { replaceRange } from '../../pdata/overlay.ts';
import { Cursor, readVarint, skipValue } from '../../pdata/proto/cursor.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import {
  itemReader,
  LogField,
  type MessageView,
  MetricReader,
  SpanField,
  SpanReader,
} from '../../pdata/readers.ts';
import { ItemEditor } from './item-editor.ts';
import type { RunGroup } from './run-group.ts';

/** Signals that statements are written for. */
export type Transformed = 'traces' | 'metrics' | 'logs';

/** Runs a group on each resource. */
export function resourcePass(batch: Batch<Transformed>, run: RunGroup, client: OttlClient): void {
  const reader = itemReader(batch);
  const place = new Place(reader, client);
  while (reader.nextResource()) {
    place.next();
    run(place);
  }
}

/** Runs a group on each scope. */
export function scopePass(batch: Batch<Transformed>, run: RunGroup, client: OttlClient): void {
  const reader = itemReader(batch);
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
  const reader = itemReader(batch);
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
  const editor = new ItemEditor(3);
  const written = new Writer(256);
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
      written.length = 0;
      if (editor.end(written)) replaceRange(item, header, start + size, written.take());
    }
  }
}

/** Where the reused memory of a pass ends up larger than this it is given back. */
const maxScratch = 1 << 23;

/**
 * Runs groups on each span or log record, all of them before the next item, and writes what has
 * changed in one go. For groups that write nothing but the item.
 */
export class ItemRewriter {
  readonly #editor: ItemEditor;
  readonly #runs: readonly RunGroup[];
  #written = new Writer(4096);

  constructor(signal: 'traces' | 'logs', runs: readonly RunGroup[]) {
    this.#editor = new ItemEditor(signal === 'traces' ? SpanField.attributes : LogField.attributes);
    this.#runs = runs;
  }

  rewrite(given: Batch<Transformed>, client: OttlClient): Batch<Transformed> {
    const batch = settled(given);
    const reader = itemReader(batch);
    const editor = this.#editor;
    const written = this.#written;
    const { resource, scope, item } = reader;
    const walk = {
      resource,
      scope,
      item: editor.view,
      bindResourceGroup: (view: MessageView) => reader.bindResourceGroup(view),
      bindScopeGroup: (view: MessageView) => reader.bindScopeGroup(view),
    };
    const place = new Place(walk, client);
    const drops = new Drops(batch, written);
    editor.reset();
    written.length = 0;
    while (reader.nextAnyItem()) {
      editor.begin(item.bytes, item.header, item.start, item.end);
      for (const run of this.#runs) {
        place.next();
        run(place);
      }
      const start = written.length;
      if (editor.end(written)) drops.replace(item, start, written.length);
    }
    const changed = withoutDrops(batch, drops);
    if (written.bytes.length > maxScratch) this.#written = new Writer(4096);
    return changed!;
  }
}
