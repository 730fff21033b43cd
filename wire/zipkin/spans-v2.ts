import { Writer } from '../../pdata/proto/writer.ts';
import { SpanGroups } from '../tagged-spans/groups.ts';
import { isZero } from '../tagged-spans/ids.ts';
import { wellFormed } from '../tagged-spans/keys.ts';
import type { ReadSpans } from '../tagged-spans/outcome.ts';
import { TagKind, TagList } from '../tagged-spans/tags.ts';
import { maxMicros, Nanos } from '../tagged-spans/time.ts';
import { AddressTexts } from './address.ts';
import type { Conventions } from './conventions.ts';
import { linkFields, writeEvent } from './encoded-parts.ts';
import { Endpoint } from './endpoint.ts';
import {
  cloudResourceKey,
  firstLinkKey,
  functionIdKey,
  keyOf,
  maxLinks,
  resourceKeyCount,
  serviceNameKey,
  zipkinKeys,
} from './keys.ts';
import { parseTexts } from './parse-value.ts';
import { moveTag } from './translate-keys.ts';

const Key = {
  nameSource: keyOf('otlp.service.name.source'),
  libraryName: keyOf('otel.library.name'),
  libraryVersion: keyOf('otel.library.version'),
  scopeName: keyOf('otel.scope.name'),
  scopeVersion: keyOf('otel.scope.version'),
  traceState: keyOf('w3c.tracestate'),
  spanKind: keyOf('span.kind'),
  error: keyOf('error'),
  statusCode: keyOf('otel.status_code'),
  statusDescription: keyOf('otel.status_description'),
  localAddress: keyOf('network.local.address'),
  localPort: keyOf('net.host.port'),
  peerName: keyOf('service.peer.name'),
  peerAddress: keyOf('network.peer.address'),
  peerPort: keyOf('net.peer.port'),
  oldLocalAddress: keyOf('net.host.ip'),
  oldPeerAddress: keyOf('net.peer.ip'),
  oldPeerName: keyOf('peer.service'),
  httpStatusCode: keyOf('http.status_code'),
  httpResponseStatusCode: keyOf('http.response.status_code'),
  absentStart: keyOf('otel.zipkin.absentField.startTime'),
} as const;

/** What exporters write where there is no service name. */
export const noServiceName = 'OTLPResourceNoServiceName';

const statusCodes: Readonly<Record<string, number>> = {
  STATUS_CODE_OK: 1,
  STATUS_CODE_ERROR: 2,
  Ok: 1,
  Error: 2,
};

const bar = 0x7c;

/**
 * Takes the spans of Zipkin's second model and writes them as OTLP, with the semantics of the Go
 * collector's translator. A reader sets the fields of the span that {@link begin} started, and ends
 * it with {@link end}; tags wait in `tags` until then, annotations are written as they come.
 */
export class ZipkinSpans {
  readonly keys = zipkinKeys();
  readonly tags = new TagList(this.keys);
  readonly addresses = new AddressTexts();
  readonly local = new Endpoint();
  readonly remote = new Endpoint();
  readonly traceId = new Uint8Array(16);
  readonly spanId = new Uint8Array(8);
  readonly parentId = new Uint8Array(8);
  /** OTLP's; 0 = none was given. */
  kind = 0;
  name: Uint8Array = new Uint8Array(0);
  /** Microseconds; -1 = none. */
  timestamp = -1;
  duration = 0;
  readonly #parse: boolean;
  readonly #conventions: Conventions;
  readonly #groups = new SpanGroups();
  readonly #time = new Nanos();
  readonly #scratch = new Writer(256);
  readonly #resourceTags: number[] = [];
  #opened = 0;

  /** @param parse whether texts of tags that look like numbers and booleans become such */
  constructor(parse: boolean, conventions: Conventions) {
    this.#parse = parse;
    this.#conventions = conventions;
  }

  begin(): void {
    this.traceId.fill(0);
    this.spanId.fill(0);
    this.parentId.fill(0);
    this.tags.clear();
    this.local.clear();
    this.remote.clear();
    this.kind = 0;
    this.name = this.name.subarray(0, 0);
    this.timestamp = -1;
    this.duration = 0;
    this.keys.trim();
    this.addresses.trim();
    this.#opened = this.#groups.openSpan();
  }

  refuse(reason: string): void {
    this.#groups.refuseSpan(reason);
  }

  /** An annotation as an event. @returns false when its time is out of range */
  annotation(us: number, b: Uint8Array, from: number, to: number): boolean {
    if (!(us >= 0 && us <= maxMicros)) return false;
    const w = this.#groups.writer;
    const at = w.open(11);
    this.#time.ofMicros(us);
    this.#time.write(w, 1);
    const text = b.subarray(from, to);
    const encoded = text.includes(bar) && writeEvent(w, Buffer.from(text).toString('utf8'));
    if (!encoded && to > from) w.bytesField(2, wellFormed(b, from, to));
    w.close(at);
    return true;
  }

  end(): void {
    const { timestamp, duration } = this;
    const end = Math.max(0, timestamp) + duration;
    if (timestamp > maxMicros) {
      this.refuse(`a timestamp of ${timestamp} us is out of range`);
    } else if (!(duration >= 0 && end <= maxMicros)) {
      this.refuse(`a duration of ${duration} us is out of range`);
    } else this.#write(end);
  }

  #write(end: number): void {
    const w = this.#groups.writer;
    const { tags } = this;
    this.#ids(w);
    const state = tags.find(Key.traceState);
    if (state >= 0) {
      w.stringField(3, tags.textAt(state));
      tags.remove(state);
    }
    if (this.name.length > 0) w.bytesField(5, wellFormed(this.name, 0, this.name.length));
    const kind = this.#takeKind();
    if (kind !== 0) w.uintField(6, kind);
    this.#time.ofMicros(Math.max(0, this.timestamp));
    this.#time.write(w, 7);
    this.#time.ofMicros(end);
    this.#time.write(w, 8);
    this.#status(w);
    this.#links(w);
    const resource = this.#resource();
    const group = this.#scope(resource);
    if (this.#parse) parseTexts(tags);
    const { oldHttp, newHttp } = this.#conventions;
    moveTag(tags, Key.httpStatusCode, Key.httpResponseStatusCode, oldHttp, newHttp);
    this.#endpoints();
    if (this.timestamp < 0) tags.bool(Key.absentStart, true);
    tags.write(w, 9);
    this.#groups.closeSpan(this.#opened, group);
  }

  #ids(w: Writer): void {
    const { traceId, spanId, parentId } = this;
    if (!isZero(traceId)) w.bytesField(1, traceId);
    if (!isZero(spanId)) w.bytesField(2, spanId);
    if (!isZero(parentId) && !equal(parentId, spanId)) w.bytesField(4, parentId);
  }

  #takeKind(): number {
    if (this.kind !== 0) return this.kind;
    const at = this.tags.find(Key.spanKind);
    if (at < 0) return 0;
    const internal = this.tags.isText(at, 'internal');
    this.tags.remove(at);
    return internal ? 1 : 0;
  }

  #status(w: Writer): void {
    const { tags } = this;
    let code = 0;
    let message = '';
    const at = tags.find(Key.statusCode);
    if (at >= 0) {
      const name = tags.textAt(at);
      code = Object.hasOwn(statusCodes, name) ? statusCodes[name]! : 0;
      tags.remove(at);
      const description = tags.find(Key.statusDescription);
      if (description >= 0) {
        message = tags.textAt(description);
        tags.remove(description);
      }
    }
    const error = tags.find(Key.error);
    if (error >= 0) {
      code = 2;
      if (tags.isText(error, 'true')) tags.remove(error);
    }
    if (code === 0 && message === '') return;
    const opened = w.open(15);
    if (message !== '') w.stringField(2, message);
    if (code !== 0) w.uintField(3, code);
    w.close(opened);
  }

  /** Links stand in tags otlp.link.0, otlp.link.1 ...; what is none stays a tag. */
  #links(w: Writer): void {
    for (let i = 0; i < maxLinks; i += 1) {
      const at = this.tags.find(firstLinkKey + i);
      if (at < 0) return;
      const fields = linkFields(this.tags.textAt(at));
      if (fields === undefined) continue;
      w.bytesField(13, fields);
      this.tags.remove(at);
    }
  }

  /** The resource: the local service and the tags that belong to it. */
  #resource(): number {
    const { tags, local } = this;
    const w = this.#scratch;
    w.length = 0;
    const own = this.#resourceTags;
    own.length = 0;
    const { oldCloud, newCloud } = this.#conventions;
    moveTag(tags, functionIdKey, cloudResourceKey, oldCloud, newCloud);
    for (let at = 0; at < tags.count; at += 1) {
      if (tags.key[at]! >= resourceKeyCount || tags.kind[at] === TagKind.gone) continue;
      let place = own.length;
      while (place > 0 && tags.key[own[place - 1]!]! > tags.key[at]!) place -= 1;
      own.splice(place, 0, at);
    }
    const source = tags.find(Key.nameSource);
    const named = source >= 0 ? tags.textAt(source) : '';
    if (source >= 0) tags.remove(source);
    const key = named === '' ? serviceNameKey : this.keys.number(named);
    if (local.hasName && tags.find(key) < 0 && !this.#isNoName()) {
      const { source: b, nameFrom: from, nameTo: to } = local;
      const name = wellFormed(b, from, to);
      tags.text(key, name, 0, name.length);
      tags.writeOne(w, 1, tags.count - 1);
      tags.remove(tags.count - 1);
    }
    for (const at of own) {
      tags.writeOne(w, 1, at);
      tags.remove(at);
    }
    return this.#groups.resource(w.bytes, 0, w.length);
  }

  #isNoName(): boolean {
    const { source, nameFrom, nameTo } = this.local;
    if (nameTo - nameFrom !== noServiceName.length) return false;
    return Buffer.from(source.subarray(nameFrom, nameTo)).toString('latin1') === noServiceName;
  }

  #scope(resource: number): number {
    const name = this.#takeText(Key.scopeName, Key.libraryName);
    const version = this.#takeText(Key.scopeVersion, Key.libraryVersion);
    const w = this.#scratch;
    w.length = 0;
    if (name !== '') w.stringField(1, name);
    if (version !== '') w.stringField(2, version);
    return this.#groups.scope(resource, w.bytes, 0, w.length);
  }

  /** Takes two tags out. @returns the text of the first that is there */
  #takeText(first: number, second: number): string {
    const { tags } = this;
    let text: string | undefined;
    for (const key of [first, second]) {
      const at = tags.find(key);
      if (at < 0) continue;
      text ??= tags.textAt(at);
      tags.remove(at);
    }
    return text ?? '';
  }

  #endpoints(): void {
    const { tags, local, remote } = this;
    const { oldNetwork, newNetwork } = this.#conventions;
    for (const address of [local.v4, local.v6]) {
      this.#address(address, Key.oldLocalAddress, Key.localAddress);
    }
    if (local.port > 0) tags.int(Key.localPort, local.port, 0);
    if (remote.hasName) {
      const { source, nameFrom, nameTo } = remote;
      if (oldNetwork) tags.text(Key.oldPeerName, source, nameFrom, nameTo);
      if (newNetwork) tags.text(Key.peerName, source, nameFrom, nameTo);
    }
    for (const address of [remote.v4, remote.v6]) {
      this.#address(address, Key.oldPeerAddress, Key.peerAddress);
    }
    if (remote.port > 0) tags.int(Key.peerPort, remote.port, 0);
  }

  #address(text: Uint8Array, oldKey: number, newKey: number): void {
    if (text.length === 0) return;
    const { oldNetwork, newNetwork } = this.#conventions;
    if (oldNetwork) this.tags.text(oldKey, text, 0, text.length);
    if (newNetwork) this.tags.text(newKey, text, 0, text.length);
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
    this.local.clear();
    this.remote.clear();
    this.name = new Uint8Array(0);
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
