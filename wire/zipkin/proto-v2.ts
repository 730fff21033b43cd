import { WireError } from '../../pdata/wire-error.ts';
import type { ReadSpans } from '../tagged-spans/outcome.ts';
import { ProtoReader } from '../tagged-spans/proto-reader.ts';
import { type Conventions, defaultConventions } from './conventions.ts';
import type { Endpoint } from './endpoint.ts';
import { ZipkinSpans } from './spans-v2.ts';

/** OTLP's kinds by Zipkin's: unspecified, client, server, producer, consumer. */
const kinds = [0, 3, 2, 4, 5] as const;

const two32 = 4294967296;

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
    const r = new ProtoReader(bytes);
    try {
      while (r.next()) {
        if (r.field !== 1) {
          r.skip();
          continue;
        }
        r.range();
        const { pos } = r;
        this.#span(r);
        r.enter(pos, bytes.length);
      }
      return spans.finish();
    } catch (error) {
      spans.discard();
      throw error;
    }
  }

  #span(r: ProtoReader): void {
    const spans = this.#spans;
    spans.begin();
    try {
      this.#fields(r, r.from, r.to);
      if (spans.traceId.every((byte) => byte === 0)) throw r.fault('a trace id is required');
      spans.end();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      spans.refuse(error.message);
    }
  }

  #fields(r: ProtoReader, from: number, to: number): void {
    const spans = this.#spans;
    let hasId = false;
    spans.timestamp = 0;
    r.enter(from, to);
    while (r.next()) {
      const { field } = r;
      if (field === 1) this.#id(r, spans.traceId, 'trace_id');
      else if (field === 2) this.#id(r, spans.parentId, 'parent_id');
      else if (field === 3) {
        this.#id(r, spans.spanId, 'id');
        hasId = r.to > r.from;
      } else if (field === 4) spans.kind = kinds[r.varint()] ?? 0;
      else if (field === 5) {
        r.range();
        spans.name = r.bytes.subarray(r.from, r.to);
      } else if (field === 6) {
        r.fixed64();
        spans.timestamp = r.hi * two32 + r.lo;
      } else if (field === 7) spans.duration = r.varint();
      else if (field === 8) this.#endpoint(r, spans.local, to);
      else if (field === 9) this.#endpoint(r, spans.remote, to);
      else if (field === 10) this.#annotation(r, to);
      else if (field === 11) this.#tag(r, to);
      else r.skip();
    }
    if (!hasId) throw r.fault('a span id is required');
  }

  #id(r: ProtoReader, out: Uint8Array, what: string): void {
    r.range();
    const size = r.to - r.from;
    // Trace ids of 64 bits are written as 8 bytes by some.
    if (size !== out.length && size !== 0 && !(size === 8 && what === 'trace_id')) {
      throw r.fault(`${what} has ${size} bytes, expected ${out.length}`);
    }
    out.fill(0);
    out.set(r.bytes.subarray(r.from, r.to), out.length - size);
  }

  #endpoint(r: ProtoReader, endpoint: Endpoint, end: number): void {
    r.range();
    const { pos } = r;
    r.enter(r.from, r.to);
    while (r.next()) {
      if (r.field === 1) {
        r.range();
        endpoint.name(r.bytes, r.from, r.to);
      } else if (r.field === 2) endpoint.v4 = this.#address(r);
      else if (r.field === 3) endpoint.v6 = this.#address(r);
      else if (r.field === 4) endpoint.port = r.varint() & 0xffff;
      else r.skip();
    }
    r.enter(pos, end);
  }

  #address(r: ProtoReader): Uint8Array {
    r.range();
    if (r.from === r.to) return r.bytes.subarray(0, 0);
    return this.#spans.addresses.ofBytes(r.bytes, r.from, r.to);
  }

  #annotation(r: ProtoReader, end: number): void {
    r.range();
    const { pos } = r;
    let time = 0;
    let from = 0;
    let to = 0;
    r.enter(r.from, r.to);
    while (r.next()) {
      if (r.field === 1) {
        r.fixed64();
        time = r.hi * two32 + r.lo;
      } else if (r.field === 2) {
        r.range();
        ({ from, to } = r);
      } else r.skip();
    }
    if (!this.#spans.annotation(time, r.bytes, from, to)) {
      throw r.fault(`an annotation's timestamp of ${time} us is out of range`);
    }
    r.enter(pos, end);
  }

  #tag(r: ProtoReader, end: number): void {
    r.range();
    const { pos } = r;
    let key = -1;
    let from = 0;
    let to = 0;
    r.enter(r.from, r.to);
    while (r.next()) {
      if (r.field === 1) {
        r.range();
        key = this.#spans.keys.intern(r.bytes, r.from, r.to);
      } else if (r.field === 2) {
        r.range();
        ({ from, to } = r);
      } else r.skip();
    }
    if (key < 0) key = this.#spans.keys.number('');
    this.#spans.tags.text(key, r.bytes, from, to);
    r.enter(pos, end);
  }
}
