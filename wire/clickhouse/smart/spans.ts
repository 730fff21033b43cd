import type { Allocate, Block } from '../block.ts';
import type { FixedColumn } from '../columns.ts';
import { DayTables } from '../day-tables.ts';
import { Message } from '../message.ts';
import type { Ranges } from '../scan.ts';
import { dayOf } from '../time.ts';
import { sealDictionaries } from './dictionary-rows.ts';
import { SmartEncoder } from './encoder.ts';
import type { SetLimits } from './sets.ts';
import { SpansTable } from './spans-table.ts';
import type { WrittenRows } from './written-rows.ts';

/** Length of a bucket in seconds. */
const BUCKET = 10;

/** A sealed batch of spans: blocks in the order in which they are inserted. */
export interface SealedSpans {
  readonly blocks: readonly Block[];
  /** Dictionary rows in it, for {@link WrittenRows.add} once they are delivered. */
  readonly dictionaryKeys: readonly string[];
}

/**
 * Spans as rows of schema `smart` (docs/schema.md): resources and scopes by the id of their set,
 * attributes by type, entities in columns of their own, raw ids. Times are kept as sent; only the
 * partition is clamped.
 */
export class SmartSpansEncoder extends SmartEncoder {
  readonly #tables = new DayTables(() => new SpansTable());
  readonly #span = new Message({ attributes: 9, listA: 11, listB: 13 });
  readonly #status = new Message({ attributes: 0, listA: 0, listB: 0 });
  readonly #event = new Message({ attributes: 3, listA: 0, listB: 0 });
  readonly #link = new Message({ attributes: 4, listA: 0, listB: 0 });
  readonly #used: SpansTable[] = [];

  /**
   * @param key 16 bytes of setting `id_key`
   * @param written dictionary rows that need no repeating
   */
  constructor(key: Uint8Array, written: WrittenRows, limits?: SetLimits) {
    super(key, written, limits, BUCKET);
  }

  get rows(): number {
    return this.#tables.rows;
  }

  /** Bytes of column data held. */
  get bytes(): number {
    return this.#tables.bytes;
  }

  item(b: Uint8Array, start: number, end: number): void {
    const span = this.#span;
    span.read(b, start, end);
    const low = span.low(b, 7);
    const high = span.high(b, 7);
    const bucket = this.bucketOf(low, high);
    const table = this.#tables.for(dayOf(bucket));
    if (table.rows++ === 0) this.#used.push(table);
    table.bucket.data.u32(bucket);
    putId(table.traceId, b, span, 1, 16);
    putId(table.spanId, b, span, 2, 8);
    putId(table.parentSpanId, b, span, 4, 8);
    table.time.data.u64(low, high);
    putDuration(table.duration, b, span, low, high);
    table.traceState.put(b, span.start[3]!, span.end[3]!);
    table.flags.data.u32(span.fixed32(b, 16));
    table.droppedAttributes.data.u32(span.varint(b, 10));
    table.droppedEvents.data.u32(span.varint(b, 12));
    table.droppedLinks.data.u32(span.varint(b, 14));
    this.#putStatus(table, b, span.start[15]!, span.end[15]!);
    this.#putSets(table, b, span);
    const { attributes } = table;
    attributes.put(b, span.attributes);
    table.clientEntity.data.u64(attributes.taken[0]!, attributes.taken[1]!);
    table.serverEntity.data.u64(attributes.taken[2]!, attributes.taken[3]!);
    this.#putEvents(table, b, span.listA);
    this.#putLinks(table, b, span.listB);
  }

  #putStatus(table: SpansTable, b: Uint8Array, start: number, end: number): void {
    const status = this.#status;
    status.read(b, start, end);
    table.statusCode.data.u8(smallNumber(status.varint(b, 3)));
    table.statusMessage.put(b, status.start[2]!, status.end[2]!);
  }

  #putSets(table: SpansTable, b: Uint8Array, span: Message): void {
    const resource = this.currentResource!;
    const scope = this.currentScope!;
    const kind = smallNumber(span.varint(b, 6));
    const { service, spanName } = table;
    const serviceId = service.keys.id(resource.service, 0, resource.service.length);
    const nameId = spanName.keys.id(b, span.start[5]!, span.end[5]!);
    service.putId(serviceId);
    spanName.putId(nameId);
    table.kind.data.u8(kind);
    table.operations.add(serviceId, nameId, kind);
    table.resourceId.data.u64(resource.idLow, resource.idHigh);
    table.scopeId.data.u64(scope.idLow, scope.idHigh);
    table.resourceInline.put(resource.inline, 0, resource.inline.length);
    table.scopeInline.put(scope.inline, 0, scope.inline.length);
    table.resources.add(resource);
    table.scopes.add(scope);
  }

  #putEvents(table: SpansTable, b: Uint8Array, events: Ranges): void {
    const event = this.#event;
    for (let i = 0; i < events.count; i++) {
      event.read(b, events.start(i), events.end(i));
      table.eventTimes.items.data.u64(event.low(b, 1), event.high(b, 1));
      table.eventNames.items.put(b, event.start[2]!, event.end[2]!);
      table.eventAttributes.put(b, event.attributes);
      table.eventDropped.items.data.u32(event.varint(b, 4));
    }
    for (const column of table.eventColumns) column.offsets.end(events.count);
  }

  #putLinks(table: SpansTable, b: Uint8Array, links: Ranges): void {
    const link = this.#link;
    for (let i = 0; i < links.count; i++) {
      link.read(b, links.start(i), links.end(i));
      putId(table.linkTraceIds.items, b, link, 1, 16);
      putId(table.linkSpanIds.items, b, link, 2, 8);
      table.linkTraceStates.items.put(b, link.start[3]!, link.end[3]!);
      table.linkFlags.items.data.u32(link.fixed32(b, 6));
      table.linkAttributes.put(b, link.attributes);
      table.linkDropped.items.data.u32(link.varint(b, 5));
    }
    for (const column of table.linkColumns) column.offsets.end(links.count);
  }

  /**
   * What was added: dictionary rows that are not known to be written, then spans, one block a day
   * and table. The encoder is empty afterwards.
   */
  seal(batchId: bigint, allocate?: Allocate): SealedSpans {
    const dictionaries: Block[] = [];
    const dictionaryKeys: string[] = [];
    for (const table of this.#used) {
      const { resources, scopes, operations } = table;
      const rows = {
        day: dayOf(firstBucket(table)),
        resources,
        scopes,
        operations: operations.list(table.service.keys, table.spanName.keys),
      };
      sealDictionaries(rows, this.written, dictionaries, dictionaryKeys);
      resources.clear();
      scopes.clear();
      operations.reset();
    }
    this.#used.length = 0;
    const spans = this.#tables.seal({
      table: 'spans',
      batchColumn: 'batch',
      batchId,
      ...(allocate === undefined ? {} : { allocate }),
    });
    return { blocks: [...dictionaries, ...spans], dictionaryKeys };
  }
}

function firstBucket(table: SpansTable): number {
  return new DataView(table.bucket.data.bytes.buffer).getUint32(0, true);
}

/** Numbers above 255 have no meaning in these fields and become 0. */
function smallNumber(value: number): number {
  return value > 255 ? 0 : value;
}

/** An id of `size` bytes; zeros when it is absent. */
function putId(
  column: FixedColumn,
  b: Uint8Array,
  message: Message,
  field: number,
  size: number,
): void {
  const start = message.start[field]!;
  if (message.end[field]! - start === size) column.data.copy(b, start, start + size);
  else column.data.zeros(size);
}

/** End - start modulo 2^64. */
function putDuration(
  column: FixedColumn,
  b: Uint8Array,
  span: Message,
  low: number,
  high: number,
): void {
  const endLow = span.low(b, 8);
  const borrow = endLow < low ? 1 : 0;
  column.data.u64((endLow - low) >>> 0, (span.high(b, 8) - high - borrow) >>> 0);
}
