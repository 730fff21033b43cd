import type { Capture } from './span.ts';

/** Attributes whose text a cut message may have only the beginning of. */
const cutTexts: ReadonlySet<string> = new Set(['url.path', 'url.query']);

/** True when two captured spans cannot be sightings of one request and response. */
export function conflicts(a: Capture, b: Capture): boolean {
  if (differ(a.headerTraceId, b.headerTraceId) || differ(a.headerSpanId, b.headerSpanId)) {
    return true;
  }
  if (differ(a.requestId, b.requestId) || differ(a.responseRequestId, b.responseRequestId)) {
    return true;
  }
  if (differ(a.requestHead, b.requestHead) || differ(a.responseHead, b.responseHead)) return true;
  if (a.transport !== b.transport) return true;
  for (const [name, value] of a.facts) {
    const other = b.facts.get(name);
    if (other === undefined || other === value) continue;
    const beginning = value.startsWith(other) || other.startsWith(value);
    if (!((a.cut || b.cut) && cutTexts.has(name) && beginning)) return true;
  }
  return false;
}

function differ(a: string, b: string): boolean {
  return a !== '' && b !== '' && a !== b;
}
