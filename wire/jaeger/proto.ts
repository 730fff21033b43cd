import type { CheckedReader } from '../../pdata/proto/checked-reader.ts';
import { doubleOf } from '../../pdata/proto/cursor.ts';
import { WireError } from '../../pdata/wire-error.ts';
import type { ReadSpans } from '../tagged-spans/outcome.ts';
import { protoReader } from '../tagged-spans/proto-reader.ts';
import type { TagList } from '../tagged-spans/tags.ts';
import { JaegerSpans } from './span-writer.ts';

/** Values of ValueType, model.proto; not those of Thrift. */
const ValueType = { string: 0, bool: 1, int64: 2, float64: 3, binary: 4 } as const;

/** Tags of Span's fields. */
const Tag = {
  traceId: 0x0a,
  spanId: 0x12,
  operationName: 0x1a,
  reference: 0x22,
  flags: 0x28,
  startTime: 0x32,
  duration: 0x3a,
  tag: 0x42,
  log: 0x4a,
  process: 0x52,
} as const;

/** google.protobuf.Timestamp or Duration. */
class Time {
  seconds = 0;
  nanos = 0;

  read(r: CheckedReader): void {
    this.seconds = 0;
    this.nanos = 0;
    const outer = r.enter();
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      if (tag === 0x08) this.seconds = r.int64();
      else if (tag === 0x10) this.nanos = r.int32();
      else r.skipOver(2, tag);
    }
    r.leave(outer);
  }
}

/**
 * Reads Jaeger's PostSpansRequest (jaeger-idl, api_v2/collector.proto and model.proto):
 *
 *     PostSpansRequest  1 batch        Batch  1 spans  2 process    Process  1 service_name  2 tags
 *     Span      1 trace_id  2 span_id  3 operation_name  4 references  5 flags  6 start_time
 *               7 duration  8 tags  9 logs  10 process  11 process_id  12 warnings
 *     SpanRef   1 trace_id  2 span_id  3 ref_type         Log  1 timestamp  2 fields
 *     KeyValue  1 key  2 v_type  3 v_str  4 v_bool  5 v_int64  6 v_float64  7 v_binary
 */
export class JaegerProto {
  readonly #spans = new JaegerSpans();
  readonly #time = new Time();

  /**
   * Reads a PostSpansRequest. A span that cannot be read is refused by itself.
   * @throws WireError for bytes that are no request; nothing of them is kept
   */
  request(bytes: Uint8Array): ReadSpans {
    const r = protoReader(bytes);
    try {
      this.#batches(r);
      return this.#spans.finish();
    } catch (error) {
      this.#spans.discard();
      throw error;
    }
  }

  /** Parts of a message that comes twice are one. */
  #batches(r: CheckedReader): void {
    const parts: [from: number, to: number][] = [];
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      if (tag === 0x0a) {
        r.range();
        parts.push([r.from, r.to]);
      } else r.skipOver(1, tag);
    }
    const resource = this.#batchProcess(r, parts);
    for (const [from, to] of parts) {
      r.bind(r.bytes, from, to);
      for (let tag = r.next(); tag !== 0; tag = r.next()) {
        if (tag === 0x0a) this.#span(r, resource);
        else if (tag === 0x12) r.range();
        else r.skipOver(2, tag);
      }
    }
  }

  /** The process of the batch, which comes after the spans. */
  #batchProcess(r: CheckedReader, parts: readonly [number, number][]): number {
    this.#spans.processTags.clear();
    let name = r.bytes.subarray(0, 0);
    for (const [from, to] of parts) {
      r.bind(r.bytes, from, to);
      for (let tag = r.next(); tag !== 0; tag = r.next()) {
        if (tag === 0x12) name = this.#process(r) ?? name;
        else r.skip(tag);
      }
    }
    return this.#spans.resource(name, 'proto');
  }

  /** Tags go to `processTags`. @returns the name, if there is one */
  #process(r: CheckedReader): Uint8Array | undefined {
    let name: Uint8Array | undefined;
    const outer = r.enter();
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      if (tag === 0x0a) {
        r.range();
        name = r.bytes.subarray(r.from, r.to);
      } else if (tag === 0x12) this.#tag(r, this.#spans.processTags);
      else r.skipOver(2, tag);
    }
    r.leave(outer);
    return name;
  }

  #span(r: CheckedReader, resource: number): void {
    const spans = this.#spans;
    const outer = r.enter();
    const { end } = r;
    spans.begin();
    try {
      this.#fields(r, resource);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      spans.refuse(error.message);
    }
    r.end = end;
    r.leave(outer);
  }

  #fields(r: CheckedReader, batchResource: number): void {
    const spans = this.#spans;
    let resource = batchResource;
    let seconds = 0;
    let nanos = 0;
    let duration = 0;
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      if (tag === Tag.traceId) this.#id(r, spans.traceId, 0, 16);
      else if (tag === Tag.spanId) this.#id(r, spans.spanId, 0, 8);
      else if (tag === Tag.operationName) {
        r.range();
        spans.name = r.bytes.subarray(r.from, r.to);
      } else if (tag === Tag.reference) this.#ref(r);
      else if (tag === Tag.flags) spans.blank = r.uint64() === 0 && spans.blank;
      else if (tag === Tag.startTime) {
        this.#time.read(r);
        ({ seconds, nanos } = this.#time);
      } else if (tag === Tag.duration) {
        this.#time.read(r);
        duration = this.#time.seconds * 1e9 + this.#time.nanos;
      } else if (tag === Tag.tag) this.#tag(r, spans.tags);
      else if (tag === Tag.log) this.#log(r);
      else if (tag === Tag.process) {
        resource = this.#ownProcess(r);
        spans.blank = false;
      } else r.skipOver(10, tag);
    }
    spans.endNanos(seconds, nanos, duration, resource, 'proto');
  }

  #ownProcess(r: CheckedReader): number {
    this.#spans.processTags.clear();
    const name = this.#process(r) ?? r.bytes.subarray(0, 0);
    return this.#spans.resource(name, 'proto');
  }

  #id(r: CheckedReader, out: Uint8Array, at: number, size: number): void {
    r.range();
    if (r.to - r.from < size) {
      throw r.fault(`an id of ${r.to - r.from} bytes, expected ${size}`);
    }
    out.set(r.bytes.subarray(r.from, r.from + size), at);
  }

  #ref(r: CheckedReader): void {
    const outer = r.enter();
    const at = this.#spans.addRef();
    const { refs } = this.#spans;
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      if (tag === 0x0a) this.#id(r, refs, at, 16);
      else if (tag === 0x12) this.#id(r, refs, at + 16, 8);
      else if (tag === 0x18) refs[at + 24] = Math.min(r.int32() >>> 0, 255);
      else r.skipOver(3, tag);
    }
    r.leave(outer);
  }

  #log(r: CheckedReader): void {
    const outer = r.enter();
    const { fields } = this.#spans;
    fields.clear();
    let seconds = 0;
    let nanos = 0;
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      if (tag === 0x0a) {
        this.#time.read(r);
        ({ seconds, nanos } = this.#time);
      } else if (tag === 0x12) this.#tag(r, fields);
      else r.skipOver(2, tag);
    }
    if (!this.#spans.logNanos(seconds, nanos)) {
      throw r.fault(`the time of a log, ${seconds} s and ${nanos} ns, is out of range`);
    }
    r.leave(outer);
  }

  #tag(r: CheckedReader, tags: TagList): void {
    const { bytes } = r;
    const outer = r.enter();
    let key = -1;
    let kind = 0;
    let textFrom = 0;
    let textTo = 0;
    let bytesFrom = 0;
    let bytesTo = 0;
    let truth = false;
    let lo = 0;
    let hi = 0;
    let low = 0;
    let high = 0;
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      if (tag === 0x0a) {
        r.range();
        key = this.#spans.keys.intern(bytes, r.from, r.to);
      } else if (tag === 0x10) kind = r.int32();
      else if (tag === 0x1a) {
        r.range();
        textFrom = r.from;
        textTo = r.to;
      } else if (tag === 0x20) truth = r.bool();
      else if (tag === 0x28) {
        r.halves();
        lo = r.lo;
        hi = r.hi;
      } else if (tag === 0x31) {
        r.fixed64();
        low = r.lo;
        high = r.hi;
      } else if (tag === 0x3a) {
        r.range();
        bytesFrom = r.from;
        bytesTo = r.to;
      } else r.skipOver(7, tag);
    }
    if (key < 0) key = this.#spans.keys.intern(bytes, 0, 0);
    if (kind === ValueType.string) tags.text(key, bytes, textFrom, textTo);
    else if (kind === ValueType.bool) tags.bool(key, truth);
    else if (kind === ValueType.int64) tags.int(key, lo, hi);
    else if (kind === ValueType.float64) {
      tags.double(key, doubleOf(low, high));
    } else if (kind === ValueType.binary) tags.bytes(key, bytes, bytesFrom, bytesTo);
    else tags.string(key, `<Unknown Jaeger TagType "${kind}">`);
    r.leave(outer);
  }
}
