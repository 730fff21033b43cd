import type { Traces } from '../../pdata/batch.ts';
import { type MessageView, SpanField, SpanReader } from '../../pdata/readers.ts';
import { parseAddress } from '../address/parse.ts';
import { type Conventions, defaultConventions } from './conventions.ts';
import { noServiceName } from './spans-v2.ts';

const two32 = 4294967296;

/** One end of a span to be written. */
export interface OutEndpoint {
  name: string;
  /** As text; '' = none. */
  address: string;
  port: number;
}

interface OutAnnotation {
  /** Nanoseconds since 1970, as halves. */
  lo: number;
  hi: number;
  value: string;
}

/** How spans are written where OTLP leaves a choice. */
export interface OutOptions {
  /** Name of services that have none; default as the Go collector writes it. */
  readonly noName?: string | undefined;
  readonly conventions?: Conventions;
}

/** Keys that name the service where there is no service.name. */
const nameSources = ['faas.name', 'k8s.deployment.name', 'process.executable.name'] as const;

const kindNames = ['', '', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const;

/** A time of 64 bits in whole microseconds, rounded. */
export function microsOf(lo: number, hi: number): number {
  const low = lo % 1000;
  const whole = Math.floor(lo / 1000);
  // hi * 2^32 / 1000 without losing what a double cannot hold.
  const high = hi * 4294967;
  const rest = hi * 296 + low;
  return high + whole + Math.floor((rest + 500) / 1000);
}

/**
 * Walks a batch span by span in Zipkin's second model, with the semantics of the Go collector's
 * translator. One object serves the walk.
 */
export class OutSpans {
  readonly #reader: SpanReader;
  readonly #noName: string;
  readonly #conventions: Conventions;
  /** 16 bytes and 8. */
  traceId: Uint8Array = new Uint8Array(0);
  spanId: Uint8Array = new Uint8Array(0);
  /** Empty = none. */
  parentId: Uint8Array = new Uint8Array(0);
  name = '';
  /** '' = none. */
  kind = '';
  /** Microseconds; 0 = none. */
  timestamp = 0;
  duration = 0;
  readonly local: OutEndpoint = { name: '', address: '', port: 0 };
  readonly remote: OutEndpoint = { name: '', address: '', port: 0 };
  readonly tags = new Map<string, string>();
  readonly annotations: OutAnnotation[] = [];
  /** Spans passed over because an id is missing. */
  withoutId = 0;
  readonly #resourceTags = new Map<string, string>();
  readonly #scopeTags = new Map<string, string>();
  #service = '';
  #begun = false;

  constructor(batch: Traces, { noName = noServiceName, conventions }: OutOptions = {}) {
    this.#reader = new SpanReader(batch);
    this.#conventions = conventions ?? defaultConventions;
    this.#noName = noName;
  }

  /** Moves to the next span. @returns false at the end */
  next(): boolean {
    const r = this.#reader;
    for (;;) {
      while (this.#begun && r.nextItem()) {
        if (this.#bytes(SpanField.traceId).length === 16 && this.#bytes(SpanField.spanId).length) {
          this.#read();
          return true;
        }
        this.withoutId += 1;
      }
      while (!this.#begun || !r.nextScope()) {
        if (!r.nextResource()) return false;
        this.#begun = true;
        this.#enterResource();
      }
      this.#enterScope();
    }
  }

  #bytes(field: number): Uint8Array {
    const { item } = this.#reader;
    if (!item.findField(field)) return item.bytes.subarray(0, 0);
    const { bytes, start, end } = item.value;
    const id = bytes.subarray(start, end);
    return id.every((byte) => byte === 0) ? id.subarray(0, 0) : id;
  }

  #collect(view: MessageView, into: Map<string, string>): void {
    view.rewind();
    while (view.nextAttribute()) into.set(view.keyText(), view.value.toText());
  }

  #enterResource(): void {
    const tags = this.#resourceTags;
    tags.clear();
    this.#collect(this.#reader.resource, tags);
    this.#cloud(tags);
    this.#service = this.#takeName(tags);
  }

  #cloud(tags: Map<string, string>): void {
    const { oldCloud, newCloud } = this.#conventions;
    const resourceId = tags.get('cloud.resource_id');
    const functionId = tags.get('faas.id');
    if (resourceId !== undefined) {
      if (oldCloud && functionId === undefined) tags.set('faas.id', resourceId);
      if (!newCloud) tags.delete('cloud.resource_id');
    } else if (functionId !== undefined) {
      if (newCloud) tags.set('cloud.resource_id', functionId);
      if (!oldCloud) tags.delete('faas.id');
    }
  }

  #takeName(tags: Map<string, string>): string {
    const name = tags.get('service.name');
    if (name !== undefined) {
      tags.delete('service.name');
      return name;
    }
    for (const key of nameSources) {
      const other = tags.get(key);
      if (other === undefined) continue;
      tags.delete(key);
      tags.set('otlp.service.name.source', key);
      return other;
    }
    return this.#noName;
  }

  #enterScope(): void {
    const { scope } = this.#reader;
    const tags = this.#scopeTags;
    tags.clear();
    this.#collect(scope, tags);
    const { oldScope, newScope } = this.#conventions;
    for (const [field, what] of [
      [1, 'name'],
      [2, 'version'],
    ] as const) {
      const text = scope.string(field);
      if (text === '') continue;
      if (oldScope) tags.set(`otel.library.${what}`, text);
      if (newScope) tags.set(`otel.scope.${what}`, text);
    }
  }

  #read(): void {
    const r = this.#reader;
    const { item } = r;
    const { tags } = this;
    tags.clear();
    for (const [key, text] of this.#resourceTags) tags.set(key, text);
    for (const [key, text] of this.#scopeTags) tags.set(key, text);
    this.#collect(item, tags);
    const code = tags.get('http.response.status_code');
    if (code !== undefined && !tags.has('http.status_code')) tags.set('http.status_code', code);
    const state = item.string(SpanField.traceState);
    if (state !== '') tags.set('w3c.tracestate', state);
    this.traceId = this.#bytes(SpanField.traceId);
    this.spanId = this.#bytes(SpanField.spanId);
    this.parentId = this.#bytes(SpanField.parentSpanId);
    this.name = r.name;
    const { kind } = r;
    this.kind = kindNames[kind] ?? '';
    if (kind === 1) tags.set('span.kind', 'internal');
    this.#times(item);
    this.#endpoints();
    this.#status();
    this.#events();
    this.#links();
  }

  /** A span that ends before it starts has no duration; a start in 1970's first second is none. */
  #times(item: MessageView): void {
    item.fixed64(SpanField.start);
    const { lo, hi } = item;
    this.timestamp = hi * two32 + lo < 1e9 ? 0 : microsOf(lo, hi);
    this.duration = 0;
    if (!item.fixed64(SpanField.end)) return;
    const nanos = (item.hi - hi) * two32 + item.lo - lo;
    if (nanos > 0) this.duration = Math.max(1, Math.floor((nanos + 500) / 1000));
  }

  #endpoints(): void {
    const { tags, local, remote } = this;
    local.name = this.#service;
    this.#place(local, ['network.local.address', 'net.host.ip'], 'net.host.port');
    remote.name = '';
    for (const key of ['service.peer.name', 'peer.service']) {
      const name = tags.get(key);
      if (name === undefined) continue;
      remote.name = name;
      tags.delete(key);
      break;
    }
    this.#place(remote, ['network.peer.address', 'net.peer.ip'], 'net.peer.port');
  }

  /** Address and port of an endpoint, out of tags; those that cannot be written stay tags. */
  #place(endpoint: OutEndpoint, keys: readonly [string, string], portKey: string): void {
    const { tags } = this;
    endpoint.address = '';
    endpoint.port = 0;
    const { newNetwork, oldNetwork } = this.#conventions;
    for (const [key, counts] of [
      [keys[0], newNetwork],
      [keys[1], oldNetwork],
    ] as const) {
      const address = tags.get(key);
      if (!counts || address === undefined || endpoint.address !== '') continue;
      if (parseAddress(address) === undefined) continue;
      endpoint.address = address;
      tags.delete(key);
    }
    if (endpoint.name === '' && endpoint.address === '') return;
    const port = tags.get(portKey);
    if (port === undefined || !/^\d{1,5}$/.test(port) || Number(port) > 65_535) return;
    endpoint.port = Number(port);
    tags.delete(portKey);
  }

  #status(): void {
    const { statusCode, statusMessage } = this.#reader;
    const { tags } = this;
    if (statusCode === 2) tags.set('error', 'true');
    else tags.delete('error');
    if (statusCode === 0) return;
    tags.set('otel.status_code', statusCode === 2 ? 'STATUS_CODE_ERROR' : 'STATUS_CODE_OK');
    if (statusMessage !== '') tags.set('otel.status_description', statusMessage);
  }

  #events(): void {
    const r = this.#reader;
    const { annotations } = this;
    annotations.length = 0;
    while (r.nextEvent()) {
      const { event } = r;
      event.fixed64(1);
      const { lo, hi } = event;
      const name = event.string(2);
      const attributes = this.#json(event);
      const dropped = event.uint(4);
      const value =
        attributes === '{}' && dropped === 0 ? name : `${name}|${attributes}|${dropped}`;
      annotations.push({ lo, hi, value });
    }
  }

  #links(): void {
    const r = this.#reader;
    for (let i = 0; r.nextLink(); i += 1) {
      const { link } = r;
      const id = (field: number): string => {
        if (!link.findField(field)) return '';
        const { bytes, start, end } = link.value;
        const hex = Buffer.from(bytes.subarray(start, end)).toString('hex');
        return /^0*$/.test(hex) ? '' : hex;
      };
      const parts = [id(1), id(2), link.string(3), this.#json(link), link.uint(5)];
      this.tags.set(`otlp.link.${i}`, parts.join('|'));
    }
  }

  /** The attributes of an event or link as a JSON object. */
  #json(view: MessageView): string {
    const pairs = new Map<string, string>();
    view.rewind();
    while (view.nextAttribute()) pairs.set(view.keyText(), view.value.toPlainJson());
    const sorted = [...pairs].sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${sorted.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',')}}`;
  }
}
