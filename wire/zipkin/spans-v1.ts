import { Writer } from '../../pdata/proto/writer.ts';
import { SpanGroups } from '../tagged-spans/groups.ts';
import { isZero } from '../tagged-spans/ids.ts';
import { wellFormed } from '../tagged-spans/keys.ts';
import type { ReadSpans } from '../tagged-spans/outcome.ts';
import { TagList } from '../tagged-spans/tags.ts';
import { maxMicros, Nanos } from '../tagged-spans/time.ts';
import { AddressTexts } from './address.ts';
import type { Conventions } from './conventions.ts';
import { Endpoint } from './endpoint.ts';
import { keyOf, serviceNameKey, zipkinKeys } from './keys.ts';
import { parseTexts } from './parse-value.ts';
import { StatusV1 } from './status-v1.ts';
import { moveTag } from './translate-keys.ts';

const Key = {
  component: keyOf('component'),
  ipv4: keyOf('ipv4'),
  ipv6: keyOf('ipv6'),
  port: keyOf('port'),
  httpStatusCode: keyOf('http.status_code'),
  httpResponseStatusCode: keyOf('http.response.status_code'),
  absentStart: keyOf('otel.zipkin.absentField.startTime'),
} as const;

const unknownService = Buffer.from('unknown-service');
const none = new Uint8Array(0);

/** Annotations that say what a span is, two letters, and the kind that they stand for. */
const kinds: Readonly<Record<string, number>> = { cs: 3, cr: 3, ss: 2, sr: 2, ms: 4, mr: 5 };

/** How the two formats differ. */
export interface V1Options {
  /** Whether texts of tags that look like numbers and booleans become such. */
  readonly parse: boolean;
  /** Milliseconds since 1970: the time of spans that say none; absent = they stay without. */
  readonly now?: () => number;
  readonly conventions: Conventions;
}

/**
 * Takes the spans of Zipkin's first model and writes them as OTLP, with the semantics of the Go
 * collector's translator. A reader sets the fields of the span that {@link begin} started, and ends
 * it with {@link end}.
 */
export class ZipkinSpansV1 {
  readonly keys = zipkinKeys();
  readonly tags = new TagList(this.keys);
  readonly addresses = new AddressTexts();
  readonly traceId = new Uint8Array(16);
  readonly spanId = new Uint8Array(8);
  readonly parentId = new Uint8Array(8);
  name: Uint8Array = none;
  /** Microseconds; 0 = none. */
  timestamp = 0;
  duration = 0;
  /** Endpoint of the annotation or tag being read. */
  readonly endpoint = new Endpoint();
  readonly #options: V1Options;
  readonly #groups = new SpanGroups();
  readonly #time = new Nanos();
  readonly #scratch = new Writer(256);
  readonly #resourceTags = new TagList(this.keys);
  readonly #status = new StatusV1();
  /** Of the first annotation that says what the span is and names a service. */
  readonly #service = new Endpoint();
  /** Name of the service by tags, where annotations have none. */
  readonly #fallback = new Endpoint();
  #kind = 0;
  #earliest = Number.POSITIVE_INFINITY;
  #latest = Number.NEGATIVE_INFINITY;
  #component: Uint8Array = none;
  #opened = 0;

  constructor(options: V1Options) {
    this.#options = options;
  }

  begin(): void {
    this.traceId.fill(0);
    this.spanId.fill(0);
    this.parentId.fill(0);
    this.tags.clear();
    this.name = none;
    this.timestamp = 0;
    this.duration = 0;
    this.#service.clear();
    this.#fallback.clear();
    this.#kind = 0;
    this.#earliest = Number.POSITIVE_INFINITY;
    this.#latest = Number.NEGATIVE_INFINITY;
    this.#component = none;
    this.keys.trim();
    this.addresses.trim();
    this.#opened = this.#groups.openSpan();
  }

  refuse(reason: string): void {
    this.#groups.refuseSpan(reason);
  }

  /** An annotation with `endpoint`; one without text means nothing. */
  annotation(us: number, b: Uint8Array, from: number, to: number): void {
    if (to === from) return;
    const kind = kindOf(b, from, to);
    if (kind !== 0) {
      if (!this.#service.hasName && this.endpoint.hasName) this.#service.set(this.endpoint);
      if (this.#kind === 0) this.#kind = kind;
    }
    this.#earliest = Math.min(this.#earliest, us);
    this.#latest = Math.max(this.#latest, us);
    if (kind !== 0 || us > maxMicros) return;
    const w = this.#groups.writer;
    const at = w.open(11);
    this.#micros(w, 1, us);
    w.bytesField(2, wellFormed(b, from, to));
    w.close(at);
  }

  /** The number of a tag's key; `lc` names the component. */
  key(b: Uint8Array, from: number, to: number): number {
    const isComponent = to - from === 2 && b[from] === 0x6c && b[from + 1] === 0x63;
    return isComponent ? Key.component : this.keys.intern(b, from, to);
  }

  /** Notes what a tag with `endpoint` says of the service. @param value its bytes */
  tagged(key: number, value: Uint8Array, always: boolean): void {
    if (this.endpoint.hasName || always) this.#fallback.set(this.endpoint);
    if (key === Key.component) this.#component = value;
  }

  #micros(w: Writer, field: number, us: number): void {
    this.#time.ofMicros(Math.max(0, us));
    this.#time.write(w, field);
  }

  end(): void {
    const start = this.timestamp === 0 ? this.#earliest : this.timestamp;
    const end = this.timestamp === 0 ? this.#latest : this.timestamp + this.duration;
    if (start > maxMicros && start !== Number.POSITIVE_INFINITY) {
      this.refuse(`a timestamp of ${start} us is out of range`);
    } else if (end > maxMicros) this.refuse(`a duration of ${this.duration} us is out of range`);
    else this.#write(Number.isFinite(start) ? start : 0, Number.isFinite(end) ? end : 0);
  }

  #write(from: number, to: number): void {
    const w = this.#groups.writer;
    const { tags, traceId, spanId, parentId } = this;
    if (!isZero(traceId)) w.bytesField(1, traceId);
    if (!isZero(spanId)) w.bytesField(2, spanId);
    if (!isZero(parentId)) w.bytesField(4, parentId);
    if (this.name.length > 0) w.bytesField(5, wellFormed(this.name, 0, this.name.length));
    if (this.#kind !== 0) w.uintField(6, this.#kind);
    if (this.#options.parse) parseTexts(tags);
    this.#status.take(tags);
    const { oldHttp, newHttp } = this.#options.conventions;
    moveTag(tags, Key.httpStatusCode, Key.httpResponseStatusCode, oldHttp, newHttp);
    const { now } = this.#options;
    if (from <= 0 && now !== undefined) {
      const us = Math.floor(now() * 1000);
      this.#micros(w, 7, us);
      this.#micros(w, 8, us);
      tags.bool(Key.absentStart, true);
    } else {
      this.#micros(w, 7, from);
      this.#micros(w, 8, to);
    }
    this.#writeStatus(w);
    tags.write(w, 9);
    this.#groups.closeSpan(this.#opened, this.#groups.scope(this.#resource(), none, 0, 0));
  }

  #writeStatus(w: Writer): void {
    const { code, message } = this.#status;
    if (code === 0 && message === '') return;
    const at = w.open(15);
    if (message !== '') w.stringField(2, message);
    if (code !== 0) w.intField(3, code);
    w.close(at);
  }

  #resource(): number {
    const tags = this.#resourceTags;
    const service = this.#service;
    tags.clear();
    const name = this.#serviceName();
    tags.text(serviceNameKey, name, 0, name.length);
    if (service.v4.length > 0) tags.text(Key.ipv4, service.v4, 0, service.v4.length);
    if (service.v6.length > 0) tags.text(Key.ipv6, service.v6, 0, service.v6.length);
    if (service.port !== 0) tags.string(Key.port, String(service.port));
    const w = this.#scratch;
    w.length = 0;
    tags.write(w, 1);
    return this.#groups.resource(w.bytes, 0, w.length);
  }

  #serviceName(): Uint8Array {
    for (const { source, nameFrom, nameTo, hasName } of [this.#service, this.#fallback]) {
      if (hasName) return wellFormed(source, nameFrom, nameTo);
    }
    if (this.#component.length === 0) return unknownService;
    return wellFormed(this.#component, 0, this.#component.length);
  }

  /** What became of the message; the next one starts anew. */
  finish(): ReadSpans {
    const read = this.#groups.finish();
    this.discard();
    return read;
  }

  /** Forgets the message. */
  discard(): void {
    this.#groups.discard();
    this.tags.release();
    this.#resourceTags.release();
    for (const one of [this.endpoint, this.#service, this.#fallback]) one.clear();
    this.name = none;
    this.#component = none;
  }
}

function kindOf(b: Uint8Array, from: number, to: number): number {
  if (to - from !== 2) return 0;
  return kinds[String.fromCharCode(b[from]!, b[from + 1]!)] ?? 0;
}
