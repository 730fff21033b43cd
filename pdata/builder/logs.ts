import { type AttributeSet, type AttributeValue, writeAttributes, writeValue } from '../values.ts';
import { GroupBuilder } from './group-builder.ts';

/** One log record. Times are nanoseconds since 1970; 0 = unknown. */
export interface LogFields {
  readonly timeUnixNano: bigint;
  readonly observedTimeUnixNano?: bigint;
  /** 1 to 24; 9 = INFO. */
  readonly severityNumber?: number;
  readonly severityText?: string;
  readonly body?: AttributeValue;
  readonly attributes?: AttributeSet;
  readonly eventName?: string;
  /** 16 bytes. */
  readonly traceId?: Uint8Array;
  /** 8 bytes. */
  readonly spanId?: Uint8Array;
  readonly flags?: number;
}

/** Builds `Logs`. */
export class LogsBuilder extends GroupBuilder<'logs'> {
  constructor() {
    super('logs');
  }

  /** Starts a record whose fields the caller writes. @returns what {@link closeRecord} takes */
  openRecord(): number {
    return this.openEntry();
  }

  closeRecord(opened: number): void {
    this.writer.close(opened);
    this.countItem();
  }

  record(fields: LogFields): void {
    const w = this.writer;
    const at = this.openRecord();
    if (fields.timeUnixNano !== 0n) w.bigFixed64Field(1, fields.timeUnixNano);
    if (fields.severityNumber) w.uintField(2, fields.severityNumber);
    if (fields.severityText) w.stringField(3, fields.severityText);
    if (fields.body !== undefined) {
      const body = w.open(5);
      writeValue(w, fields.body);
      w.close(body);
    }
    if (fields.attributes) writeAttributes(w, 6, fields.attributes);
    if (fields.flags) w.fixed32Field(8, fields.flags);
    if (fields.traceId && fields.traceId.length > 0) w.bytesField(9, fields.traceId);
    if (fields.spanId && fields.spanId.length > 0) w.bytesField(10, fields.spanId);
    if (fields.observedTimeUnixNano) w.bigFixed64Field(11, fields.observedTimeUnixNano);
    if (fields.eventName) w.stringField(12, fields.eventName);
    this.closeRecord(at);
  }
}
