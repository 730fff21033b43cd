import type { Traces } from '../../pdata/batch.ts';
import { TracesBuilder } from '../../pdata/builder.ts';
import { hostPort } from '../address.ts';
import type { Message } from '../l7/message.ts';
import type { Origin } from '../l7/origin.ts';
import type { DescribeOptions, SpanFields } from '../l7/protocol.ts';
import { isClientSide, type ObservationPoint } from '../observation.ts';
import type { Ends, Vantage } from '../session/conversation.ts';
import type { Session } from '../session/session.ts';
import type { EndNamer, EndTags, TagValue } from '../tags/types.ts';
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
  /** Names both ends; absent = they are named by address. */
  readonly names?: EndNamer;
}

interface Waiting {
  readonly session: Session;
  readonly baseSeconds: number;
  /** Whether the client's end is described. */
  readonly client: boolean;
  readonly point: ObservationPoint;
  readonly clientTags: EndTags | undefined;
  readonly serverTags: EndTags | undefined;
}

type Resource = Readonly<Record<string, TagValue>>;

/** Spans of one resource that wait for the flush. */
interface Group {
  readonly resource: Resource;
  readonly waiting: Waiting[];
}

/**
 * Turns finished sessions into OTLP spans: `add()` each, then `flush()` for a batch with the spans
 * of a service together. Used again after that.
 */
export class SpanWriter implements SpanFields {
  /** Sessions added since the last flush. */
  count = 0;
  private readonly options: SpanOptions;
  private readonly builder = new TracesBuilder();
  private readonly ids: SpanIds;
  /** By the end's tags, its process or the text that names it: what is the same while it lives. */
  private readonly groups = new Map<object | string, Group>();
  /** End that the span being written describes. */
  private client: boolean;
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
    const { conversation } = session;
    const ends = conversation.ends();
    const vantage = conversation.vantage?.();
    const point = vantage?.point ?? this.options.observationPoint;
    const client = isClientSide(point);
    const named = this.named(session, baseSeconds, ends, vantage, client);
    const self = client ? named?.client : named?.server;
    const waiting: Waiting = {
      session,
      baseSeconds,
      client,
      point,
      clientTags: named?.client,
      serverTags: named?.server,
    };
    const key = groupKey(self, vantage, ends, client);
    const group = this.groups.get(key);
    if (group !== undefined) group.waiting.push(waiting);
    else {
      const resource = this.resource(self, vantage, ends, client);
      this.groups.set(key, { resource, waiting: [waiting] });
    }
    this.count++;
  }

  /** The spans of all sessions since the last flush; undefined when there are none. */
  flush(): Traces | undefined {
    if (this.count === 0) return undefined;
    for (const { resource, waiting } of this.groups.values()) {
      this.builder.resource(resource);
      this.builder.scope(`wirestitch/${this.options.source}`);
      for (const one of waiting) this.span(one);
    }
    this.groups.clear();
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

  private named(
    session: Session,
    baseSeconds: number,
    ends: Ends,
    vantage: Vantage | undefined,
    client: boolean,
  ): ReturnType<EndNamer['name']> | undefined {
    const { names } = this.options;
    if (names === undefined) return undefined;
    const networkNamespace = vantage?.networkNamespace || undefined;
    const pid = vantage?.pid || undefined;
    return names.name(
      {
        address: ends.clientAddress,
        port: ends.clientPort,
        networkNamespace,
        pid: client ? pid : undefined,
      },
      {
        address: ends.serverAddress,
        port: ends.serverPort,
        networkNamespace,
        pid: client ? undefined : pid,
      },
      unixNanos(baseSeconds, session.start),
      ends.transport,
    );
  }

  private resource(
    self: EndTags | undefined,
    vantage: Vantage | undefined,
    ends: Ends,
    client: boolean,
  ): Resource {
    const resource: Record<string, TagValue> = {};
    if (self?.process !== undefined) Object.assign(resource, self.process.attributes);
    else if (self !== undefined) {
      resource[Attribute.serviceName] = self.service;
      resource[Attribute.serviceFrom] = self.serviceFrom;
    } else if (vantage !== undefined && vantage.command !== '') {
      resource[Attribute.serviceName] = vantage.command;
      resource[Attribute.serviceFrom] = 'executable';
      resource[Attribute.executableName] = vantage.command;
    } else {
      resource[Attribute.serviceName] = addressName(ends, client);
      resource[Attribute.serviceFrom] = 'address';
    }
    if (vantage !== undefined) {
      if (vantage.pid !== 0) resource[Attribute.pid] = vantage.pid;
      if (vantage.networkNamespace !== 0) {
        resource[Attribute.networkNamespace] = vantage.networkNamespace;
      }
    }
    resource[Attribute.source] = this.options.source;
    if (this.options.captureName !== '') {
      resource[Attribute.captureName] = this.options.captureName;
    }
    return resource;
  }

  private span(waiting: Waiting): void {
    const { session, baseSeconds } = waiting;
    this.client = waiting.client;
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
    this.writeStitching(session, ends, waiting.point);
    this.writeCalls(session);
    this.writeNames(waiting);
    this.writeOutcome(session);
    w.stringField(NAME, this.spanName);
    this.writeStatus();
    this.builder.closeSpan(opened);
  }

  private writeCalls(session: Session): void {
    const { request, response } = session;
    this.head(Attribute.requestHead, request);
    this.head(Attribute.responseHead, response);
    const asked = request?.origin;
    const answered = response?.origin;
    if (asked !== undefined) {
      this.chain(Attribute.requestChain, asked);
      this.int(Attribute.requestThread, asked.thread);
      this.int(Attribute.requestCall, asked.number);
      if (asked.rule !== '') this.string(Attribute.asyncRule, asked.rule);
    }
    if (answered !== undefined) {
      this.chain(Attribute.responseChain, answered);
      this.int(Attribute.responseThread, answered.thread);
      this.int(Attribute.responseCall, answered.number);
    }
  }

  private chain(key: string, { chainHigh, chainLow }: Origin): void {
    if (chainHigh !== 0 || chainLow !== 0) this.string(key, hex32(chainHigh) + hex32(chainLow));
  }

  private head(key: string, message: Message | undefined): void {
    if (message === undefined || (message.headHigh === 0 && message.headLow === 0)) return;
    this.string(key, hex32(message.headHigh) + hex32(message.headLow));
  }

  private writeNames({ clientTags, serverTags }: Waiting): void {
    if (clientTags !== undefined) {
      this.string(Attribute.clientService, clientTags.service);
      this.builder.attribute(
        ATTRIBUTES,
        Attribute.clientEntity,
        BigInt.asIntN(64, clientTags.entityId),
      );
    }
    if (serverTags !== undefined) {
      this.string(Attribute.serverService, serverTags.service);
      this.builder.attribute(
        ATTRIBUTES,
        Attribute.serverEntity,
        BigInt.asIntN(64, serverTags.entityId),
      );
    }
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

  private writeStitching(session: Session, ends: Ends, point: ObservationPoint): void {
    const { request, response } = session;
    this.string(Attribute.observationPoint, pointOf(point, ends));
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
}

function pointOf(point: ObservationPoint, ends: Ends): ObservationPoint {
  if (point !== 'rest') return point;
  const loopback = ends.serverAddress === '::1' || ends.serverAddress.startsWith('127.');
  return loopback || ends.clientAddress === ends.serverAddress ? 'local' : 'rest';
}

/** Stand-in for the name of an end that nothing is known of. */
function addressName(ends: Ends, client: boolean): string {
  return client ? ends.clientAddress : hostPort(ends.serverAddress, ends.serverPort);
}

function groupKey(
  self: EndTags | undefined,
  vantage: Vantage | undefined,
  ends: Ends,
  client: boolean,
): object | string {
  if (vantage === undefined) return self?.process ?? self ?? addressName(ends, client);
  // A process may have sockets in several namespaces, and be too short to be known.
  return `${self?.entityId ?? vantage.command} ${vantage.pid} ${vantage.networkNamespace}`;
}

function unixNanos(baseSeconds: number, nanos: number): bigint {
  const carry = Math.floor(nanos / 1e9);
  return BigInt(baseSeconds + carry) * 1_000_000_000n + BigInt(nanos - carry * 1e9);
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);

function hex32(word: number): string {
  const high = HEX[word >>> 24]! + HEX[(word >>> 16) & 255]!;
  return high + HEX[(word >>> 8) & 255]! + HEX[word & 255]!;
}
