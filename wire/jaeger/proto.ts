import { WireError } from '../../pdata/wire-error.ts';
import type { ReadSpans } from '../tagged-spans/outcome.ts';
import { ProtoReader } from '../tagged-spans/proto-reader.ts';
import type { TagList } from '../tagged-spans/tags.ts';
import { JaegerSpans } from './span-writer.ts';

/** Values of ValueType, model.proto; not those of Thrift. */
const ValueType = { string: 0, bool: 1, int64: 2, float64: 3, binary: 4 } as const;

const scratch = new DataView(new ArrayBuffer(8));

/** google.protobuf.Timestamp or Duration. */
class Time {
  seconds = 0;
  nanos = 0;

  read(r: ProtoReader, from: number, to: number): void {
    this.seconds = 0;
    this.nanos = 0;
    r.enter(from, to);
    while (r.next()) {
      if (r.field === 1) this.seconds = r.int64();
      else if (r.field === 2) this.nanos = r.int32();
      else r.skip();
    }
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
    const r = new ProtoReader(bytes);
    try {
      this.#batches(r);
      return this.#spans.finish();
    } catch (error) {
      this.#spans.discard();
      throw error;
    }
  }

  /** Parts of a message that comes twice are one. */
  #batches(r: ProtoReader): void {
    const parts: [from: number, to: number][] = [];
    while (r.next()) {
      if (r.field === 1) {
        r.range();
        parts.push([r.from, r.to]);
      } else r.skip();
    }
    const resource = this.#batchProcess(r, parts);
    for (const [from, to] of parts) {
      r.enter(from, to);
      while (r.next()) {
        if (r.field !== 1) {
          r.skip();
          continue;
        }
        r.range();
        const { pos } = r;
        this.#span(r, resource);
        r.enter(pos, to);
      }
    }
  }

  /** The process of the batch, which comes after the spans. */
  #batchProcess(r: ProtoReader, parts: readonly [number, number][]): number {
    this.#spans.processTags.clear();
    let name = r.bytes.subarray(0, 0);
    for (const [from, to] of parts) {
      r.enter(from, to);
      while (r.next()) {
        if (r.field !== 2) {
          r.skip();
          continue;
        }
        r.range();
        const { pos } = r;
        name = this.#process(r, r.from, r.to) ?? name;
        r.enter(pos, to);
      }
    }
    return this.#spans.resource(name, 'proto');
  }

  /** Tags go to `processTags`. @returns the name, if there is one */
  #process(r: ProtoReader, from: number, to: number): Uint8Array | undefined {
    let name: Uint8Array | undefined;
    r.enter(from, to);
    while (r.next()) {
      if (r.field === 1) {
        r.range();
        name = r.bytes.subarray(r.from, r.to);
      } else if (r.field === 2) this.#tag(r, this.#spans.processTags, to);
      else r.skip();
    }
    return name;
  }

  /** Reads the span whose range `r` has. */
  #span(r: ProtoReader, resource: number): void {
    const spans = this.#spans;
    spans.begin();
    try {
      this.#fields(r, r.from, r.to, resource);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      spans.refuse(error.message);
    }
  }

  #fields(r: ProtoReader, from: number, to: number, batchResource: number): void {
    const spans = this.#spans;
    let resource = batchResource;
    let seconds = 0;
    let nanos = 0;
    let duration = 0;
    r.enter(from, to);
    while (r.next()) {
      const { field } = r;
      if (field === 1) this.#id(r, spans.traceId, 0, 16);
      else if (field === 2) this.#id(r, spans.spanId, 0, 8);
      else if (field === 3) {
        r.range();
        spans.name = r.bytes.subarray(r.from, r.to);
      } else if (field === 4) this.#ref(r, to);
      else if (field === 5) spans.blank = r.varint() === 0 && spans.blank;
      else if (field === 6) {
        this.#readTime(r, to);
        ({ seconds, nanos } = this.#time);
      } else if (field === 7) {
        this.#readTime(r, to);
        duration = this.#time.seconds * 1e9 + this.#time.nanos;
      } else if (field === 8) this.#tag(r, spans.tags, to);
      else if (field === 9) this.#log(r, to);
      else if (field === 10) {
        resource = this.#ownProcess(r, to);
        spans.blank = false;
      } else r.skip();
    }
    spans.endNanos(seconds, nanos, duration, resource, 'proto');
  }

  #ownProcess(r: ProtoReader, end: number): number {
    r.range();
    const { pos } = r;
    this.#spans.processTags.clear();
    const name = this.#process(r, r.from, r.to) ?? r.bytes.subarray(0, 0);
    r.enter(pos, end);
    return this.#spans.resource(name, 'proto');
  }

  #readTime(r: ProtoReader, end: number): void {
    r.range();
    const { pos } = r;
    this.#time.read(r, r.from, r.to);
    r.enter(pos, end);
  }

  #id(r: ProtoReader, out: Uint8Array, at: number, size: number): void {
    r.range();
    if (r.to - r.from < size) {
      throw r.fault(`an id of ${r.to - r.from} bytes, expected ${size}`);
    }
    out.set(r.bytes.subarray(r.from, r.from + size), at);
  }

  #ref(r: ProtoReader, end: number): void {
    r.range();
    const { pos } = r;
    const at = this.#spans.addRef();
    const { refs } = this.#spans;
    r.enter(r.from, r.to);
    while (r.next()) {
      if (r.field === 1) this.#id(r, refs, at, 16);
      else if (r.field === 2) this.#id(r, refs, at + 16, 8);
      else if (r.field === 3) refs[at + 24] = Math.min(r.int32() >>> 0, 255);
      else r.skip();
    }
    r.enter(pos, end);
  }

  #log(r: ProtoReader, end: number): void {
    r.range();
    const { pos, to } = r;
    const { fields } = this.#spans;
    fields.clear();
    let seconds = 0;
    let nanos = 0;
    r.enter(r.from, to);
    while (r.next()) {
      if (r.field === 1) {
        this.#readTime(r, to);
        ({ seconds, nanos } = this.#time);
      } else if (r.field === 2) this.#tag(r, fields, to);
      else r.skip();
    }
    if (!this.#spans.logNanos(seconds, nanos)) {
      throw r.fault(`the time of a log, ${seconds} s and ${nanos} ns, is out of range`);
    }
    r.enter(pos, end);
  }

  #tag(r: ProtoReader, tags: TagList, end: number): void {
    r.range();
    const { pos, bytes } = r;
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
    r.enter(r.from, r.to);
    while (r.next()) {
      const { field } = r;
      if (field === 1) {
        r.range();
        key = this.#spans.keys.intern(bytes, r.from, r.to);
      } else if (field === 2) kind = r.int32();
      else if (field === 3) {
        r.range();
        textFrom = r.from;
        textTo = r.to;
      } else if (field === 4) truth = r.bool();
      else if (field === 5) {
        r.halves();
        lo = r.lo;
        hi = r.hi;
      } else if (field === 6) {
        r.fixed64();
        low = r.lo;
        high = r.hi;
      } else if (field === 7) {
        r.range();
        bytesFrom = r.from;
        bytesTo = r.to;
      } else r.skip();
    }
    if (key < 0) key = this.#spans.keys.intern(bytes, 0, 0);
    if (kind === ValueType.string) tags.text(key, bytes, textFrom, textTo);
    else if (kind === ValueType.bool) tags.bool(key, truth);
    else if (kind === ValueType.int64) tags.int(key, lo, hi);
    else if (kind === ValueType.float64) {
      scratch.setUint32(0, high);
      scratch.setUint32(4, low);
      tags.double(key, scratch.getFloat64(0));
    } else if (kind === ValueType.binary) tags.bytes(key, bytes, bytesFrom, bytesTo);
    else tags.string(key, `<Unknown Jaeger TagType "${kind}">`);
    r.enter(pos, end);
  }
}
