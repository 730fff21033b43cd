import { type StoredSpan, type StoredTrace, serviceName } from '../../storage/traces/model.ts';
import type { TraceSummary } from '../../storage/traces/reader.ts';
import { summarize } from '../../storage/traces/summaries.ts';

/** As many of the first traces as have `spans` spans together. */
export function withinSpans(traces: readonly TraceSummary[], spans: number): TraceSummary[] {
  let sum = 0;
  return traces.filter(({ spanCount }) => {
    sum += spanCount;
    return sum <= spans;
  });
}

/**
 * The list with each joined trace once, in the place and under the id of its first part.
 * @param traces some of the found ones, joined
 */
export function joinSummaries(
  found: readonly TraceSummary[],
  traces: readonly StoredTrace[],
): TraceSummary[] {
  const byId = new Map(traces.map((trace) => [trace.traceId, trace]));
  const shown = new Set<string>();
  const list: TraceSummary[] = [];
  for (const summary of found) {
    const joined = byId.get(summary.traceId);
    const ids = joined?.ids ?? [summary.traceId];
    if (ids.some((id) => shown.has(id))) continue;
    for (const id of ids) shown.add(id);
    const several = (joined?.ids?.length ?? 1) > 1;
    list.push(several ? summarize(summary.traceId, joined!.spans.map(slim)) : summary);
  }
  return list;
}

function slim(span: StoredSpan) {
  const { traceId, spanId, parentSpanId, startUnixNano, endUnixNano, name } = span;
  const service = serviceName(span.resource);
  const error = span.statusCode === 2;
  return { traceId, spanId, parentSpanId, startUnixNano, endUnixNano, name, service, error };
}
