import type { Settings } from '../../component/settings.ts';
import type { MessageView } from '../../pdata/readers.ts';
import { SeriesKey } from '../series/key.ts';
import { PointScan } from './point-scan.ts';
import type { MetricPlace } from './rewrite.ts';
import { StreamTable } from './table.ts';

/** Field numbers in points, by DataKind: of attributes and flags. */
const attributeFields: Readonly<Record<number, number>> = { 5: 7, 7: 7, 9: 9, 10: 1, 11: 7 };
const flagsFields: Readonly<Record<number, number>> = { 5: 8, 7: 8, 9: 10, 10: 10, 11: 8 };

/** Adds a field's bytes to a key, nothing when it is absent. */
function field(key: SeriesKey, view: MessageView, number: number): void {
  if (view.findField(number)) key.part(view.value.bytes, view.value.start, view.value.end);
  else key.part(view.bytes, 0, 0);
}

/** What is kept of streams from batch to batch; may pass from one instance to the next. */
export interface StreamState {
  /** Of the hash: unknown to senders. */
  readonly seed: number;
  /** Resources; the payload is the number that stands for each in the keys of streams. */
  readonly resources: StreamTable;
  readonly streams: StreamTable;
  nextResource: number;
}

/** State without streams, whose memory counts against the process's budget. */
export function newStreamState({ budget, random }: Settings): StreamState {
  const table = (): StreamTable =>
    new StreamTable(
      (bytes) => budget.tryReserve(bytes),
      (bytes) => budget.release(bytes),
    );
  const seed = new DataView(random.bytes(4).slice().buffer).getInt32(0);
  return { seed, resources: table(), streams: table(), nextResource: 0 };
}

/** Forgets streams and resources that were last seen before a time. */
export function forgetStreams({ streams, resources }: StreamState, before: number): void {
  streams.retain((i) => streams.seen(i) >= before);
  resources.retain((i) => resources.seen(i) >= before);
}

/**
 * Keys of streams: resource, scope, metric and attributes as bytes, walked with a batch. Resources
 * stand in keys as numbers.
 */
export class StreamIdentity {
  readonly key = new SeriesKey();
  readonly point = new PointScan();
  readonly #state: StreamState;
  readonly #withScopeAttributes: boolean;
  readonly #attributes = new PointScan();
  #resource = -1;
  #dataKind = 0;
  #prefix = 0;

  /** @param withScopeAttributes whether streams with other scope attributes are other streams */
  constructor(state: StreamState, withScopeAttributes: boolean) {
    this.#state = state;
    this.#withScopeAttributes = withScopeAttributes;
  }

  /** Moves to a resource. */
  enterResource({ resource }: MetricPlace): void {
    const { key } = this;
    const { resources, seed } = this.#state;
    key.reset();
    this.#attributes.read(resource.bytes, resource.start, resource.end, 1, 0);
    this.#attributes.writeAttributes(key);
    const hash = key.hash(seed);
    let found = resources.find(key.bytes, key.length, hash);
    if (found < 0) {
      found = resources.add(key.bytes, key.length, hash, 4);
      if (found >= 0) {
        resources.view.setUint32(resources.payload(found), this.#state.nextResource, true);
        this.#state.nextResource += 1;
      }
    }
    this.#resource = found;
  }

  /** Place of the resource in its table, -1 = there was no memory for it. */
  get resource(): number {
    return this.#resource;
  }

  /** Moves to a metric of the resource; `extra` is a byte of its own in the key. */
  enterMetric(place: MetricPlace, extra: number): void {
    const { key } = this;
    const { resources } = this.#state;
    const { scope, metric } = place;
    this.#dataKind = place.dataKind;
    key.reset();
    const at = this.#resource < 0 ? -1 : resources.payload(this.#resource);
    for (let i = 0; i < 4; i += 1) key.byte(at < 0 ? 255 : resources.arena[at + i]!);
    key.byte(place.dataKind);
    key.byte(extra);
    field(key, scope, 1);
    field(key, scope, 2);
    if (this.#withScopeAttributes) {
      this.#attributes.read(scope.bytes, scope.start, scope.end, 3, 0);
      this.#attributes.writeAttributes(key);
      key.byte(0);
    }
    field(key, metric, 1);
    field(key, metric, 3);
    this.#prefix = key.length;
  }

  /** Reads a point of the metric; {@link key} is its stream's then, {@link hash} the key's. */
  enterPoint(bytes: Uint8Array, start: number, end: number, withStart: boolean): void {
    const { key, point } = this;
    const kind = this.#dataKind;
    point.read(bytes, start, end, attributeFields[kind] ?? 0, flagsFields[kind] ?? 0);
    key.length = this.#prefix;
    if (withStart) {
      key.byte(point.valueTag);
      for (let shift = 0; shift < 32; shift += 8) key.byte((point.startLo >>> shift) & 255);
      for (let shift = 0; shift < 32; shift += 8) key.byte((point.startHi >>> shift) & 255);
    }
    point.writeAttributes(key);
  }

  get hash(): number {
    return this.key.hash(this.#state.seed);
  }
}
