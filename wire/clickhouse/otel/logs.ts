import { AsString } from '../as-string.ts';
import { AttributesColumn } from '../attributes-column.ts';
import type { Block } from '../block.ts';
import { FixedColumn, LowCardinalityColumn, StringColumn } from '../columns.ts';
import { DayTables, type SealOptions, type Table } from '../day-tables.ts';
import { Message } from '../message.ts';
import { putField, timestampDay } from './common.ts';
import { OtelEncoder } from './encoder.ts';

/** Columns of `otel_logs`, in the order of the contrib exporter's table. */
class LogsTable implements Table {
  rows = 0;
  readonly timestamp = new FixedColumn('Timestamp', 'DateTime64(9)');
  readonly traceId = new StringColumn('TraceId');
  readonly spanId = new StringColumn('SpanId');
  readonly traceFlags = new FixedColumn('TraceFlags', 'UInt8');
  readonly severityText = new LowCardinalityColumn('SeverityText');
  readonly severityNumber = new FixedColumn('SeverityNumber', 'UInt8');
  readonly serviceName = new LowCardinalityColumn('ServiceName');
  readonly body = new StringColumn('Body');
  readonly resourceSchemaUrl = new LowCardinalityColumn('ResourceSchemaUrl');
  readonly resourceAttributes = new AttributesColumn('ResourceAttributes');
  readonly scopeSchemaUrl = new LowCardinalityColumn('ScopeSchemaUrl');
  readonly scopeName = new StringColumn('ScopeName');
  readonly scopeVersion = new LowCardinalityColumn('ScopeVersion');
  readonly scopeAttributes = new AttributesColumn('ScopeAttributes');
  readonly logAttributes = new AttributesColumn('LogAttributes');
  readonly eventName = new StringColumn('EventName');
  readonly columns = [
    this.timestamp,
    this.traceId,
    this.spanId,
    this.traceFlags,
    this.severityText,
    this.severityNumber,
    this.serviceName,
    this.body,
    this.resourceSchemaUrl,
    this.resourceAttributes,
    this.scopeSchemaUrl,
    this.scopeName,
    this.scopeVersion,
    this.scopeAttributes,
    this.logAttributes,
    this.eventName,
  ];
}

/**
 * Log records as rows of `otel_logs`: the values that the contrib exporter writes.
 *
 * Timestamp is the observed time where the record has none; flags and severity number keep their
 * low eight bits; the body is text as `AsString` has it.
 */
export class OtelLogsEncoder extends OtelEncoder {
  readonly #tables: DayTables<LogsTable>;
  readonly #record = new Message({ attributes: 6, listA: 0, listB: 0 });
  readonly #asString = new AsString();

  constructor() {
    const tables = new DayTables(() => new LogsTable());
    super(tables);
    this.#tables = tables;
  }

  /** What was added as blocks, one a day; the encoder is empty afterwards. */
  seal(options: SealOptions): Block[] {
    return this.sealFamily(0, options);
  }

  item(b: Uint8Array, start: number, end: number): void {
    const record = this.#record;
    const resource = this.resources;
    const scope = this.scopes;
    record.read(b, start, end);
    let low = record.low(b, 1);
    let high = record.high(b, 1);
    if (low === 0 && high === 0) {
      low = record.low(b, 11);
      high = record.high(b, 11);
    }
    const table = this.#tables.for(timestampDay(low, high));
    table.rows++;
    table.timestamp.data.u64(low, high);
    table.traceId.putHexOrEmpty(b, record.start[9]!, record.end[9]!);
    table.spanId.putHexOrEmpty(b, record.start[10]!, record.end[10]!);
    table.traceFlags.data.u8(record.fixed32(b, 8));
    table.severityText.put(b, record.start[3]!, record.end[3]!);
    table.severityNumber.data.u8(record.varint(b, 2));
    resource.putService(table.serviceName);
    this.#asString.put(table.body, b, record.start[5]!, record.end[5]!);
    table.resourceSchemaUrl.put(b, resource.urlStart, resource.urlEnd);
    table.resourceAttributes.putShared(resource.attributes);
    table.scopeSchemaUrl.put(b, scope.urlStart, scope.urlEnd);
    table.scopeName.put(b, scope.nameStart, scope.nameEnd);
    table.scopeVersion.put(b, scope.versionStart, scope.versionEnd);
    table.scopeAttributes.putShared(scope.attributes);
    table.logAttributes.put(b, record.attributes);
    putField(table.eventName, b, record, 12);
  }
}
