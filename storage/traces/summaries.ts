import type { TraceSummary } from './reader.ts';
import type { RowBinaryReader } from './row-binary.ts';
import { readParentId } from './span-row.ts';

/** What {@link readSlimSpan} reads, in this order. */
export const slimColumns =
  'trace_id, span_id, parent_span_id, time, duration, service, name, status_code';

/** As much of a span as a summary needs. */
export interface SlimSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** '' for a root. */
  readonly parentSpanId: string;
  readonly startUnixNano: bigint;
  readonly endUnixNano: bigint;
  readonly service: string;
  readonly name: string;
  readonly error: boolean;
}

/**
 * Reads the columns {@link slimColumns} of one row.
 * @throws RangeError when the answer ends early
 */
export function readSlimSpan(r: RowBinaryReader): SlimSpan {
  const traceId = r.hex(16);
  const spanId = r.hex(8);
  const parentSpanId = readParentId(r);
  const startUnixNano = r.uint64();
  const endUnixNano = BigInt.asUintN(64, startUnixNano + r.int64());
  return {
    traceId,
    spanId,
    parentSpanId,
    startUnixNano,
    endUnixNano,
    service: r.string(),
    name: r.string(),
    error: r.uint8() === 2,
  };
}

/**
 * Summary of all spans of one trace. The root is the earliest span without a parent.
 * @param spans at least one
 */
export function summarize(traceId: string, spans: readonly SlimSpan[]): TraceSummary {
  const ids = new Set(spans.map((span) => span.spanId));
  const services = new Map<string, { name: string; spanCount: number; errorSpanCount: number }>();
  let root: SlimSpan | undefined;
  let start = spans[0]!.startUnixNano;
  let end = spans[0]!.endUnixNano;
  let errors = 0;
  let orphans = 0;
  for (const span of spans) {
    if (span.startUnixNano < start) start = span.startUnixNano;
    if (span.endUnixNano > end) end = span.endUnixNano;
    if (span.error) errors++;
    if (span.parentSpanId === '') {
      if (root === undefined || span.startUnixNano < root.startUnixNano) root = span;
    } else if (!ids.has(span.parentSpanId)) {
      orphans++;
    }
    const service = services.get(span.service) ?? {
      name: span.service,
      spanCount: 0,
      errorSpanCount: 0,
    };
    service.spanCount++;
    if (span.error) service.errorSpanCount++;
    services.set(span.service, service);
  }
  return {
    traceId,
    rootServiceName: root?.service ?? '',
    rootOperationName: root?.name ?? '',
    startUnixNano: start,
    endUnixNano: end,
    spanCount: spans.length,
    errorSpanCount: errors,
    orphanSpanCount: orphans,
    services: [...services.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
