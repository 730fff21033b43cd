import { WireError } from '../../pdata/wire-error.ts';
import type { ReadSpans } from '../tagged-spans/outcome.ts';
import { type ThriftReader, ThriftType } from '../thrift/reader.ts';
import { defaultConventions } from './conventions.ts';
import { ZipkinSpansV1 } from './spans-v1.ts';

const two32 = 4294967296;
const none = new Uint8Array(0);

/** Values of AnnotationType, zipkinCore.thrift. */
const Kind = { bool: 0, bytes: 1, i16: 2, i32: 3, i64: 4, double: 5, string: 6 } as const;

/**
 * Reads a list of zipkinCore.thrift's Span:
 *
 *     Span              1 trace_id  3 name  4 id  5 parent_id  6 annotations
 *                       8 binary_annotations  9 debug  10 timestamp us  11 duration us
 *                       12 trace_id_high
 *     Annotation        1 timestamp us  2 value  3 host
 *     BinaryAnnotation  1 key  2 value  3 annotation_type  4 host
 *     Endpoint          1 ipv4 i32  2 port i16  3 service_name  4 ipv6
 */
export class ZipkinThrift1 {
  readonly #spans = new ZipkinSpansV1({ parse: false, conventions: defaultConventions });
  readonly #packed = new Uint8Array(4);

  /**
   * Reads a list of spans.
   * @throws WireError for bytes that are none; nothing of them is kept
   */
  read(r: ThriftReader): ReadSpans {
    const spans = this.#spans;
    try {
      const count = r.list();
      if (count > 0 && r.type !== ThriftType.struct) {
        throw new WireError('cannot read Thrift at byte 0: spans are no structs', 0, '');
      }
      for (let i = 0; i < count; i += 1) this.#span(r);
      return spans.finish();
    } catch (error) {
      spans.discard();
      throw error;
    }
  }

  #i64(r: ThriftReader): number {
    r.i64();
    return (r.hi | 0) * two32 + r.lo;
  }

  #id(r: ThriftReader, out: Uint8Array, at: number): void {
    r.i64();
    for (let i = 0; i < 4; i += 1) {
      out[at + i] = r.hi >>> (24 - 8 * i);
      out[at + 4 + i] = r.lo >>> (24 - 8 * i);
    }
  }

  #span(r: ThriftReader): void {
    const spans = this.#spans;
    spans.begin();
    r.structBegin();
    while (r.field()) {
      const { fieldId, type } = r;
      if (type === ThriftType.i64) this.#number(r, fieldId);
      else if (fieldId === 3 && type === ThriftType.string) {
        r.string();
        spans.name = r.bytes.subarray(r.from, r.to);
      } else if ((fieldId === 6 || fieldId === 8) && type === ThriftType.list) {
        this.#list(r, fieldId);
      } else r.skip(type);
    }
    spans.end();
  }

  #number(r: ThriftReader, field: number): void {
    const spans = this.#spans;
    if (field === 1) this.#id(r, spans.traceId, 8);
    else if (field === 4) this.#id(r, spans.spanId, 0);
    else if (field === 5) this.#id(r, spans.parentId, 0);
    else if (field === 10) spans.timestamp = this.#i64(r);
    else if (field === 11) spans.duration = this.#i64(r);
    else if (field === 12) this.#id(r, spans.traceId, 0);
    else r.i64();
  }

  #list(r: ThriftReader, field: number): void {
    const count = r.list();
    const { type } = r;
    for (let i = 0; i < count; i += 1) {
      if (type !== ThriftType.struct) r.skip(type);
      else if (field === 6) this.#annotation(r);
      else this.#tag(r);
    }
  }

  #annotation(r: ThriftReader): void {
    const spans = this.#spans;
    let time = 0;
    let from = 0;
    let to = 0;
    spans.endpoint.clear();
    r.structBegin();
    while (r.field()) {
      const { fieldId, type } = r;
      if (fieldId === 1 && type === ThriftType.i64) time = this.#i64(r);
      else if (fieldId === 2 && type === ThriftType.string) {
        r.string();
        ({ from, to } = r);
      } else if (fieldId === 3 && type === ThriftType.struct) this.#endpoint(r);
      else r.skip(type);
    }
    spans.annotation(time, r.bytes, from, to);
  }

  #endpoint(r: ThriftReader): void {
    const { endpoint, addresses } = this.#spans;
    r.structBegin();
    while (r.field()) {
      const { fieldId, type } = r;
      if (fieldId === 1 && type === ThriftType.i32) {
        const v4 = r.i32();
        for (let i = 0; i < 4; i += 1) this.#packed[i] = v4 >>> (24 - 8 * i);
        endpoint.v4 = v4 === 0 ? none : addresses.ofBytes(this.#packed, 0, 4);
      } else if (fieldId === 2 && type === ThriftType.i16) endpoint.port = r.i16();
      else if (fieldId === 3 && type === ThriftType.string) {
        r.string();
        endpoint.name(r.bytes, r.from, r.to);
      } else if (fieldId === 4 && type === ThriftType.string) {
        r.string();
        endpoint.v6 = r.from === r.to ? none : addresses.ofBytes(r.bytes, r.from, r.to);
      } else r.skip(type);
    }
  }

  #tag(r: ThriftReader): void {
    const spans = this.#spans;
    let key = -1;
    let from = 0;
    let to = 0;
    let kind = 0;
    let hosted = false;
    spans.endpoint.clear();
    r.structBegin();
    while (r.field()) {
      const { fieldId, type } = r;
      if (fieldId === 1 && type === ThriftType.string) {
        r.string();
        key = spans.key(r.bytes, r.from, r.to);
      } else if (fieldId === 2 && type === ThriftType.string) {
        r.string();
        ({ from, to } = r);
      } else if (fieldId === 3 && type === ThriftType.i32) kind = r.i32();
      else if (fieldId === 4 && type === ThriftType.struct) {
        this.#endpoint(r);
        hosted = true;
      } else r.skip(type);
    }
    if (key < 0) key = spans.keys.number('');
    spans.tagged(key, r.bytes.subarray(from, to), hosted);
    this.#value(key, r.bytes, from, to, kind);
  }

  #value(key: number, bytes: Uint8Array, from: number, to: number, kind: number): void {
    const { tags } = this.#spans;
    const view = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from);
    if (kind === Kind.string) tags.text(key, bytes, from, to);
    else if (kind === Kind.bool) tags.bool(key, view.length === 1 && view[0] === 1);
    else if (kind === Kind.bytes) tags.string(key, view.toString('base64'));
    else if (kind < 0 || kind > Kind.string) {
      tags.string(key, `<unknown zipkin v1 binary annotation type (${kind})>`);
    } else if (view.length < numberSize(kind)) {
      tags.string(key, '<not enough bytes representing the number>');
    } else if (kind === Kind.double) tags.double(key, view.readDoubleBE(0));
    else if (kind === Kind.i16) tags.int(key, view.readUInt16BE(0), 0);
    else if (kind === Kind.i32) tags.int(key, view.readInt32BE(0), 0);
    else tags.int(key, view.readInt32BE(4), view.readInt32BE(0));
  }
}

/** Bytes of a value that is a number. */
function numberSize(kind: number): number {
  if (kind === Kind.i16) return 2;
  return kind === Kind.i32 ? 4 : 8;
}
