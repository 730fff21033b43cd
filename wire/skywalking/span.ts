import type { CheckedReader } from '../../pdata/proto/checked-reader.ts';
import type { Writer } from '../../pdata/proto/writer.ts';
import { fixedAttribute, intAttribute, ListTag } from './attributes.ts';
import { componentName, systemOf } from './components.ts';
import type { SegmentHash } from './ids.ts';
import type { OtherTrace } from './join.ts';
import { peerSlots, writeAddress } from './peer.ts';
import { skywalkingReader } from './reader.ts';
import { ReferenceWriter } from './reference.ts';
import { EventWriter } from './span-events.ts';
import { Slot, slotFields } from './tag-rules.ts';
import { PairReader, TagWriter } from './tags.ts';
import { readMs, writeNanoseconds } from './times.ts';

/** Of the segment whose spans are written. */
export interface SegmentIds {
  /** 16 bytes. */
  readonly traceId: Uint8Array;
  readonly hash: SegmentHash;
  bytes: Uint8Array;
  /** Where SkyWalking's trace id lies in `bytes`. */
  traceFrom: number;
  traceTo: number;
  /** Attributes that all spans have: the ids as they came. */
  readonly attributes: Writer;
  /** The agent has left spans out. */
  limited: boolean;
  join: OtherTrace | undefined;
  /** The writer may not become longer than this. */
  limit: number;
}

/**
 * A segment may grow so many times: all of its spans carry its ids, and a hostile one has many
 * spans of next to nothing. Those of agents become 2 to 10 times as long.
 */
export const maxGrowth = 16;

/** Field tags of SpanObject. */
const Tag = {
  spanId: 8,
  parentSpanId: 16,
  startTime: 24,
  endTime: 32,
  ref: 42,
  operationName: 50,
  peer: 58,
  spanType: 64,
  spanLayer: 72,
  componentId: 80,
  isError: 88,
  tag: 98,
  log: 106,
  skipAnalysis: 112,
} as const;

const layers = ['Unknown', 'Database', 'RPCFramework', 'Http', 'MQ', 'Cache', 'FAAS'];
const layerAttributes = layers.map((name) => fixedAttribute(ListTag.span, 'sw8.span_layer', name));
const messaging = 4;
const skipped = flag(Slot.skipAnalysis);
const limited = flag(Slot.sizeLimited);

/** What a span of messaging does, by SpanType. */
const operations = ['process', 'send'].map((name) =>
  fixedAttribute(ListTag.span, 'messaging.operation.type', name),
);

/** An attribute that is true, as it is written. */
function flag(slot: number): Uint8Array {
  const key = slotFields[slot]!;
  return Uint8Array.of(ListTag.span, key.length + 4, ...key, 0x12, 2, 0x10, 1);
}

/** SpanKind by SpanType (Entry, Exit, Local): server, client, internal; of messaging otherwise. */
const kinds = [2, 3, 1];
const messagingKinds = [5, 4, 1];

/** Attributes of one component, as they are written. */
interface Component {
  readonly bytes: Uint8Array;
  readonly systemSlot: number;
  readonly system: Uint8Array;
}

function describe(id: number, name: string): Component {
  const parts = [
    fixedAttribute(ListTag.span, 'sw8.component_id', id),
    fixedAttribute(ListTag.span, 'sw8.component', name),
  ];
  const system = systemOf(name);
  const systemSlot = system?.[0] === 'rpc.system.name' ? Slot.rpcSystem : Slot.messagingSystem;
  const written =
    system === undefined ? new Uint8Array(0) : fixedAttribute(ListTag.span, ...system);
  return { bytes: Buffer.concat(parts), systemSlot, system: written };
}

/** Writes the fields of OTLP spans from SpanObjects. */
export class SpanWriter {
  readonly #w: Writer;
  readonly #ids: SegmentIds;
  readonly #r = skywalkingReader();
  readonly #tags: TagWriter;
  readonly #events: EventWriter;
  readonly #references: ReferenceWriter;
  readonly #components = new Map<number, Component | undefined>();
  readonly #spanId = new Uint8Array(8);
  // the fields of the span
  #number = 0;
  #parent = 0;
  #startMs = 0;
  #endMs = 0;
  #type = 0;
  #layer = 0;
  #component = 0;
  #isError = false;
  #skip = false;
  #refs = 0;
  #logs = 0;
  #nameFrom = 0;
  #nameTo = 0;
  #peerFrom = 0;
  #peerTo = 0;

  constructor(w: Writer, ids: SegmentIds) {
    this.#w = w;
    this.#ids = ids;
    const pair = new PairReader(this.#r);
    this.#tags = new TagWriter(pair);
    this.#events = new EventWriter(w, pair);
    this.#references = new ReferenceWriter(w, ids, this.#r);
  }

  /**
   * Writes the span in bytes [start, end) of the segment.
   * @param index how many spans of the segment came before it
   * @throws SkywalkingFault
   */
  write(start: number, end: number, index: number): void {
    const r = this.#r;
    r.bind(this.#ids.bytes, start, end);
    if (this.#w.length > this.#ids.limit) throw tooMuch(r);
    this.#scan();
    const isRoot = this.#parent < 0;
    const w = this.#w;
    w.need(256);
    w.bytesField(1, this.#ids.traceId);
    this.#ids.hash.spanIdTo(this.#number, this.#spanId, 0);
    w.bytesField(2, this.#spanId);
    if (!isRoot) {
      this.#ids.hash.spanIdTo(this.#parent, this.#spanId, 0);
      w.bytesField(4, this.#spanId);
    } else this.#rootParent(start, end);
    if (this.#nameFrom < this.#nameTo) {
      r.checkUtf8(this.#nameFrom, this.#nameTo);
      w.tag(5, 2);
      w.varint(this.#nameTo - this.#nameFrom);
      w.copy(r.bytes, this.#nameFrom, this.#nameTo);
    }
    const kind = (this.#layer === messaging ? messagingKinds : kinds)[this.#type] ?? 0;
    if (kind !== 0) w.uintField(6, kind);
    writeNanoseconds(w, 7, this.#startMs);
    writeNanoseconds(w, 8, this.#endMs);
    this.#attributes(index === 0);
    this.#lists(start, end);
    if (this.#isError) this.#events.writeErrorStatus();
    if (isRoot && this.#ids.join?.whole === false) this.#references.writeJoin(this.#ids.join);
  }

  /** The fields that are not lists. */
  #scan(): void {
    const r = this.#r;
    this.#number = this.#parent = this.#startMs = this.#endMs = 0;
    this.#type = this.#layer = this.#component = this.#refs = this.#logs = 0;
    this.#isError = this.#skip = false;
    this.#nameFrom = this.#nameTo = this.#peerFrom = this.#peerTo = 0;
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      if (tag === Tag.tag) r.range();
      else if (tag === Tag.spanId) this.#number = r.int32();
      else if (tag === Tag.parentSpanId) this.#parent = r.int32();
      else if (tag === Tag.startTime) this.#startMs = readMs(r, 'start time');
      else if (tag === Tag.endTime) this.#endMs = readMs(r, 'end time');
      else if (tag === Tag.operationName) {
        r.range();
        this.#nameFrom = r.from;
        this.#nameTo = r.to;
      } else if (tag === Tag.peer) {
        r.range();
        this.#peerFrom = r.from;
        this.#peerTo = r.to;
      } else this.#scanRest(tag);
    }
  }

  #scanRest(tag: number): void {
    const r = this.#r;
    if (tag === Tag.spanType) this.#type = r.int32();
    else if (tag === Tag.spanLayer) this.#layer = r.int32();
    else if (tag === Tag.componentId) this.#component = r.int32();
    else if (tag === Tag.isError) this.#isError = r.bool();
    else if (tag === Tag.skipAnalysis) this.#skip = r.bool();
    else {
      r.skip(tag);
      if (tag === Tag.ref) this.#refs += 1;
      else if (tag === Tag.log) this.#logs += 1;
    }
  }

  /** The parent of a segment's first span: what its first reference names, in the same trace. */
  #rootParent(start: number, end: number): void {
    const { join } = this.#ids;
    if (this.#refs === 0) {
      if (join?.whole === true) this.#w.bytesField(4, join.spanId);
      return;
    }
    const r = this.#r;
    r.bind(this.#ids.bytes, start, end);
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      r.skip(tag);
      if (tag !== Tag.ref) continue;
      const resume = r.pos;
      const written = this.#references.writeParent(r.from, r.to);
      r.pos = resume;
      r.end = end;
      if (written) return;
    }
  }

  #attributes(first: boolean): void {
    const w = this.#w;
    const tags = this.#tags;
    tags.reset();
    const shared = this.#ids.attributes;
    w.copy(shared.bytes, 0, shared.length);
    tags.take(Slot.traceId);
    tags.take(Slot.segmentId);
    tags.take(Slot.spanId);
    intAttribute(w, ListTag.span, slotFields[Slot.spanId]!, this.#number);
    if (this.#parent >= 0 && tags.take(Slot.parentSpanId)) {
      intAttribute(w, ListTag.span, slotFields[Slot.parentSpanId]!, this.#parent);
    }
    if (this.#layer !== 0) this.#layerAttribute();
    if (this.#component !== 0) this.#componentAttributes();
    if (this.#skip && tags.take(Slot.skipAnalysis)) w.raw(skipped);
    if (first && this.#ids.limited && tags.take(Slot.sizeLimited)) w.raw(limited);
    if (this.#peerFrom === this.#peerTo) return;
    const [address, port] = peerSlots(this.#type, this.#layer);
    writeAddress(w, tags, this.#r, this.#peerFrom, this.#peerTo, address, port);
  }

  #layerAttribute(): void {
    this.#tags.take(Slot.layer);
    const known = layerAttributes[this.#layer];
    if (known !== undefined) this.#w.raw(known);
    else intAttribute(this.#w, ListTag.span, slotFields[Slot.layer]!, this.#layer);
    const operation = this.#layer === messaging ? operations[this.#type] : undefined;
    if (operation !== undefined && this.#tags.take(Slot.messagingOperation)) this.#w.raw(operation);
  }

  #componentAttributes(): void {
    const id = this.#component;
    const tags = this.#tags;
    tags.take(Slot.componentId);
    let known = this.#components.get(id);
    if (known === undefined) {
      const name = componentName(id);
      if (name === undefined) {
        intAttribute(this.#w, ListTag.span, slotFields[Slot.componentId]!, id);
        return;
      }
      known = describe(id, name);
      this.#components.set(id, known);
    }
    tags.take(Slot.component);
    this.#w.raw(known.bytes);
    if (known.system.length > 0 && tags.take(known.systemSlot)) this.#w.raw(known.system);
  }

  /** Tags, then logs and references, which are fields after the attributes. */
  #lists(start: number, end: number): void {
    const r = this.#r;
    const w = this.#w;
    this.#events.reset(this.#isError);
    r.bind(this.#ids.bytes, start, end);
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      r.skip(tag);
      const resume = r.pos;
      if (w.length > this.#ids.limit) throw tooMuch(r);
      if (tag === Tag.tag) this.#tags.write(w, r.from, r.to);
      else if (tag === Tag.log) this.#events.write(r.from, r.to);
      else if (tag === Tag.ref) this.#references.writeLink(r.from, r.to);
      r.pos = resume;
      r.end = end;
    }
  }
}

function tooMuch(r: CheckedReader): Error {
  return r.fault(`cannot take a segment that becomes ${maxGrowth} times as long`);
}
