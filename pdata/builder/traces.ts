import { type AttributeSet, writeAttributes } from '../values.ts';
import { GroupBuilder } from './group-builder.ts';

/** An event of a span; its time is nanoseconds since 1970. */
export interface EventFields {
  readonly timeUnixNano: bigint;
  readonly name: string;
  readonly attributes?: AttributeSet;
}

/** A link of a span to another; 0 bits of `flags` are not written. */
export interface LinkFields {
  /** 16 bytes. */
  readonly traceId: Uint8Array;
  /** 8 bytes. */
  readonly spanId: Uint8Array;
  readonly traceState?: string;
  readonly attributes?: AttributeSet;
  readonly flags?: number;
}

/** One span. Times are nanoseconds since 1970. */
export interface SpanFields {
  /** 16 bytes. */
  readonly traceId: Uint8Array;
  /** 8 bytes. */
  readonly spanId: Uint8Array;
  readonly parentSpanId?: Uint8Array | undefined;
  readonly traceState?: string;
  readonly name: string;
  /** 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind?: number;
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
  readonly attributes?: AttributeSet;
  readonly events?: readonly EventFields[];
  readonly links?: readonly LinkFields[];
  /** 0 unset, 1 ok, 2 error. */
  readonly statusCode?: number;
  readonly statusMessage?: string;
  /** Low 8 bits: W3C trace flags. */
  readonly flags?: number;
}

/** Builds `Traces`. */
export class TracesBuilder extends GroupBuilder<'traces'> {
  constructor() {
    super('traces');
  }

  /**
   * Starts a span whose fields the caller writes to {@link GroupBuilder.writer} and
   * {@link GroupBuilder.attribute}. @returns what {@link closeSpan} takes
   */
  openSpan(): number {
    return this.openEntry();
  }

  closeSpan(opened: number): void {
    this.writer.close(opened);
    this.countItem();
  }

  span(fields: SpanFields): void {
    const w = this.writer;
    const at = this.openSpan();
    w.bytesField(1, fields.traceId);
    w.bytesField(2, fields.spanId);
    if (fields.traceState) w.stringField(3, fields.traceState);
    if (fields.parentSpanId && fields.parentSpanId.length > 0) w.bytesField(4, fields.parentSpanId);
    if (fields.name !== '') w.stringField(5, fields.name);
    if (fields.kind) w.uintField(6, fields.kind);
    w.bigFixed64Field(7, fields.startTimeUnixNano);
    w.bigFixed64Field(8, fields.endTimeUnixNano);
    if (fields.attributes) writeAttributes(w, 9, fields.attributes);
    for (const event of fields.events ?? []) this.#event(event);
    for (const link of fields.links ?? []) this.#link(link);
    this.#status(fields.statusCode ?? 0, fields.statusMessage ?? '');
    if (fields.flags) w.fixed32Field(16, fields.flags);
    this.closeSpan(at);
  }

  #status(code: number, message: string): void {
    if (code === 0 && message === '') return;
    const at = this.writer.open(15);
    if (message !== '') this.writer.stringField(2, message);
    if (code !== 0) this.writer.uintField(3, code);
    this.writer.close(at);
  }

  #event(event: EventFields): void {
    const w = this.writer;
    const at = w.open(11);
    w.bigFixed64Field(1, event.timeUnixNano);
    if (event.name !== '') w.stringField(2, event.name);
    if (event.attributes) writeAttributes(w, 3, event.attributes);
    w.close(at);
  }

  #link(link: LinkFields): void {
    const w = this.writer;
    const at = w.open(13);
    w.bytesField(1, link.traceId);
    w.bytesField(2, link.spanId);
    if (link.traceState) w.stringField(3, link.traceState);
    if (link.attributes) writeAttributes(w, 4, link.attributes);
    if (link.flags) w.fixed32Field(6, link.flags);
    w.close(at);
  }
}
