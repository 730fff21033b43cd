import type { StoredTrace } from '../../storage/traces/model.ts';

/** Each joined trace once, under the first of its ids. */
export function distinctTraces(traces: readonly StoredTrace[]): StoredTrace[] {
  const shown = new Set<string>();
  return traces.filter((trace) => {
    if (shown.has(trace.traceId)) return false;
    for (const id of trace.ids ?? [trace.traceId]) shown.add(id);
    return true;
  });
}
