import type { Traces } from '../../pdata/batch.ts';
import { TracesBuilder } from '../../pdata/builder.ts';
import { hostPort } from '../address.ts';
import type { Message } from '../l7/message.ts';
import type { DescribeOptions, SpanFields } from '../l7/protocol.ts';
import { isClientSide, type ObservationPoint } from '../observation.ts';
import type { Ends } from '../session/conversation.ts';
import type { Session } from '../session/session.ts';
import { Attribute } from './attributes.ts';
import { SpanIds } from './ids.ts';

/* Field numbers of opentelemetry.proto.trace.v1.Span and Status. */
const TRACE_ID = 1;
const SPAN_ID = 2;
const TRACE_STATE = 3;
const PARENT_SPAN_ID = 4;
const NAME = 5;
const KIND = 6;
const START = 7;
const END = 8;
const ATTRIBUTES = 9;
const STATUS = 15;
const STATUS_MESSAGE = 2;
const STATUS_CODE = 3;

const KIND_SERVER = 2;
const KIND_CLIENT = 3;
const STATUS_ERROR = 2;

export interface SpanOptions {
  /** What captures, for `wirestitch.capture.name` and ids; '' = not said. */
  readonly captureName: string;
  /** `packet`, `ebpf`. */
  readonly source: string;
  /** Where it captures; `rest` = not known, then `local` is recognised by the addresses. */
  readonly observationPoint: ObservationPoint;
  /** Path segments in span names; 0 = none. */
  readonly endpointSegments: number;
  /** Values in statements and commands of databases become `?`; absent = true. */
  readonly obfuscate?: boolean;
}

interface Waiting {
  readonly session: Session;
  readonly baseSeconds: number;
}

/**
 * Turns finished sessions into OTLP spans: `add()` each, then `flush()` for a batch with the spans
 * of a service together. Used again after that.
 */
export class SpanWriter implements SpanFields {
  /** Sessions added since the last flush. */
  count = 0;
  private readonly options: SpanOptions;
  private readonly client: boolean;
  private readonly builder = new TracesBuilder();
  private readonly ids: SpanIds;
  private readonly services = new Map<string, Waiting[]>();
  private spanName = '';
  private errorType = '';
  private errorMessage = '';

  constructor(options: SpanOptions) {
    this.options = options;
    this.client = isClientSide(options.observationPoint);
    this.ids = new SpanIds(options.captureName);
  }

  /** @param baseSeconds seconds since 1970 that the session's times are relative to */
  add(session: Session, baseSeconds: number): void {
    const ends = session.conversation.ends();
    const service = this.client
      ? ends.clientAddress
      : hostPort(ends.serverAddress, ends.serverPort);
    const list = this.services.get(service);
    if (list === undefined) this.services.set(service, [{ session, baseSeconds }]);
    else list.push({ session, baseSeconds });
    this.count++;
  }

  /** The spans of all sessions since the last flush; undefined when there are none. */
  flush(): Traces | undefined {
    if (this.count === 0) return undefined;
    for (const [service, sessions] of this.services) {
      this.builder.resource(this.resource(service));
      this.builder.scope(`wirestitch/${this.options.source}`);
      for (const { session, baseSeconds } of sessions) this.span(session, baseSeconds);
    }
    this.services.clear();
    this.count = 0;
    return this.builder.finish();
  }

  name(name: string): void {
    this.spanName = name;
  }

  string(key: string, value: string): void {
    this.builder.attribute(ATTRIBUTES, key, value);
  }

  int(key: string, value: number): void {
    this.builder.attribute(ATTRIBUTES, key, value);
  }

  bool(key: string, value: boolean): void {
    this.builder.attribute(ATTRIBUTES, key, value);
  }

  strings(key: string, values: readonly string[]): void {
    this.builder.attribute(ATTRIBUTES, key, values);
  }

  error(type: string, message = ''): void {
    this.errorType = type;
    this.errorMessage = message;
  }

  private resource(service: string): Record<string, string> {
    const resource: Record<string, string> = {
      [Attribute.serviceName]: service,
      [Attribute.serviceFrom]: 'address',
      [Attribute.source]: this.options.source,
    };
    if (this.options.captureName !== '') {
      resource[Attribute.captureName] = this.options.captureName;
    }
    return resource;
  }

  private span(session: Session, baseSeconds: number): void {
    const w = this.builder.writer;
    const opened = this.builder.openSpan();
    const ends = session.conversation.ends();
    this.writeIds(session, baseSeconds);
    w.uintField(KIND, this.client ? KIND_CLIENT : KIND_SERVER);
    w.bigFixed64Field(START, unixNanos(baseSeconds, session.start));
    w.bigFixed64Field(END, unixNanos(baseSeconds, Math.max(session.start, session.end)));
    this.spanName = '';
    this.errorType = '';
    this.errorMessage = '';
    const options: DescribeOptions = {
      client: this.client,
      endpointSegments: this.options.endpointSegments,
      serverAddress: ends.serverAddress,
      serverPort: ends.serverPort,
      obfuscate: this.options.obfuscate ?? true,
    };
    session.protocol.describe(session.request, session.response, options, this);
    this.writeEnds(session.protocol.name, ends);
    this.writeStitching(session, ends);
    this.writeOutcome(session);
    w.stringField(NAME, this.spanName);
    this.writeStatus();
    this.builder.closeSpan(opened);
  }

  private writeIds(session: Session, baseSeconds: number): void {
    const w = this.builder.writer;
    this.ids.make(session, baseSeconds);
    const trace = session.request?.trace;
    if (trace === undefined || trace.traceId === '') {
      w.bytesField(TRACE_ID, this.ids.traceId);
      w.bytesField(SPAN_ID, this.ids.spanId);
      return;
    }
    w.bytesField(TRACE_ID, Buffer.from(trace.traceId, 'hex'));
    w.bytesField(SPAN_ID, this.ids.spanId);
    if (trace.traceState !== '') w.stringField(TRACE_STATE, trace.traceState);
    w.bytesField(PARENT_SPAN_ID, Buffer.from(trace.spanId, 'hex'));
  }

  private writeEnds(protocol: string, ends: Ends): void {
    this.string(Attribute.protocolName, protocol);
    this.string(Attribute.transport, ends.transport);
    this.string(Attribute.networkType, ends.ipVersion === 6 ? 'ipv6' : 'ipv4');
    this.string(Attribute.clientAddress, ends.clientAddress);
    this.int(Attribute.clientPort, ends.clientPort);
    this.string(Attribute.serverAddress, ends.serverAddress);
    this.int(Attribute.serverPort, ends.serverPort);
    this.string(Attribute.peerAddress, this.client ? ends.serverAddress : ends.clientAddress);
    this.int(Attribute.peerPort, this.client ? ends.serverPort : ends.clientPort);
  }

  private writeStitching(session: Session, ends: Ends): void {
    const { request, response } = session;
    this.string(Attribute.observationPoint, this.pointOf(ends));
    this.int(Attribute.interfaceId, ends.interfaceId);
    this.string(Attribute.flowId, hex32(ends.idHigh) + hex32(ends.idLow));
    if (ends.transport === 'tcp') {
      if (request !== undefined) this.int(Attribute.requestSequence, request.sequence);
      if (response !== undefined) this.int(Attribute.responseSequence, response.sequence);
    }
    if (request !== undefined && request.requestId !== '') {
      this.string(Attribute.requestId, request.requestId);
    }
    if (response !== undefined && response.requestId !== '') {
      this.string(Attribute.responseRequestId, response.requestId);
    }
    const trace = request?.trace;
    if (trace === undefined) return;
    this.string(Attribute.traceHeader, trace.header);
    this.string(Attribute.traceHeaderTraceId, trace.rawTraceId);
    this.string(Attribute.traceHeaderSpanId, trace.rawSpanId);
  }

  private writeOutcome(session: Session): void {
    const { request, response, reason } = session;
    if (request !== undefined && response !== undefined) {
      this.int(Attribute.responseDelay, Math.max(0, response.start - request.end));
    }
    if (session.repeats > 0) this.int(Attribute.repeats, session.repeats);
    this.incomplete(Attribute.requestIncomplete, request);
    this.incomplete(Attribute.responseIncomplete, response);
    if (reason !== '') this.string(Attribute.reason, reason);
    // The other reasons say something of the capture, not of the request.
    if (reason === 'timeout' || reason === 'connection_closed') this.error(reason);
    if (this.errorType !== '') this.string(Attribute.errorType, this.errorType);
  }

  private incomplete(key: string, message: Message | undefined): void {
    if (message !== undefined && message.incomplete !== '') this.string(key, message.incomplete);
  }

  private writeStatus(): void {
    if (this.errorType === '') return;
    const w = this.builder.writer;
    const opened = w.open(STATUS);
    if (this.errorMessage !== '') w.stringField(STATUS_MESSAGE, this.errorMessage);
    w.uintField(STATUS_CODE, STATUS_ERROR);
    w.close(opened);
  }

  private pointOf(ends: Ends): ObservationPoint {
    const point = this.options.observationPoint;
    if (point !== 'rest') return point;
    const loopback = ends.serverAddress === '::1' || ends.serverAddress.startsWith('127.');
    return loopback || ends.clientAddress === ends.serverAddress ? 'local' : 'rest';
  }
}

function unixNanos(baseSeconds: number, nanos: number): bigint {
  const carry = Math.floor(nanos / 1e9);
  return BigInt(baseSeconds + carry) * 1_000_000_000n + BigInt(nanos - carry * 1e9);
}

function hex32(word: number): string {
  return word.toString(16).padStart(8, '0');
}
