import type { CheckedReader } from '../../pdata/proto/checked-reader.ts';
import type { Writer } from '../../pdata/proto/writer.ts';
import { keyField, ListTag, textAttribute } from './attributes.ts';
import { SegmentHash, traceIdTo } from './ids.ts';
import type { OtherTrace } from './join.ts';
import type { SegmentIds } from './span.ts';

const list = ListTag.link;

/** Attributes of links; names of the Go collector's translator. */
const keys = {
  type: keyField('refType'),
  traceId: keyField('sw8.trace_id'),
  segmentId: keyField('sw8.parent_segment_id'),
  spanId: keyField('sw8.parent_span_id'),
  service: keyField('parent.service'),
  instance: keyField('parent.service.instance'),
  endpoint: keyField('parent.endpoint'),
  address: keyField('network.AddressUsedAtPeer'),
};

const encoder = new TextEncoder();
/** The numbers that nearly all spans have, as text. */
const numbers = Array.from({ length: 64 }, (_, i) => encoder.encode(String(i)));
const types = ['CrossProcess', 'CrossThread'].map((text) => encoder.encode(text));

/** Field tags of SegmentReference. */
const Tag = {
  refType: 8,
  traceId: 18,
  segmentId: 26,
  spanId: 32,
  service: 42,
  instance: 50,
  endpoint: 58,
  address: 66,
} as const;

const texts: readonly (readonly [tag: number, key: Uint8Array])[] = [
  [Tag.traceId, keys.traceId],
  [Tag.segmentId, keys.segmentId],
  [Tag.service, keys.service],
  [Tag.instance, keys.instance],
  [Tag.endpoint, keys.endpoint],
  [Tag.address, keys.address],
];

/** Writes what references (SegmentReference) say: a parent's id, and links. */
export class ReferenceWriter {
  readonly #w: Writer;
  readonly #ids: SegmentIds;
  readonly #r: CheckedReader;
  readonly #hash = new SegmentHash();
  readonly #traceId = new Uint8Array(16);
  readonly #spanId = new Uint8Array(8);
  #type = 0;
  #number = 0;
  #traceFrom = 0;
  #traceTo = 0;
  #segmentFrom = 0;
  #segmentTo = 0;

  constructor(w: Writer, ids: SegmentIds, r: CheckedReader) {
    this.#w = w;
    this.#ids = ids;
    this.#r = r;
  }

  /** Writes the parent of a span. @returns false when the reference is of another trace */
  writeParent(start: number, end: number): boolean {
    this.#read(start, end);
    if (!this.#sameTrace() || this.#segmentFrom === this.#segmentTo) return false;
    this.#hash.set(this.#r.bytes, this.#segmentFrom, this.#segmentTo);
    this.#hash.spanIdTo(this.#number, this.#spanId, 0);
    this.#w.bytesField(4, this.#spanId);
    return true;
  }

  /** Writes the reference as a link, with all that it says. */
  writeLink(start: number, end: number): void {
    this.#read(start, end);
    const r = this.#r;
    const w = this.#w;
    if (this.#sameTrace()) this.#traceId.set(this.#ids.traceId);
    else traceIdTo(r.bytes, this.#traceFrom, this.#traceTo, this.#traceId, 0);
    this.#hash.set(r.bytes, this.#segmentFrom, this.#segmentTo);
    this.#hash.spanIdTo(this.#number, this.#spanId, 0);
    const at = w.open(13, 2);
    w.bytesField(1, this.#traceId);
    w.bytesField(2, this.#spanId);
    r.pos = start;
    r.end = end;
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      r.skip(tag);
      if (r.from === r.to) continue;
      for (const [field, key] of texts) {
        if (tag === field) textAttribute(w, list, key, r, r.from, r.to);
      }
    }
    this.#writeNumber();
    w.close(at);
  }

  /** Writes the link to the span of another kind of trace that a tag names. */
  writeJoin({ traceId, spanId }: OtherTrace): void {
    const w = this.#w;
    const at = w.open(13);
    w.bytesField(1, traceId);
    w.bytesField(2, spanId);
    this.#constant(keys.type, traceparent);
    w.close(at);
  }

  /** The span's number as text and the reference's type, as the Go collector has them. */
  #writeNumber(): void {
    const text = numbers[this.#number] ?? encoder.encode(String(this.#number));
    this.#constant(keys.spanId, text);
    this.#constant(keys.type, types[this.#type] ?? encoder.encode(String(this.#type)));
  }

  #constant(key: Uint8Array, text: Uint8Array): void {
    const w = this.#w;
    const at = w.open(4);
    w.raw(key);
    const inner = w.open(2);
    w.bytesField(1, text);
    w.close(inner);
    w.close(at);
  }

  #sameTrace(): boolean {
    const { bytes, traceFrom, traceTo } = this.#ids;
    if (this.#traceTo - this.#traceFrom !== traceTo - traceFrom) return false;
    for (let i = traceFrom, j = this.#traceFrom; i < traceTo; i += 1, j += 1) {
      if (bytes[i] !== bytes[j]) return false;
    }
    return true;
  }

  #read(start: number, end: number): void {
    const r = this.#r;
    this.#type = this.#number = 0;
    this.#traceFrom = this.#traceTo = this.#segmentFrom = this.#segmentTo = 0;
    r.pos = start;
    r.end = end;
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      if (tag === Tag.refType) this.#type = r.int32();
      else if (tag === Tag.spanId) this.#number = r.int32();
      else {
        r.skip(tag);
        if (tag === Tag.traceId) {
          this.#traceFrom = r.from;
          this.#traceTo = r.to;
        } else if (tag === Tag.segmentId) {
          this.#segmentFrom = r.from;
          this.#segmentTo = r.to;
        }
      }
    }
  }
}

const traceparent = encoder.encode('traceparent');
