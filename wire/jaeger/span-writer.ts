import { Writer } from '../../pdata/proto/writer.ts';
import { SpanGroups } from '../tagged-spans/groups.ts';
import { isZero } from '../tagged-spans/ids.ts';
import { wellFormed } from '../tagged-spans/keys.ts';
import type { ReadSpans } from '../tagged-spans/outcome.ts';
import { TagList } from '../tagged-spans/tags.ts';
import { maxMicros, Nanos } from '../tagged-spans/time.ts';
import { jaegerKeys, Key } from './keys.ts';
import { Status, takeKind } from './status.ts';

const childOf = 0;

/** A reference of a span to another one: 16 bytes of trace id, 8 of span id, then its kind. */
const refBytes = 25;

/** Text of opentracing.ref_type by kind. */
const refTypes = [Buffer.from('child_of'), Buffer.from('follows_from')] as const;

/** What exporters of OTLP write into protobuf where there is no service name. */
const noServiceName = 'OTLPResourceNoServiceName';

/**
 * Takes Jaeger's spans in the words of its protocols and writes them as OTLP, with the semantics of
 * the Go collector's translator. A reader sets the fields of the span that {@link begin} started,
 * and ends it with {@link end}; tags wait in `tags` until then, logs are written as they come.
 */
export class JaegerSpans {
  readonly keys = jaegerKeys();
  readonly tags = new TagList(this.keys);
  /** Fields of the log being read. */
  readonly fields = new TagList(this.keys);
  /** Tags of the process being read. */
  readonly processTags = new TagList(this.keys);
  readonly #groups = new SpanGroups();
  readonly #status = new Status();
  readonly #start = new Nanos();
  readonly #end = new Nanos();
  readonly #scratch = new Writer(256);

  readonly traceId = new Uint8Array(16);
  readonly spanId = new Uint8Array(8);
  readonly parentId = new Uint8Array(8);
  name: Uint8Array = new Uint8Array(0);
  #refs = new Uint8Array(refBytes * 8);
  #refCount = 0;
  /** Whether something but zeros was said of the span. */
  blank = true;
  #opened = 0;

  /** Starts a span. */
  begin(): void {
    this.traceId.fill(0);
    this.spanId.fill(0);
    this.parentId.fill(0);
    this.name = this.name.subarray(0, 0);
    this.tags.clear();
    this.#refCount = 0;
    this.blank = true;
    this.keys.trim();
    this.#opened = this.#groups.openSpan();
  }

  /** Refuses the open span. */
  refuse(reason: string): void {
    this.#groups.refuseSpan(reason);
  }

  /** Adds a reference whose ids and kind the caller writes to the returned range of `refs`. */
  addRef(): number {
    const at = this.#refCount * refBytes;
    if (at + refBytes > this.#refs.length) {
      const larger = new Uint8Array(this.#refs.length * 2);
      larger.set(this.#refs);
      this.#refs = larger;
    }
    this.#refCount += 1;
    this.#refs.fill(0, at, at + refBytes);
    return at;
  }

  /** Where {@link addRef} points into: trace id 16 bytes, span id 8, kind 1. */
  get refs(): Uint8Array {
    return this.#refs;
  }

  /** A process: the tags in `processTags` and its name. @returns the number of its resource */
  resource(serviceName: Uint8Array, format: 'thrift' | 'proto'): number {
    const tags = this.processTags;
    const text = Buffer.from(serviceName).toString('utf8');
    const w = this.#scratch;
    w.length = 0;
    const named = text !== '' && (format === 'thrift' || text !== noServiceName);
    if (named && tags.find(Key.serviceName) < 0) {
      tags.string(Key.serviceName, text);
      tags.writeOne(w, 1, tags.count - 1);
      tags.remove(tags.count - 1);
    }
    this.#wellFormedName(tags);
    this.#renameHost(tags);
    this.#renameVersion(tags);
    tags.write(w, 1);
    return this.#groups.resource(w.bytes, 0, w.length);
  }

  /** Texts of service.name are UTF-8. */
  #wellFormedName(tags: TagList): void {
    const at = tags.find(Key.serviceName);
    if (at >= 0 && tags.kind[at] === 1) tags.string(Key.serviceName, tags.textAt(at));
  }

  #renameHost(tags: TagList): void {
    const at = tags.find(Key.hostname);
    if (at >= 0 && tags.find(Key.hostName) < 0) tags.rename(at, Key.hostName);
  }

  #renameVersion(tags: TagList): void {
    const at = tags.find(Key.jaegerVersion);
    if (at < 0 || tags.find(Key.exporterVersion) >= 0) return;
    tags.string(Key.exporterVersion, `Jaeger-${tags.textAt(at)}`);
    tags.remove(at);
  }

  /**
   * Writes the log with `fields` as an event.
   * @param us microseconds since 1970
   * @returns false when they are out of range
   */
  logMicros(us: number): boolean {
    if (!(us >= 0 && us <= maxMicros)) return false;
    this.#start.ofMicros(us);
    this.#log();
    return true;
  }

  /** The same with a time in seconds and nanoseconds. */
  logNanos(seconds: number, nanos: number): boolean {
    if (!(seconds >= 0 && seconds < maxMicros / 1e6 && nanos >= 0 && nanos < 1e9)) return false;
    this.#start.ofSeconds(seconds, nanos);
    this.#log();
    return true;
  }

  #log(): void {
    this.blank = false;
    const w = this.#groups.writer;
    const { fields } = this;
    const at = w.open(11);
    this.#start.write(w, 1);
    const event = fields.find(Key.event);
    if (event >= 0) {
      const name = fields.textAt(event);
      if (name !== '') w.stringField(2, name);
      fields.remove(event);
    }
    fields.write(w, 3);
    w.close(at);
  }

  /** Ends the span. @param start and `duration` in microseconds */
  endMicros(start: number, duration: number, resource: number, format: 'thrift' | 'proto'): void {
    const end = start + duration;
    if (!(start >= 0 && start <= maxMicros)) {
      this.refuse(`a start time of ${start} us is out of range`);
    } else if (!(end >= 0 && end <= maxMicros)) {
      this.refuse(`a duration of ${duration} us is out of range`);
    } else {
      if (start !== 0 || duration !== 0) this.blank = false;
      this.#start.ofMicros(start);
      this.#end.ofMicros(end);
      this.#write(resource, format);
    }
  }

  /** Ends the span. @param duration in nanoseconds, exact up to 2^53 */
  endNanos(
    seconds: number,
    nanos: number,
    duration: number,
    resource: number,
    format: 'thrift' | 'proto',
  ): void {
    const total = nanos + duration;
    const endSeconds = seconds + Math.floor(total / 1e9);
    if (!(seconds >= 0 && seconds < maxMicros / 1e6 && nanos >= 0 && nanos < 1e9)) {
      this.refuse(`a start time of ${seconds} s and ${nanos} ns is out of range`);
    } else if (!(endSeconds >= 0 && endSeconds < maxMicros / 1e6)) {
      this.refuse(`a duration of ${duration} ns is out of range`);
    } else {
      if (seconds !== 0 || nanos !== 0 || duration !== 0) this.blank = false;
      this.#start.ofSeconds(seconds, nanos);
      this.#end.ofSeconds(endSeconds, total - Math.floor(total / 1e9) * 1e9);
      this.#write(resource, format);
    }
  }

  #write(resource: number, format: 'thrift' | 'proto'): void {
    const { tags, traceId, spanId } = this;
    const blank = this.blank && tags.count === 0 && this.#refCount === 0 && this.name.length === 0;
    if (blank && isZero(traceId) && isZero(spanId)) {
      this.#groups.dropSpan();
      return;
    }
    const w = this.#groups.writer;
    if (!isZero(traceId)) w.bytesField(1, traceId);
    if (!isZero(spanId)) w.bytesField(2, spanId);
    this.#parent();
    if (!isZero(this.parentId)) w.bytesField(4, this.parentId);
    if (this.name.length > 0) {
      w.bytesField(5, wellFormed(this.name, 0, this.name.length));
    }
    const kind = takeKind(tags);
    if (kind !== 0) w.uintField(6, kind);
    this.#start.write(w, 7);
    this.#end.write(w, 8);
    this.#status.take(tags, kind);
    this.#writeStatus(w);
    const group =
      format === 'proto' ? this.#protoScope(w, resource) : this.#scope(resource, '', '');
    tags.write(w, 9);
    this.#links(w);
    this.#groups.closeSpan(this.#opened, group);
  }

  #writeStatus(w: Writer): void {
    const { code, message } = this.#status;
    if (code === 0 && message === '') return;
    const at = w.open(15);
    if (message !== '') w.stringField(2, message);
    if (code !== 0) w.uintField(3, code);
    w.close(at);
  }

  /** Scope and trace state stand in tags where a span came as protobuf. */
  #protoScope(w: Writer, resource: number): number {
    const { tags } = this;
    const state = tags.find(Key.traceState);
    if (state >= 0) {
      const text = tags.textAt(state);
      if (text !== '') w.stringField(3, text);
      tags.remove(state);
    }
    const at = tags.find(Key.scopeName);
    if (at < 0) return this.#scope(resource, '', '');
    const name = tags.textAt(at);
    tags.remove(at);
    const versionAt = tags.find(Key.scopeVersion);
    if (versionAt < 0) return this.#scope(resource, name, '');
    const version = tags.textAt(versionAt);
    tags.remove(versionAt);
    return this.#scope(resource, name, version);
  }

  #scope(resource: number, name: string, version: string): number {
    const w = this.#scratch;
    w.length = 0;
    if (name !== '') w.stringField(1, name);
    if (version !== '') w.stringField(2, version);
    return this.#groups.scope(resource, w.bytes, 0, w.length);
  }

  /** The parent: what the span says itself, or the first reference into its trace. */
  #parent(): void {
    if (!isZero(this.parentId)) return;
    let found = -1;
    for (let i = 0; i < this.#refCount; i += 1) {
      const at = i * refBytes;
      if (!startsWith(this.#refs, at, this.traceId)) continue;
      const kind = this.#refs[at + 24]!;
      if (kind === childOf) {
        found = at;
        break;
      }
      if (found < 0 && kind === 1) found = at;
    }
    if (found >= 0) this.parentId.set(this.#refs.subarray(found + 16, found + 24));
  }

  #links(w: Writer): void {
    for (let i = 0; i < this.#refCount; i += 1) {
      const at = i * refBytes;
      const kind = this.#refs[at + 24]!;
      if (kind === childOf && startsWith(this.#refs, at + 16, this.parentId)) continue;
      const link = w.open(13);
      const traceId = this.#refs.subarray(at, at + 16);
      const spanId = this.#refs.subarray(at + 16, at + 24);
      if (!isZero(traceId)) w.bytesField(1, traceId);
      if (!isZero(spanId)) w.bytesField(2, spanId);
      const { fields } = this;
      fields.clear();
      const type = refTypes[kind === childOf ? 0 : 1];
      fields.text(Key.refType, type, 0, type.length);
      fields.write(w, 4);
      w.close(link);
    }
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
    this.fields.release();
    this.processTags.release();
    this.name = new Uint8Array(0);
    if (this.#refs.length > 1 << 16) this.#refs = new Uint8Array(refBytes * 8);
  }
}

function startsWith(bytes: Uint8Array, at: number, id: Uint8Array): boolean {
  for (let i = 0; i < id.length; i += 1) if (bytes[at + i] !== id[i]) return false;
  return true;
}
