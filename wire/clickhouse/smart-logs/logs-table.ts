import { FixedColumn, LowCardinalityColumn, StringColumn } from '../columns.ts';
import type { Table } from '../day-tables.ts';
import type { Message } from '../message.ts';
import { TypedAttributes } from '../smart/typed-attributes.ts';
import { typedJson } from '../smart/typed-json.ts';
import { Kind, ValueAt } from '../value-at.ts';
import { RowHead } from './row-head.ts';

/* Field numbers of opentelemetry.proto.logs.v1.LogRecord. */
export const TIME = 1;
const SEVERITY_NUMBER = 2;
const SEVERITY_TEXT = 3;
const BODY = 5;
const DROPPED = 7;
const FLAGS = 8;
const TRACE_ID = 9;
const SPAN_ID = 10;
export const OBSERVED_TIME = 11;
export const EVENT_NAME = 12;

/** Columns of `logs` (docs/schema.md) for one day. */
export class LogsTable implements Table {
  rows = 0;
  readonly head = new RowHead();
  readonly #observed = new FixedColumn('observed_time', "DateTime64(9, 'UTC')");
  readonly #traceId = new FixedColumn('trace_id', 'FixedString(16)');
  readonly #spanId = new FixedColumn('span_id', 'FixedString(8)');
  readonly #flags = new FixedColumn('flags', 'UInt32');
  readonly #severityNumber = new FixedColumn('severity_number', 'UInt8');
  readonly #severityText = new LowCardinalityColumn('severity_text');
  readonly #eventName = new LowCardinalityColumn('event_name');
  readonly #body = new StringColumn('body');
  readonly #bodyOther = new StringColumn('body_other');
  readonly #attributes = new TypedAttributes('attributes_');
  readonly #dropped = new FixedColumn('dropped_attributes', 'UInt32');
  readonly columns = [
    ...this.head.columns,
    this.#observed,
    this.#traceId,
    this.#spanId,
    this.#flags,
    this.#severityNumber,
    this.#severityText,
    this.#eventName,
    this.#body,
    this.#bodyOther,
    ...this.#attributes.columns,
    this.#dropped,
  ];
  readonly #value = new ValueAt();

  /** Adds what the head has not. */
  put(b: Uint8Array, record: Message): void {
    this.#observed.data.u64(record.low(b, OBSERVED_TIME), record.high(b, OBSERVED_TIME));
    putId(this.#traceId, b, record, TRACE_ID, 16);
    putId(this.#spanId, b, record, SPAN_ID, 8);
    this.#flags.data.u32(record.fixed32(b, FLAGS));
    const severity = record.varint(b, SEVERITY_NUMBER);
    this.#severityNumber.data.u8(severity > 255 ? 0 : severity);
    this.#severityText.put(b, record.start[SEVERITY_TEXT]!, record.end[SEVERITY_TEXT]!);
    this.#eventName.put(b, record.start[EVENT_NAME]!, record.end[EVENT_NAME]!);
    this.#putBody(b, record.start[BODY]!, record.end[BODY]!);
    this.#attributes.put(b, record.attributes);
    this.#dropped.data.u32(record.varint(b, DROPPED));
  }

  /** A text in `body`, any other value in `body_other`; nothing in both where there is no value. */
  #putBody(b: Uint8Array, start: number, end: number): void {
    const value = this.#value;
    value.locate(b, start, end);
    if (value.kind === Kind.STRING) this.#body.put(b, value.start, value.end);
    else this.#body.putEmpty();
    if (value.kind === Kind.STRING || value.kind === Kind.EMPTY) this.#bodyOther.putEmpty();
    else {
      const text = typedJson(b, start, end);
      this.#bodyOther.put(text, 0, text.length);
    }
  }
}

/** An id of `size` bytes; zeros when it is absent or of another size. */
function putId(
  column: FixedColumn,
  b: Uint8Array,
  record: Message,
  field: number,
  size: number,
): void {
  const start = record.start[field]!;
  if (record.end[field]! - start === size) column.data.copy(b, start, start + size);
  else column.data.zeros(size);
}
