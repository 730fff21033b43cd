import type { StitchSpan } from './span.ts';

/**
 * The chosen spans and the calls that hang together with them by system call trace ids, through
 * other calls too. Calls of one process are linked only by way of the request that it serves; to
 * find that one has to go on from call to call.
 */
export function withSiblings(
  spans: readonly StitchSpan[],
  chosen: (span: StitchSpan) => boolean,
): StitchSpan[] {
  const byId = new Map<string, StitchSpan[]>();
  for (const span of spans) {
    for (const id of idsOf(span)) {
      const list = byId.get(id);
      if (list === undefined) byId.set(id, [span]);
      else list.push(span);
    }
  }
  const found = new Set(spans.filter(chosen));
  const asked = new Set<string>();
  for (const span of found) {
    for (const id of idsOf(span)) {
      if (asked.has(id)) continue;
      asked.add(id);
      for (const other of byId.get(id) ?? []) found.add(other);
    }
  }
  return [...found];
}

function idsOf({ process, capture }: StitchSpan): string[] {
  if (capture === undefined || process === '') return [];
  return [capture.syscallRequest, capture.syscallResponse]
    .filter((id) => id !== '')
    .map((id) => `${process} ${id}`);
}
