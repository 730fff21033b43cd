import { WireError } from '../../pdata/wire-error.ts';
import type { ReadSpans } from '../tagged-spans/outcome.ts';
import type { TagList } from '../tagged-spans/tags.ts';
import { type ThriftReader, ThriftType } from '../thrift/reader.ts';
import { JaegerSpans } from './span-writer.ts';

const two32 = 4294967296;

/** Values of TagType, jaeger.thrift. */
const TagType = { string: 0, double: 1, bool: 2, long: 3, binary: 4 } as const;

const unknownTag = Buffer.from('<Unknown Jaeger TagType "<UNSET>">');

/** Bits of the fields that a struct must have. */
const required = {
  tag: bits(1, 2),
  log: bits(1, 2),
  ref: bits(1, 2, 3, 4),
  span: bits(1, 2, 3, 4, 5, 7, 8, 9),
  process: bits(1),
  batch: bits(1, 2),
} as const;

function bits(...fields: number[]): number {
  return fields.reduce((sum, field) => sum | (1 << field), 0);
}

/** i64 as a number, inexact beyond 2^53. */
function i64(r: ThriftReader): number {
  r.i64();
  return (r.hi | 0) * two32 + r.lo;
}

/** i64 as eight bytes, big endian. */
function idTo(r: ThriftReader, out: Uint8Array, at: number): void {
  r.i64();
  for (let i = 0; i < 4; i += 1) {
    out[at + i] = r.hi >>> (24 - 8 * i);
    out[at + 4 + i] = r.lo >>> (24 - 8 * i);
  }
}

/**
 * Reads jaeger.thrift's Batch, from HTTP bodies and from the agent's packets:
 *
 *     Batch    1 process  2 spans  3 seqNo  4 stats       Process  1 serviceName  2 tags
 *     Span     1 traceIdLow  2 traceIdHigh  3 spanId  4 parentSpanId  5 operationName
 *              6 references  7 flags  8 startTime us  9 duration us  10 tags  11 logs
 *     SpanRef  1 refType  2 traceIdLow  3 traceIdHigh  4 spanId    Log  1 timestamp us  2 fields
 *     Tag      1 key  2 vType  3 vStr  4 vDouble  5 vBool  6 vLong  7 vBinary
 *
 * Fields of another type than these are skipped, as generated code does.
 */
export class JaegerThrift {
  readonly #spans = new JaegerSpans();
  #flags = 0;

  /**
   * Reads a Batch.
   * @throws WireError for bytes that are none; nothing of them is kept
   */
  batch(r: ThriftReader): ReadSpans {
    try {
      this.#batch(r);
      return this.#spans.finish();
    } catch (error) {
      this.#spans.discard();
      throw error;
    }
  }

  /**
   * Reads a message of the agent, `emitBatch(1: Batch batch)`.
   * @throws WireError
   */
  message(r: ThriftReader): ReadSpans {
    const method = r.messageBegin();
    if (method !== 'emitBatch') {
      throw new WireError(`cannot serve the method ${JSON.stringify(method)}`, 0, '');
    }
    let read: ReadSpans = { batch: undefined, refused: 0, reasons: [] };
    r.structBegin();
    while (r.field()) {
      if (r.fieldId === 1 && r.type === ThriftType.struct) read = this.batch(r);
      else r.skip(r.type);
    }
    return read;
  }

  #batch(r: ThriftReader): void {
    let seen = 0;
    let resource = -1;
    let later = -1;
    r.structBegin();
    while (r.field()) {
      const { fieldId, type } = r;
      if (fieldId === 1 && type === ThriftType.struct) resource = this.#process(r);
      else if (fieldId === 2 && type === ThriftType.list) {
        if (resource >= 0) this.#spanList(r, resource);
        else {
          later = r.pos;
          r.skip(type);
        }
      } else {
        r.skip(type);
        continue;
      }
      seen |= 1 << fieldId;
    }
    this.#complete(r, 'Batch', seen, required.batch);
    if (later < 0) return;
    const end = r.pos;
    r.pos = later;
    this.#spanList(r, resource);
    r.pos = end;
  }

  #complete(r: ThriftReader, what: string, seen: number, wanted: number): void {
    const missing = wanted & ~seen;
    if (missing === 0) return;
    const field = 31 - Math.clz32(missing & -missing);
    throw new WireError(
      `cannot read Thrift at byte ${r.pos}: ${what} has no field ${field}`,
      r.pos,
      '',
    );
  }

  #process(r: ThriftReader): number {
    const tags = this.#spans.processTags;
    tags.clear();
    let name = r.bytes.subarray(0, 0);
    let seen = 0;
    r.structBegin();
    while (r.field()) {
      if (r.fieldId === 1 && r.type === ThriftType.string) {
        r.string();
        name = r.bytes.subarray(r.from, r.to);
        seen = bits(1);
      } else if (r.fieldId === 2 && r.type === ThriftType.list) this.#tagList(r, tags);
      else r.skip(r.type);
    }
    this.#complete(r, 'Process', seen, required.process);
    return this.#spans.resource(name, 'thrift');
  }

  #spanList(r: ThriftReader, resource: number): void {
    const count = r.list();
    if (count > 0 && r.type !== ThriftType.struct) {
      throw new WireError(`cannot read Thrift at byte ${r.pos}: spans are no structs`, r.pos, '');
    }
    for (let i = 0; i < count; i += 1) this.#span(r, resource);
  }

  #span(r: ThriftReader, resource: number): void {
    const spans = this.#spans;
    spans.begin();
    this.#flags = 0;
    let start = 0;
    let duration = 0;
    let seen = 0;
    let fault = '';
    r.structBegin();
    while (r.field()) {
      const { fieldId, type } = r;
      if (!isSpanField(fieldId, type)) {
        r.skip(type);
        continue;
      }
      seen |= 1 << fieldId;
      if (fieldId === 8) start = i64(r);
      else if (fieldId === 9) duration = i64(r);
      else if (fieldId === 11) fault = this.#logs(r) || fault;
      else this.#spanField(r, fieldId);
    }
    const missing = required.span & ~seen;
    if (this.#flags !== 0) spans.blank = false;
    if (missing !== 0) spans.refuse(`field ${31 - Math.clz32(missing & -missing)} is missing`);
    else if (fault !== '') spans.refuse(fault);
    else spans.endMicros(start, duration, resource, 'thrift');
  }

  #spanField(r: ThriftReader, field: number): void {
    const spans = this.#spans;
    switch (field) {
      case 1:
        idTo(r, spans.traceId, 8);
        return;
      case 2:
        idTo(r, spans.traceId, 0);
        return;
      case 3:
        idTo(r, spans.spanId, 0);
        return;
      case 4:
        idTo(r, spans.parentId, 0);
        return;
      case 5:
        r.string();
        spans.name = r.bytes.subarray(r.from, r.to);
        return;
      case 6:
        this.#refs(r);
        return;
      case 7:
        this.#flags = r.i32();
        return;
      default:
        this.#tagList(r, spans.tags);
    }
  }

  #refs(r: ThriftReader): void {
    const count = r.list();
    const { type } = r;
    for (let i = 0; i < count; i += 1) {
      if (type === ThriftType.struct) this.#ref(r);
      else r.skip(type);
    }
  }

  #ref(r: ThriftReader): void {
    const at = this.#spans.addRef();
    const { refs } = this.#spans;
    let seen = 0;
    r.structBegin();
    while (r.field()) {
      const { fieldId, type } = r;
      if (fieldId === 1 && type === ThriftType.i32) refs[at + 24] = Math.min(r.i32() >>> 0, 255);
      else if (fieldId >= 2 && fieldId <= 4 && type === ThriftType.i64) {
        idTo(r, refs, at + (fieldId === 2 ? 8 : fieldId === 3 ? 0 : 16));
      } else {
        r.skip(type);
        continue;
      }
      seen |= 1 << fieldId;
    }
    this.#complete(r, 'SpanRef', seen, required.ref);
  }

  /** @returns what is wrong with one of them; '' = nothing */
  #logs(r: ThriftReader): string {
    const count = r.list();
    const { type } = r;
    let fault = '';
    for (let i = 0; i < count; i += 1) {
      if (type === ThriftType.struct) fault = this.#log(r) || fault;
      else r.skip(type);
    }
    return fault;
  }

  #log(r: ThriftReader): string {
    const { fields } = this.#spans;
    fields.clear();
    let time = 0;
    let seen = 0;
    r.structBegin();
    while (r.field()) {
      const { fieldId, type } = r;
      if (fieldId === 1 && type === ThriftType.i64) time = i64(r);
      else if (fieldId === 2 && type === ThriftType.list) this.#tagList(r, fields);
      else {
        r.skip(type);
        continue;
      }
      seen |= 1 << fieldId;
    }
    this.#complete(r, 'Log', seen, required.log);
    return this.#spans.logMicros(time) ? '' : `the time of a log, ${time} us, is out of range`;
  }

  #tagList(r: ThriftReader, tags: TagList): void {
    const count = r.list();
    const { type } = r;
    for (let i = 0; i < count; i += 1) {
      if (type === ThriftType.struct) this.#tag(r, tags);
      else r.skip(type);
    }
  }

  #tag(r: ThriftReader, tags: TagList): void {
    const { bytes } = r;
    let key = -1;
    let kind = -1;
    // The field of each value type that came: text and bytes as ranges, numbers as halves.
    let has = 0;
    let textFrom = 0;
    let textTo = 0;
    let bytesFrom = 0;
    let bytesTo = 0;
    let number = 0;
    let truth = false;
    let lo = 0;
    let hi = 0;
    r.structBegin();
    while (r.field()) {
      const { fieldId, type } = r;
      if (fieldId === 1 && type === ThriftType.string) {
        r.string();
        key = this.#spans.keys.intern(bytes, r.from, r.to);
      } else if (fieldId === 2 && type === ThriftType.i32) {
        kind = r.i32();
        has |= 4;
      } else if (fieldId === 3 && type === ThriftType.string) {
        r.string();
        textFrom = r.from;
        textTo = r.to;
      } else if (fieldId === 4 && type === ThriftType.double) number = r.double();
      else if (fieldId === 5 && type === ThriftType.bool) truth = r.bool();
      else if (fieldId === 6 && type === ThriftType.i64) {
        r.i64();
        lo = r.lo;
        hi = r.hi;
      } else if (fieldId === 7 && type === ThriftType.string) {
        r.string();
        bytesFrom = r.from;
        bytesTo = r.to;
      } else r.skip(type);
    }
    this.#complete(r, 'Tag', has | (key < 0 ? 0 : 2), required.tag);
    if (kind === TagType.string) tags.text(key, bytes, textFrom, textTo);
    else if (kind === TagType.double) tags.double(key, number);
    else if (kind === TagType.bool) tags.bool(key, truth);
    else if (kind === TagType.long) tags.int(key, lo, hi);
    else if (kind === TagType.binary) tags.bytes(key, bytes, bytesFrom, bytesTo);
    else tags.text(key, unknownTag, 0, unknownTag.length);
  }
}

/** Whether a field is one of Span, of the right type. */
function isSpanField(field: number, type: number): boolean {
  if (field === 5) return type === ThriftType.string;
  if (field === 7) return type === ThriftType.i32;
  if (field === 6 || field === 10 || field === 11) return type === ThriftType.list;
  return field >= 1 && field <= 9 && type === ThriftType.i64;
}
