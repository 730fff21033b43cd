import type { Traces } from '../../pdata/batch.ts';
import { TracesBuilder } from '../../pdata/builder.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { ListTag, textAttribute } from './attributes.ts';
import { SkywalkingFault } from './fault.ts';
import { SegmentHash, traceIdTo } from './ids.ts';
import type { Instances } from './instances.ts';
import { joinOf } from './join.ts';
import { skywalkingReader } from './reader.ts';
import { scopeName } from './resource-group.ts';
import { maxGrowth, type SegmentIds, SpanWriter } from './span.ts';
import { Slot, slotFields } from './tag-rules.ts';
import type { Translator } from './translator.ts';

const encoder = new TextEncoder();

/** Field tags of SegmentObject. */
const Tag = {
  traceId: 10,
  segmentId: 18,
  span: 26,
  service: 34,
  instance: 42,
  limited: 48,
} as const;

/** Writes spans with what a builder keeps to itself. */
class SpansBuilder extends TracesBuilder {
  /** Ends a span that counts only when its segment is whole. */
  closeUncounted(opened: number): void {
    this.writer.close(opened);
  }

  count(spans: number): void {
    for (let i = 0; i < spans; i += 1) this.countItem();
  }
}

/**
 * Turns segments (SegmentObject of skywalking-data-collect-protocol, language-agent/Tracing.proto)
 * into spans of one batch. Segments of one instance that follow each other share a resource.
 */
export class SegmentTranslator implements Translator<'traces'> {
  readonly #instances: Instances;
  readonly #builder = new SpansBuilder();
  readonly #r = skywalkingReader();
  readonly #span: SpanWriter;
  readonly #ids: SegmentIds;
  /** Service, a zero and instance of the open resource. */
  #resource = new Uint8Array(0);
  #resourceVersion = -1;
  #open = false;
  #items = 0;

  constructor(instances: Instances) {
    this.#instances = instances;
    this.#ids = {
      traceId: new Uint8Array(16),
      hash: new SegmentHash(),
      bytes: new Uint8Array(0),
      traceFrom: 0,
      traceTo: 0,
      attributes: new Writer(256),
      limited: false,
      join: undefined,
      limit: 0,
    };
    this.#span = new SpanWriter(this.#builder.writer, this.#ids);
  }

  get items(): number {
    return this.#items;
  }

  get byteLength(): number {
    return this.#builder.byteLength;
  }

  add(chunk: Uint8Array, start: number, end: number): void {
    const bytes = chunk.subarray(start, end);
    const r = this.#r;
    r.bind(bytes, 0, bytes.length);
    const spans = this.#top(bytes);
    if (spans === 0) return;
    const w = this.#builder.writer;
    const mark = w.length;
    this.#ids.limit = mark + maxGrowth * bytes.length;
    try {
      this.#writeSpans(bytes);
    } catch (error) {
      w.length = mark;
      throw error;
    }
    this.#builder.count(spans);
    this.#items += spans;
  }

  finish(): Traces {
    this.#open = false;
    this.#items = 0;
    return this.#builder.finish();
  }

  /** The fields of the segment itself. @returns the number of its spans */
  #top(bytes: Uint8Array): number {
    const r = this.#r;
    const ids = this.#ids;
    let spans = 0;
    let [segmentFrom, segmentTo, serviceFrom, serviceTo] = [0, 0, 0, 0];
    let [instanceFrom, instanceTo] = [0, 0];
    ids.traceFrom = ids.traceTo = 0;
    ids.limited = false;
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      if (tag === Tag.limited) {
        ids.limited = r.bool();
        continue;
      }
      r.skip(tag);
      if (tag === Tag.span) spans += 1;
      else if (tag === Tag.traceId) [ids.traceFrom, ids.traceTo] = [r.from, r.to];
      else if (tag === Tag.segmentId) [segmentFrom, segmentTo] = [r.from, r.to];
      else if (tag === Tag.service) [serviceFrom, serviceTo] = [r.from, r.to];
      else if (tag === Tag.instance) [instanceFrom, instanceTo] = [r.from, r.to];
    }
    if (ids.traceFrom === ids.traceTo) throw missing('traceId');
    if (segmentFrom === segmentTo) throw missing('traceSegmentId');
    if (spans === 0) return 0;
    r.checkUtf8(serviceFrom, serviceTo);
    r.checkUtf8(instanceFrom, instanceTo);
    this.#identify(bytes, segmentFrom, segmentTo);
    this.#ensureResource(bytes, serviceFrom, serviceTo, instanceFrom, instanceTo);
    return spans;
  }

  #identify(bytes: Uint8Array, segmentFrom: number, segmentTo: number): void {
    const ids = this.#ids;
    ids.bytes = bytes;
    ids.join = joinOf(bytes);
    if (ids.join?.whole === true) ids.traceId.set(ids.join.traceId);
    else traceIdTo(bytes, ids.traceFrom, ids.traceTo, ids.traceId, 0);
    ids.hash.set(bytes, segmentFrom, segmentTo);
    const w = ids.attributes;
    const r = this.#r;
    w.length = 0;
    textAttribute(w, ListTag.span, slotFields[Slot.traceId]!, r, ids.traceFrom, ids.traceTo);
    textAttribute(w, ListTag.span, slotFields[Slot.segmentId]!, r, segmentFrom, segmentTo);
  }

  #ensureResource(
    bytes: Uint8Array,
    serviceFrom: number,
    serviceTo: number,
    instanceFrom: number,
    instanceTo: number,
  ): void {
    const current = this.#resource;
    const length = serviceTo - serviceFrom;
    let same = this.#open && this.#resourceVersion === this.#instances.version;
    same &&= current.length === length + 1 + instanceTo - instanceFrom && current[length] === 0;
    for (let i = 0; same && i < length; i += 1) same = current[i] === bytes[serviceFrom + i];
    for (let i = instanceFrom, j = length + 1; same && i < instanceTo; i += 1, j += 1) {
      same = current[j] === bytes[i];
    }
    if (same) return;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const service = text.toString('utf8', serviceFrom, serviceTo);
    const instance = text.toString('utf8', instanceFrom, instanceTo);
    this.#builder.resource(this.#instances.resource(service, instance));
    this.#builder.scope(scopeName);
    this.#resource = encoder.encode(`${service}\0${instance}`);
    this.#resourceVersion = this.#instances.version;
    this.#open = true;
  }

  #writeSpans(bytes: Uint8Array): void {
    const r = this.#r;
    const builder = this.#builder;
    r.bind(bytes, 0, bytes.length);
    let index = 0;
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      r.skip(tag);
      if (tag !== Tag.span) continue;
      const opened = builder.openSpan();
      this.#span.write(r.from, r.to, index);
      builder.closeUncounted(opened);
      index += 1;
    }
  }
}

/** Segments that come in one message (SegmentCollection: 1 segments). */
export class SegmentsTranslator implements Translator<'traces'> {
  readonly #one: SegmentTranslator;
  readonly #r = skywalkingReader();

  constructor(instances: Instances) {
    this.#one = new SegmentTranslator(instances);
  }

  get items(): number {
    return this.#one.items;
  }

  get byteLength(): number {
    return this.#one.byteLength;
  }

  /** The good segments are kept; the fault says how many were bad, and of the first why. */
  add(chunk: Uint8Array, start: number, end: number): void {
    const r = this.#r;
    let bad = 0;
    let of = 0;
    let first: SkywalkingFault | undefined;
    r.bind(chunk, start, end);
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      r.skip(tag);
      if (tag !== 10) continue;
      of += 1;
      try {
        this.#one.add(chunk, r.from, r.to);
      } catch (error) {
        if (!(error instanceof SkywalkingFault)) throw error;
        bad += 1;
        first ??= error;
      }
    }
    if (first === undefined) return;
    throw new SkywalkingFault(`${bad} of ${of} segments: ${first.message}`, first.at);
  }

  finish(): Traces {
    return this.#one.finish();
  }
}

function missing(field: string): SkywalkingFault {
  return new SkywalkingFault(`cannot take a segment without ${field}`, 0);
}
