/**
 * Columns of a run: spans of one trace that stand side by side in one ScopeSpans. All offsets are
 * in `block`.
 */
export const Run = {
  /** Next run of the trace, -1 at the end. */
  next: 0,
  block: 1,
  /** Bounds of the spans, their tags included. */
  start: 2,
  end: 3,
  /** First byte of the ResourceSpans and of the ScopeSpans: their tags. */
  group: 4,
  scope: 5,
  /** Spans in the run. */
  count: 6,
} as const;

/** Numbers of a run. */
export const runStride = 7;
