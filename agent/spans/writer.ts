import type { Traces } from '../../pdata/batch.ts';
import { OtlpBatch } from '../../pdata/otlp-batch.ts';
import type { Message } from '../l7/message.ts';
import type { SpanFields } from '../l7/protocol.ts';
import type { Session } from '../session/session.ts';
import { AttributeKey } from './attributes.ts';
import { type Key, SpanEncoder } from './encoder.ts';
import { addRun, SpanGroups } from './groups.ts';
import { SpanIds } from './ids.ts';
import { type Known, KnownConversations } from './known.ts';
import type { SpanOptions } from './options.ts';

export type { SpanOptions } from './options.ts';

/* Tags of the fields of opentelemetry.proto.trace.v1.Span and Status; spans are field 2. */
const SPAN = 0x12;
const TRACE_ID = 0x0a;
const SPAN_ID = 0x12;
const TRACE_STATE = 0x1a;
const PARENT_SPAN_ID = 0x22;
const NAME = 0x2a;
const KIND = 0x30;
const START = 0x39;
const END = 0x41;
const STATUS = 0x7a;
const STATUS_MESSAGE = 0x12;
const STATUS_CODE = 0x18;

const KIND_SERVER = 2;
const KIND_CLIENT = 3;
const STATUS_ERROR = 2;

/** Bytes before the first span, for what stands in front of spans in a batch. */
const FRONT = 4096;

/** A session of which a message still goes on: it is written at the flush, as far as it came. */
interface Late {
  readonly session: Session;
  readonly baseSeconds: number;
  readonly known: Known;
}

/**
 * Turns finished sessions into OTLP spans: `add()` each, then `flush()` for a batch with the spans
 * of a service together. Used again after that.
 */
export class SpanWriter implements SpanFields {
  /** Sessions added since the last flush. */
  count = 0;
  private readonly options: SpanOptions;
  private readonly encoder = new SpanEncoder();
  private readonly ids: SpanIds;
  private readonly groups: SpanGroups;
  private readonly conversations: KnownConversations;
  private readonly late: Late[] = [];
  private spanName = '';
  private errorType = '';
  private errorMessage = '';

  constructor(options: SpanOptions) {
    this.options = options;
    this.ids = new SpanIds(options.captureName);
    this.groups = new SpanGroups(`wirestitch/${options.source}`);
    this.encoder.clear(FRONT);
    this.conversations = new KnownConversations(options, this.encoder, this.groups);
  }

  /** @param baseSeconds seconds since 1970 that the session's times are relative to */
  add(session: Session, baseSeconds: number): void {
    const known = this.conversations.of(session, baseSeconds);
    this.count++;
    const { request, response } = session;
    if (request?.ended === false || response?.ended === false) {
      this.late.push({ session, baseSeconds, known });
    } else {
      this.span(session, baseSeconds, known);
    }
  }

  /** Seeds of the ids of spans: see SpanIds. */
  get seeds(): Uint32Array {
    return this.ids.seeds;
  }

  /** Path segments in names of spans. */
  get segments(): number {
    return this.options.endpointSegments;
  }

  /** What the spans of a session's conversation have in common. @param last what it was before */
  known(session: Session, baseSeconds: number, last?: Known): Known {
    const holds = last !== undefined && this.conversations.holds(last, baseSeconds, session.start);
    return holds ? last : this.conversations.of(session, baseSeconds);
  }

  /** Makes room for spans that others write, behind what the encoder has. */
  room(bytes: number): SpanEncoder {
    this.encoder.need(bytes);
    return this.encoder;
  }

  /** Takes a span that was written to [from, to) of the encoder. */
  place(known: Known, from: number, to: number): void {
    this.count++;
    addRun(this.groups.current(known.group), from, to);
  }

  /** The spans of all sessions since the last flush; undefined when there are none. */
  flush(): Traces | undefined {
    if (this.count === 0) return undefined;
    for (const { session, baseSeconds, known } of this.late) {
      this.span(session, baseSeconds, known);
    }
    this.late.length = 0;
    const { count } = this;
    const bytes = this.take();
    this.count = 0;
    return new OtlpBatch('traces', [bytes], [count]);
  }

  /** The batch: the encoder's own bytes, if they are mostly that. */
  private take(): Uint8Array {
    const { encoder, groups } = this;
    const used = encoder.length * 2 >= encoder.bytes.length;
    const bytes = used ? groups.takeInPlace(encoder.bytes) : undefined;
    if (bytes !== undefined) {
      encoder.renew(FRONT);
      return bytes;
    }
    const copy = groups.take(encoder.bytes);
    encoder.clear(FRONT);
    return copy;
  }

  name(name: string): void {
    this.spanName = name;
  }

  string(key: string, value: string): void {
    this.encoder.usualString(this.encoder.key(key), value);
  }

  int(key: string, value: number): void {
    this.encoder.int(this.encoder.key(key), value);
  }

  bool(key: string, value: boolean): void {
    this.encoder.bool(this.encoder.key(key), value);
  }

  strings(key: string, values: readonly string[]): void {
    this.encoder.usualStrings(this.encoder.key(key), values);
  }

  error(type: string, message = ''): void {
    this.errorType = type;
    this.errorMessage = message;
  }

  private span(session: Session, baseSeconds: number, known: Known): void {
    const e = this.encoder;
    e.need(2048);
    const from = e.length;
    const opened = e.open(SPAN);
    this.writeIds(session, baseSeconds, known);
    e.bytes[e.length] = KIND;
    e.bytes[e.length + 1] = known.describe.client ? KIND_CLIENT : KIND_SERVER;
    e.length += 2;
    const { start, end } = session;
    e.time(START, baseSeconds, start);
    e.time(END, baseSeconds, Math.max(start, end));
    this.spanName = '';
    this.errorType = '';
    this.errorMessage = '';
    session.protocol.describe(session.request, session.response, known.describe, this);
    e.raw(known.bytes);
    this.writeStitching(session, known);
    this.writeCalls(session);
    this.writeOutcome(session);
    e.textField(NAME, this.spanName);
    this.writeStatus();
    e.close(opened);
    addRun(this.groups.current(known.group), from, e.length);
  }

  private writeIds(session: Session, baseSeconds: number, { ends }: Known): void {
    const e = this.encoder;
    const trace = session.request?.trace;
    const own = trace === undefined || trace.traceId === '';
    e.need(64);
    this.ids.of(session, ends, baseSeconds);
    if (own) {
      e.bytes[e.length] = TRACE_ID;
      e.bytes[e.length + 1] = 16;
      this.ids.trace(e.bytes, e.length + 2);
      e.length += 18;
    } else e.hexField(TRACE_ID, trace.traceId);
    e.bytes[e.length] = SPAN_ID;
    e.bytes[e.length + 1] = 8;
    this.ids.span(e.bytes, e.length + 2);
    e.length += 10;
    if (own) return;
    if (trace.traceState !== '') e.textField(TRACE_STATE, trace.traceState);
    e.hexField(PARENT_SPAN_ID, trace.spanId);
  }

  private writeStitching({ request, response }: Session, { ends }: Known): void {
    const e = this.encoder;
    if (ends.transport === 'tcp') {
      if (request !== undefined) e.int(AttributeKey.requestSequence, request.sequence);
      if (response !== undefined) e.int(AttributeKey.responseSequence, response.sequence);
    }
    if (request !== undefined && request.requestId !== '') {
      e.string(AttributeKey.requestId, request.requestId);
    }
    if (response !== undefined && response.requestId !== '') {
      e.string(AttributeKey.responseRequestId, response.requestId);
    }
    const trace = request?.trace;
    if (trace === undefined) return;
    e.string(AttributeKey.traceHeader, trace.header);
    e.string(AttributeKey.traceHeaderTraceId, trace.rawTraceId);
    e.string(AttributeKey.traceHeaderSpanId, trace.rawSpanId);
  }

  private writeCalls({ request, response }: Session): void {
    const e = this.encoder;
    this.digits(AttributeKey.requestHead, request?.headHigh ?? 0, request?.headLow ?? 0);
    this.digits(AttributeKey.responseHead, response?.headHigh ?? 0, response?.headLow ?? 0);
    const asked = request?.origin;
    const answered = response?.origin;
    if (asked !== undefined) {
      this.digits(AttributeKey.requestChain, asked.chainHigh, asked.chainLow);
      e.int(AttributeKey.requestThread, asked.thread);
      e.int(AttributeKey.requestCall, asked.number);
      if (asked.rule !== '') e.string(AttributeKey.asyncRule, asked.rule);
    }
    if (answered !== undefined) {
      this.digits(AttributeKey.responseChain, answered.chainHigh, answered.chainLow);
      e.int(AttributeKey.responseThread, answered.thread);
      e.int(AttributeKey.responseCall, answered.number);
    }
  }

  /** Zero is not known, and absent. */
  private digits(key: Key, high: number, low: number): void {
    if (high !== 0 || low !== 0) this.encoder.hex(key, high, low);
  }

  private writeOutcome(session: Session): void {
    const { request, response, reason } = session;
    if (request !== undefined && response !== undefined) {
      this.encoder.int(AttributeKey.responseDelay, Math.max(0, response.start - request.end));
    }
    if (session.repeats > 0) this.encoder.int(AttributeKey.repeats, session.repeats);
    this.incomplete(AttributeKey.requestIncomplete, request);
    this.incomplete(AttributeKey.responseIncomplete, response);
    if (reason !== '') this.encoder.string(AttributeKey.reason, reason);
    // The other reasons say something of the capture, not of the request.
    if (reason === 'timeout' || reason === 'connection_closed') this.error(reason);
    if (this.errorType !== '') this.encoder.string(AttributeKey.errorType, this.errorType);
  }

  private incomplete(key: Key, message: Message | undefined): void {
    if (message !== undefined && message.incomplete !== '')
      this.encoder.string(key, message.incomplete);
  }

  private writeStatus(): void {
    if (this.errorType === '') return;
    const e = this.encoder;
    const opened = e.open(STATUS);
    if (this.errorMessage !== '') e.textField(STATUS_MESSAGE, this.errorMessage);
    e.need(2);
    e.bytes[e.length] = STATUS_CODE;
    e.bytes[e.length + 1] = STATUS_ERROR;
    e.length += 2;
    e.close(opened);
  }
}
