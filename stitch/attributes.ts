/** Reads what stitching needs out of a span's attributes (docs/attributes.md). */
import { type ObservationPoint, observationPoints } from '../wire/observation/points.ts';
import type { Capture, StitchSpan } from './span.ts';

/** Names of the attributes whose values are looked for to find more spans of a trace. */
export const keyAttributes = {
  requestSequence: 'wirestitch.tcp.request_sequence',
  responseSequence: 'wirestitch.tcp.response_sequence',
  requestHead: 'wirestitch.request.head',
  responseHead: 'wirestitch.response.head',
  syscallRequest: 'wirestitch.syscall.trace_id.request',
  syscallResponse: 'wirestitch.syscall.trace_id.response',
  requestId: 'wirestitch.request_id.request',
  responseRequestId: 'wirestitch.request_id.response',
  headerTraceId: 'wirestitch.trace_header.trace_id',
  businessId: 'wirestitch.business.id',
  dnsId: 'wirestitch.dns.id',
} as const;

/** On the resource of every captured span. */
export const captureSource = 'wirestitch.capture.source';

/**
 * What two sightings of one message must agree on. Only what the message itself says: the database
 * in use or the text of a prepared statement are known to whoever saw the connection's beginning.
 */
const factNames = [
  'network.protocol.name',
  'http.request.method',
  'url.path',
  'url.query',
  'http.response.status_code',
  'dns.question.name',
  'wirestitch.dns.question.type',
  'wirestitch.dns.response_code',
  keyAttributes.dnsId,
  'db.response.status_code',
  'rpc.system',
  'rpc.method',
];

/** The value of an attribute; undefined when it is not there or is of another type. */
export type Lookup = (key: string) => string | bigint | undefined;

/** The parts of a span that its resource gives, read once for each resource. */
export interface Origin {
  readonly host: string;
  readonly process: string;
  readonly captured: boolean;
}

/** What a resource says of where its spans were made; '' where it does not. */
export function readOrigin(resource: Lookup): Origin {
  const host = text(resource('host.id')) || text(resource('host.name'));
  const pid = resource('process.pid');
  const named = host !== '' && typeof pid === 'bigint';
  return {
    host,
    process: named ? `${host}/${pid}` : '',
    captured: text(resource(captureSource)) !== '',
  };
}

/** The fields of a span that are no attributes. */
export type SpanHead = Pick<
  StitchSpan,
  'traceId' | 'spanId' | 'parentSpanId' | 'startNs' | 'endNs' | 'kind' | 'service'
>;

/** @param span the span's own attributes; not called for spans of an SDK */
export function readSpan(head: SpanHead, origin: Origin, span: Lookup): StitchSpan {
  const { host, process, captured } = origin;
  return { ...head, host, process, capture: captured ? readCapture(span) : undefined };
}

function readCapture(span: Lookup): Capture {
  const string = (key: string): string => text(span(key));
  const facts = new Map<string, string>();
  for (const name of factNames) {
    const value = span(name);
    if (value !== undefined && value !== '') facts.set(name, String(value));
  }
  const responseSequence = sequence(span(keyAttributes.responseSequence));
  const businessId = string(keyAttributes.businessId);
  return {
    point: pointOf(string('wirestitch.observation_point')),
    transport: string('network.transport'),
    clientAddress: string('client.address'),
    clientPort: port(span('client.port')),
    serverAddress: string('server.address'),
    serverPort: port(span('server.port')),
    requestSequence: sequence(span(keyAttributes.requestSequence)),
    responseSequence,
    requestHead: hexId(string(keyAttributes.requestHead)),
    responseHead: hexId(string(keyAttributes.responseHead)),
    syscallRequest: hexId(string(keyAttributes.syscallRequest)),
    syscallResponse: hexId(string(keyAttributes.syscallResponse)),
    requestId: string(keyAttributes.requestId),
    responseRequestId: string(keyAttributes.responseRequestId),
    headerTraceId: string(keyAttributes.headerTraceId),
    headerSpanId: string('wirestitch.trace_header.span_id'),
    businessIds: businessId === '' ? [] : [businessId],
    answered: string('wirestitch.session.reason') === '',
    cut:
      string('wirestitch.request.incomplete') !== '' ||
      string('wirestitch.response.incomplete') !== '',
    facts,
  };
}

function text(value: string | bigint | undefined): string {
  return typeof value === 'string' ? value : '';
}

const points: ReadonlySet<string> = new Set(observationPoints);

function pointOf(value: string): ObservationPoint {
  return points.has(value) ? (value as ObservationPoint) : 'rest';
}

function port(value: string | bigint | undefined): number {
  return typeof value === 'bigint' ? Number(value) : 0;
}

function sequence(value: string | bigint | undefined): number | undefined {
  if (typeof value !== 'bigint' || value < 0n || value > 0xffff_ffffn) return undefined;
  return Number(value);
}

/** An id of zeros is no id: two of them are not equal. */
function hexId(value: string): string {
  return /^0*$/.test(value) ? '' : value;
}
