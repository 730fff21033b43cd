import { AttributesColumn } from '../attributes-column.ts';
import type { Block } from '../block.ts';
import { ArrayColumn, FixedColumn, LowCardinalityColumn, StringColumn } from '../columns.ts';
import { DayTables, type SealOptions, type Table } from '../day-tables.ts';
import { Message } from '../message.ts';
import type { Ranges } from '../scan.ts';
import { constants, putConstant, putField, timestampDay } from './common.ts';
import { OtelEncoder } from './encoder.ts';

const KINDS = constants('Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer');
const STATUSES = constants('Unset', 'Ok', 'Error');

/** Columns of `otel_traces`, in the order of the contrib exporter's table. */
class TracesTable implements Table {
  rows = 0;
  readonly timestamp = new FixedColumn('Timestamp', 'DateTime64(9)');
  readonly traceId = new StringColumn('TraceId');
  readonly spanId = new StringColumn('SpanId');
  readonly parentSpanId = new StringColumn('ParentSpanId');
  readonly traceState = new StringColumn('TraceState');
  readonly spanName = new LowCardinalityColumn('SpanName');
  readonly spanKind = new LowCardinalityColumn('SpanKind');
  readonly serviceName = new LowCardinalityColumn('ServiceName');
  readonly resourceAttributes = new AttributesColumn('ResourceAttributes');
  readonly scopeName = new StringColumn('ScopeName');
  readonly scopeVersion = new StringColumn('ScopeVersion');
  readonly spanAttributes = new AttributesColumn('SpanAttributes');
  readonly duration = new FixedColumn('Duration', 'UInt64');
  readonly statusCode = new LowCardinalityColumn('StatusCode');
  readonly statusMessage = new StringColumn('StatusMessage');
  readonly eventTimes = new ArrayColumn('Events.Timestamp', new FixedColumn('', 'DateTime64(9)'));
  readonly eventNames = new ArrayColumn('Events.Name', new LowCardinalityColumn(''));
  readonly eventAttributes = new ArrayColumn('Events.Attributes', new AttributesColumn(''));
  readonly linkTraceIds = new ArrayColumn('Links.TraceId', new StringColumn(''));
  readonly linkSpanIds = new ArrayColumn('Links.SpanId', new StringColumn(''));
  readonly linkTraceStates = new ArrayColumn('Links.TraceState', new StringColumn(''));
  readonly linkAttributes = new ArrayColumn('Links.Attributes', new AttributesColumn(''));
  readonly columns = [
    this.timestamp,
    this.traceId,
    this.spanId,
    this.parentSpanId,
    this.traceState,
    this.spanName,
    this.spanKind,
    this.serviceName,
    this.resourceAttributes,
    this.scopeName,
    this.scopeVersion,
    this.spanAttributes,
    this.duration,
    this.statusCode,
    this.statusMessage,
    this.eventTimes,
    this.eventNames,
    this.eventAttributes,
    this.linkTraceIds,
    this.linkSpanIds,
    this.linkTraceStates,
    this.linkAttributes,
  ];
}

/**
 * Spans as rows of `otel_traces`: the values that the contrib exporter writes.
 *
 * Duration is end - start modulo 2^64; ids that are all zero become the empty text; numbers of kind
 * and status without a name become the empty text.
 */
export class OtelTracesEncoder extends OtelEncoder {
  readonly #tables: DayTables<TracesTable>;
  readonly #span = new Message({ attributes: 9, listA: 11, listB: 13 });
  readonly #status = new Message({ attributes: 0, listA: 0, listB: 0 });
  readonly #event = new Message({ attributes: 3, listA: 0, listB: 0 });
  readonly #link = new Message({ attributes: 4, listA: 0, listB: 0 });

  constructor() {
    const tables = new DayTables(() => new TracesTable());
    super(tables);
    this.#tables = tables;
  }

  /** What was added as blocks, one a day; the encoder is empty afterwards. */
  seal(options: SealOptions): Block[] {
    return this.sealFamily(0, options);
  }

  item(b: Uint8Array, start: number, end: number): void {
    const span = this.#span;
    span.read(b, start, end);
    const low = span.low(b, 7);
    const high = span.high(b, 7);
    const table = this.#tables.for(timestampDay(low, high));
    table.rows++;
    table.timestamp.data.u64(low, high);
    table.traceId.putHexOrEmpty(b, span.start[1]!, span.end[1]!);
    table.spanId.putHexOrEmpty(b, span.start[2]!, span.end[2]!);
    table.parentSpanId.putHexOrEmpty(b, span.start[4]!, span.end[4]!);
    putField(table.traceState, b, span, 3);
    table.spanName.put(b, span.start[5]!, span.end[5]!);
    putConstant(table.spanKind, KINDS, span.varint(b, 6));
    this.resources.putService(table.serviceName);
    table.resourceAttributes.putShared(this.resources.attributes);
    table.scopeName.put(b, this.scopes.nameStart, this.scopes.nameEnd);
    table.scopeVersion.put(b, this.scopes.versionStart, this.scopes.versionEnd);
    table.spanAttributes.put(b, span.attributes);
    putDuration(table.duration, b, span, low, high);
    this.#putStatus(table, b, span.start[15]!, span.end[15]!);
    this.#putEvents(table, b, span.listA);
    this.#putLinks(table, b, span.listB);
  }

  #putStatus(table: TracesTable, b: Uint8Array, start: number, end: number): void {
    const status = this.#status;
    status.read(b, start, end);
    putConstant(table.statusCode, STATUSES, status.varint(b, 3));
    putField(table.statusMessage, b, status, 2);
  }

  #putEvents(table: TracesTable, b: Uint8Array, events: Ranges): void {
    const event = this.#event;
    for (let i = 0; i < events.count; i++) {
      event.read(b, events.start(i), events.end(i));
      table.eventTimes.items.data.u64(event.low(b, 1), event.high(b, 1));
      table.eventNames.items.put(b, event.start[2]!, event.end[2]!);
      table.eventAttributes.items.put(b, event.attributes);
    }
    table.eventTimes.offsets.end(events.count);
    table.eventNames.offsets.end(events.count);
    table.eventAttributes.offsets.end(events.count);
  }

  #putLinks(table: TracesTable, b: Uint8Array, links: Ranges): void {
    const link = this.#link;
    for (let i = 0; i < links.count; i++) {
      link.read(b, links.start(i), links.end(i));
      table.linkTraceIds.items.putHexOrEmpty(b, link.start[1]!, link.end[1]!);
      table.linkSpanIds.items.putHexOrEmpty(b, link.start[2]!, link.end[2]!);
      putField(table.linkTraceStates.items, b, link, 3);
      table.linkAttributes.items.put(b, link.attributes);
    }
    table.linkTraceIds.offsets.end(links.count);
    table.linkSpanIds.offsets.end(links.count);
    table.linkTraceStates.offsets.end(links.count);
    table.linkAttributes.offsets.end(links.count);
  }
}

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
