import { spanIdOf, traceIdOf } from '../../wire/skywalking/ids.ts';

/** A trace context that a message carries, whatever header it came in. */
export interface TraceContext {
  /** Header: `traceparent`, `b3`, `x-b3-traceid`, `uber-trace-id` or `sw8`. */
  readonly header: string;
  /** 32 hex digits, not all zero; of `sw8` what SkyWalking's id becomes as it is received. */
  readonly traceId: string;
  /** Span that sent the message: 16 hex digits, not all zero; of `sw8` likewise. */
  readonly spanId: string;
  /** The ids as the header has them, for forms of their own: sw8's trace and segment-span. */
  readonly rawTraceId: string;
  readonly rawSpanId: string;
  /** W3C tracestate that came with a traceparent. */
  readonly traceState: string;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;
const HEX = /^[0-9a-fA-F]+$/;

/** @returns `hex` padded with zeros to `digits`, or undefined when it is no id */
function id(hex: string, digits: number): string | undefined {
  if (hex.length === 0 || hex.length > digits || !HEX.test(hex)) return undefined;
  const padded = hex.toLowerCase().padStart(digits, '0');
  return /[1-9a-f]/.test(padded) ? padded : undefined;
}

function context(
  header: string,
  trace: string,
  span: string,
  traceState = '',
): TraceContext | undefined {
  const traceId = id(trace, 32);
  const spanId = id(span, 16);
  if (traceId === undefined || spanId === undefined) return undefined;
  return { header, traceId, spanId, rawTraceId: traceId, rawSpanId: spanId, traceState };
}

/** W3C trace context (https://www.w3.org/TR/trace-context-2/); undefined when it is invalid. */
export function parseTraceparent(value: string, traceState = ''): TraceContext | undefined {
  const m = TRACEPARENT.exec(value);
  if (m === null || m[1] === 'ff' || (m[1] === '00' && m[4] !== undefined)) return undefined;
  return context('traceparent', m[2]!, m[3]!, traceState);
}

/**
 * Zipkin's single header `{trace}-{span}[-{sampled}[-{parent}]]`
 * (github.com/openzipkin/b3-propagation).
 */
function parseB3(value: string): TraceContext | undefined {
  const parts = value.split('-', 3);
  if (parts.length < 2 || (parts[0]!.length !== 32 && parts[0]!.length !== 16)) return undefined;
  return context('b3', parts[0]!, parts[1]!);
}

/** Zipkin's headers of their own for trace and span. */
function parseB3Multi(trace: string, span: string): TraceContext | undefined {
  return context('x-b3-traceid', trace, span);
}

/** Jaeger's `{trace}:{span}:{parent}:{flags}`, the whole perhaps percent-encoded. */
function parseUberTraceId(value: string): TraceContext | undefined {
  const parts = value.replaceAll('%3A', ':').replaceAll('%3a', ':').split(':', 5);
  if (parts.length !== 4) return undefined;
  return context('uber-trace-id', parts[0]!, parts[1]!);
}

/**
 * SkyWalking's `{sample}-{trace}-{segment}-{span index}-...`, ids in base64. The ids are those that
 * the agent's own spans have when they are received (wire/skywalking), so that both are one trace;
 * the raw forms are the trace id, and `segment-index` of the calling span.
 */
function parseSw8(value: string): TraceContext | undefined {
  const parts = value.split('-', 9);
  if (parts.length < 4 || parts.length > 8 || !/^\d+$/.test(parts[3]!)) return undefined;
  const rawTraceId = text64(parts[1]!);
  const segment = text64(parts[2]!);
  if (rawTraceId === '' || segment === '') return undefined;
  const rawSpanId = `${segment}-${parts[3]}`;
  const traceId = traceIdOf(rawTraceId);
  const spanId = spanIdOf(segment, Number(parts[3]) | 0);
  return { header: 'sw8', traceId, spanId, rawTraceId, rawSpanId, traceState: '' };
}

function text64(value: string): string {
  if (!/^[A-Za-z0-9+/]+=*$/.test(value)) return '';
  const text = Buffer.from(value, 'base64').toString('latin1');
  return /^[\x21-\x7e]+$/.test(text) ? text : '';
}

/** Header values that may carry a trace context; '' = absent. */
export interface TraceHeaders {
  traceparent: string;
  tracestate: string;
  b3: string;
  b3TraceId: string;
  b3SpanId: string;
  uberTraceId: string;
  sw8: string;
}

/** The first valid one of traceparent, b3, x-b3-*, uber-trace-id, sw8. */
export function traceContextOf(h: TraceHeaders): TraceContext | undefined {
  let found: TraceContext | undefined;
  if (h.traceparent !== '') found = parseTraceparent(h.traceparent, h.tracestate);
  if (found === undefined && h.b3 !== '') found = parseB3(h.b3);
  if (found === undefined && h.b3TraceId !== '') found = parseB3Multi(h.b3TraceId, h.b3SpanId);
  if (found === undefined && h.uberTraceId !== '') found = parseUberTraceId(h.uberTraceId);
  if (found === undefined && h.sw8 !== '') found = parseSw8(h.sw8);
  return found;
}
