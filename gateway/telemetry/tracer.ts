import type { Clock, OwnSpan, Random, Tracer } from '../../component/settings.ts';
import type { SpanView } from '../../component/view.ts';
import type { Traces } from '../../pdata/batch.ts';
import { type AttributeSet, TracesBuilder } from '../../pdata/builder.ts';
import { unixNanos } from './clock.ts';
import type { Outbox } from './outbox.ts';
import type { Sampler } from './span-sampler.ts';

/** Traces of a program that has none. */
export const noTracer: Tracer = {
  enabled: false,
  start: () => undefined,
  extract: () => undefined,
};

const kinds = { internal: 1, server: 2, client: 3 } as const;
const sampledFlag = 1;

/** A span that has ended. */
export interface FinishedSpan {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId: Uint8Array | undefined;
  readonly name: string;
  readonly kind: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: ReadonlyMap<string, string | number | boolean>;
  readonly error: string | undefined;
}

/** What a {@link SpanRecorder} works with. */
export interface RecorderParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly sampler: Sampler;
  /** `tracecontext`, `b3`; requests' contexts in other forms do not count. */
  readonly propagators: readonly string[];
  /** Attributes of the program. */
  readonly resource: AttributeSet;
  readonly schemaUrl: string;
  readonly version: string;
  /** Where spans wait to be sent. */
  readonly outboxes: readonly Outbox<FinishedSpan>[];
}

/** Records the program's own spans until they are taken as a batch. */
export class SpanRecorder implements Tracer {
  readonly enabled = true;
  readonly #parts: RecorderParts;
  readonly #watchers = new Set<(span: SpanView) => void>();
  /** Spans that have begun; kept while somebody watches. */
  readonly #running = new Set<FinishedSpan>();
  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  get outboxes(): readonly Outbox<FinishedSpan>[] {
    return this.#parts.outboxes;
  }

  start(name: string, kind: keyof typeof kinds, parent?: string): OwnSpan | undefined {
    const { clock, random, sampler } = this.#parts;
    const above = parent === undefined ? undefined : parseTraceparent(parent);
    const traceId = above?.traceId ?? Buffer.from(random.bytes(16));
    if (!sampler(traceId, above?.sampled)) return undefined;
    const spanId = Buffer.from(random.bytes(8));
    const start = unixNanos(clock);
    const attributes = new Map<string, string | number | boolean>();
    const begun: FinishedSpan = {
      traceId,
      spanId,
      parentSpanId: above?.spanId,
      name,
      kind: kinds[kind],
      start,
      end: start,
      attributes,
      error: undefined,
    };
    if (this.#watchers.size > 0) this.#running.add(begun);
    return {
      traceparent: `00-${traceId.toString('hex')}-${spanId.toString('hex')}-01`,
      set: (key, value) => void attributes.set(key, value),
      end: (error) => {
        this.#running.delete(begun);
        this.#keep({ ...begun, end: unixNanos(clock), error });
      },
    };
  }

  extract(header: (name: string) => string | undefined): string | undefined {
    const { propagators } = this.#parts;
    const context = propagators.includes('tracecontext') ? header('traceparent') : undefined;
    if (context !== undefined && parseTraceparent(context) !== undefined) return context;
    return propagators.includes('b3') ? fromB3(header) : undefined;
  }

  /** Spans as one batch. */
  batchOf(spans: readonly FinishedSpan[]): Traces {
    const { resource, schemaUrl, version } = this.#parts;
    const builder = new TracesBuilder();
    builder.resource(resource, schemaUrl);
    builder.scope('wirestitch', version);
    for (const span of spans) write(builder, span);
    return builder.finish();
  }

  /** @returns what ends it */
  watch(ended: (span: SpanView) => void): () => void {
    this.#watchers.add(ended);
    return () => {
      this.#watchers.delete(ended);
      if (this.#watchers.size === 0) this.#running.clear();
    };
  }

  /** Spans that have not ended, as far as they began while somebody watched. */
  running(): SpanView[] {
    return Array.from(this.#running, viewOf);
  }

  #keep(span: FinishedSpan): void {
    for (const ended of this.#watchers) ended(viewOf(span));
    for (const outbox of this.#parts.outboxes) outbox.add(span);
  }
}

function viewOf({ name, start, end, attributes, error, ...ids }: FinishedSpan): SpanView {
  const hex = (id: Uint8Array | undefined) => Buffer.from(id ?? []).toString('hex');
  return {
    name,
    traceId: hex(ids.traceId),
    spanId: hex(ids.spanId),
    parentSpanId: hex(ids.parentSpanId),
    startUnixMs: Number(start) / 1e6,
    durationMs: Number(end - start) / 1e6,
    error,
    attributes,
  };
}

function write(builder: TracesBuilder, span: FinishedSpan): void {
  const { traceId, spanId, parentSpanId, name, kind, start, end, attributes, error } = span;
  builder.span({
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name,
    kind,
    startTimeUnixNano: start,
    endTimeUnixNano: end,
    attributes: new Map(
      [...attributes].map(([k, v]) => [k, typeof v === 'number' ? BigInt(Math.round(v)) : v]),
    ),
    ...(error === undefined ? {} : { statusCode: 2, statusMessage: error }),
  });
}

interface ParentContext {
  readonly traceId: Buffer;
  readonly spanId: Buffer;
  readonly sampled: boolean;
}

/** W3C trace context; undefined for what is none, and for ids that are all zero. */
function parseTraceparent(text: string): ParentContext | undefined {
  const match = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/.exec(text);
  if (match === null) return undefined;
  const [, trace = '', span = '', flags = ''] = match;
  if (/^0+$/.test(trace) || /^0+$/.test(span)) return undefined;
  const sampled = (Number.parseInt(flags, 16) & sampledFlag) !== 0;
  return { traceId: Buffer.from(trace, 'hex'), spanId: Buffer.from(span, 'hex'), sampled };
}

/** B3 in one header or in several, as W3C trace context. */
function fromB3(header: (name: string) => string | undefined): string | undefined {
  const single = header('b3')?.split('-');
  const [trace, span, sampled] = single ?? [
    header('x-b3-traceid'),
    header('x-b3-spanid'),
    header('x-b3-sampled') ?? header('x-b3-flags'),
  ];
  if (trace === undefined || span === undefined) return undefined;
  const flags = sampled === '0' ? '00' : '01';
  const text = `00-${trace.toLowerCase().padStart(32, '0')}-${span.toLowerCase()}-${flags}`;
  return parseTraceparent(text) === undefined ? undefined : text;
}
