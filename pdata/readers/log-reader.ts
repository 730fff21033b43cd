import type { Logs } from '../batch.ts';
import { GroupReader } from './group-reader.ts';

/** Field numbers of LogRecord. */
export const LogField = {
  time: 1,
  severityNumber: 2,
  severityText: 3,
  body: 5,
  attributes: 6,
  droppedAttributes: 7,
  flags: 8,
  traceId: 9,
  spanId: 10,
  observedTime: 11,
  eventName: 12,
} as const;

/** Walks log records; `item` is the record. */
export class LogReader extends GroupReader<'logs'> {
  constructor(batch: Logs) {
    super(batch);
    this.item.attributeField = LogField.attributes;
  }

  get severityNumber(): number {
    return this.item.uint(LogField.severityNumber);
  }

  get severityText(): string {
    return this.item.string(LogField.severityText);
  }

  /** Puts `item.value` on the body. @returns false when there is none */
  findBody(): boolean {
    return this.item.findField(LogField.body);
  }
}
