import type { CheckedReader } from '../../pdata/proto/checked-reader.ts';
import { WireError } from '../../pdata/wire-error.ts';
import { isZero } from '../tagged-spans/ids.ts';
import type { ReadSpans } from '../tagged-spans/outcome.ts';
import { protoReader } from '../tagged-spans/proto-reader.ts';
import { type Conventions, defaultConventions } from './conventions.ts';
import type { Endpoint } from './endpoint.ts';
import { ZipkinSpans } from './spans-v2.ts';

/** OTLP's kinds by Zipkin's: unspecified, client, server, producer, consumer. */
const kinds = [0, 3, 2, 4, 5] as const;

const two32 = 4294967296;

/** Tags of Span's fields. */
const Tag = {
  traceId: 0x0a,
  parentId: 0x12,
  id: 0x1a,
  kind: 0x20,
  name: 0x2a,
  timestamp: 0x31,
  duration: 0x38,
  localEndpoint: 0x42,
  remoteEndpoint: 0x4a,
  annotation: 0x52,
  tag: 0x5a,
} as const;

/**
 * Reads Zipkin's protobuf (https://github.com/openzipkin/zipkin-api, zipkin.proto):
 *
 *     ListOfSpans  1 spans
 *     Span         1 trace_id  2 parent_id  3 id  4 kind  5 name  6 timestamp fixed64 us
 *                  7 duration us  8 local_endpoint  9 remote_endpoint  10 annotations  11 tags map
 *     Endpoint     1 service_name  2 ipv4  3 ipv6  4 port
 *     Annotation   1 timestamp fixed64 us  2 value
 */
export class ZipkinProto {
  readonly #spans: ZipkinSpans;

  /** @param parse key `parse_string_tags` */
  constructor(parse: boolean, conventions: Conventions = defaultConventions) {
    this.#spans = new ZipkinSpans(parse, conventions);
  }

  /**
   * Reads a ListOfSpans. A span that cannot be read is refused by itself.
   * @throws WireError for bytes that are none; nothing of them is kept
   */
  read(bytes: Uint8Array): ReadSpans {
    const spans = this.#spans;
    const r = protoReader(bytes);
    try {
      for (let tag = r.next(); tag !== 0; tag = r.next()) {
        if (tag === 0x0a) this.#span(r);
        else r.skipOver(1, tag);
      }
      return spans.finish();
    } catch (error) {
      spans.discard();
      throw error;
    }
  }

  #span(r: CheckedReader): void {
    const spans = this.#spans;
    const outer = r.enter();
    const { end } = r;
    spans.begin();
    try {
      this.#fields(r);
      if (isZero(spans.traceId)) throw r.fault('a trace id is required');
      spans.end();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      spans.refuse(error.message);
    }
    r.end = end;
    r.leave(outer);
  }

  #fields(r: CheckedReader): void {
    const spans = this.#spans;
    let hasId = false;
    spans.timestamp = 0;
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      if (tag === Tag.tag) this.#tag(r);
      else if (tag === Tag.traceId) this.#id(r, spans.traceId, 'trace_id');
      else if (tag === Tag.parentId) this.#id(r, spans.parentId, 'parent_id');
      else if (tag === Tag.id) {
        this.#id(r, spans.spanId, 'id');
        hasId = r.to > r.from;
      } else if (tag === Tag.kind) spans.kind = kinds[r.uint64()] ?? 0;
      else if (tag === Tag.name) {
        r.range();
        spans.name = r.bytes.subarray(r.from, r.to);
      } else if (tag === Tag.timestamp) {
        r.fixed64();
        spans.timestamp = r.hi * two32 + r.lo;
      } else if (tag === Tag.duration) spans.duration = r.uint64();
      else if (tag === Tag.localEndpoint) this.#endpoint(r, spans.local);
      else if (tag === Tag.remoteEndpoint) this.#endpoint(r, spans.remote);
      else if (tag === Tag.annotation) this.#annotation(r);
      else r.skipOver(11, tag);
    }
    if (!hasId) throw r.fault('a span id is required');
  }

  #id(r: CheckedReader, out: Uint8Array, what: string): void {
    r.range();
    const size = r.to - r.from;
    // Trace ids of 64 bits are written as 8 bytes by some.
    if (size !== out.length && size !== 0 && !(size === 8 && what === 'trace_id')) {
      throw r.fault(`${what} has ${size} bytes, expected ${out.length}`);
    }
    out.fill(0);
    out.set(r.bytes.subarray(r.from, r.to), out.length - size);
  }

  #endpoint(r: CheckedReader, endpoint: Endpoint): void {
    const outer = r.enter();
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      if (tag === 0x0a) {
        r.range();
        endpoint.name(r.bytes, r.from, r.to);
      } else if (tag === 0x12) endpoint.v4 = this.#address(r);
      else if (tag === 0x1a) endpoint.v6 = this.#address(r);
      else if (tag === 0x20) endpoint.port = r.int32() & 0xffff;
      else r.skipOver(4, tag);
    }
    r.leave(outer);
  }

  #address(r: CheckedReader): Uint8Array {
    r.range();
    if (r.from === r.to) return r.bytes.subarray(0, 0);
    return this.#spans.addresses.ofBytes(r.bytes, r.from, r.to);
  }

  #annotation(r: CheckedReader): void {
    const outer = r.enter();
    let time = 0;
    let from = 0;
    let to = 0;
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      if (tag === 0x09) {
        r.fixed64();
        time = r.hi * two32 + r.lo;
      } else if (tag === 0x12) {
        r.range();
        ({ from, to } = r);
      } else r.skipOver(2, tag);
    }
    if (!this.#spans.annotation(time, r.bytes, from, to)) {
      throw r.fault(`an annotation's timestamp of ${time} us is out of range`);
    }
    r.leave(outer);
  }

  #tag(r: CheckedReader): void {
    const outer = r.enter();
    let key = -1;
    let from = 0;
    let to = 0;
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      if (tag === 0x0a) {
        r.range();
        key = this.#spans.keys.intern(r.bytes, r.from, r.to);
      } else if (tag === 0x12) {
        r.range();
        ({ from, to } = r);
      } else r.skipOver(2, tag);
    }
    if (key < 0) key = this.#spans.keys.number('');
    this.#spans.tags.text(key, r.bytes, from, to);
    r.leave(outer);
  }
}
