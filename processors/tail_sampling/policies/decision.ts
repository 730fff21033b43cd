import type { TraceView } from '../../../pipeline/traces/trace-view.ts';

/** What a policy says of a trace. */
export const Decision = { none: 0, sampled: 1, notSampled: 2, dropped: 3 } as const;

/** Names of decisions in metrics, by number. */
export const decisionNames = ['', 'sampled', 'not_sampled', 'dropped'] as const;

/** A trace at the moment of its decision. */
export interface TraceData {
  /** What is looked at: all spans that are held, or those that just came. */
  readonly view: TraceView;
  /** Spans and bytes that came so far, held or not. */
  spanCount: number;
  sizeBytes: number;
}

/** A configured policy. */
export interface Policy {
  /** Whether what it says depends on more than the spans that are there. */
  readonly stateful: boolean;
  /** @returns one of {@link Decision}. @throws Error when it cannot tell */
  evaluate(trace: TraceData): number;
}

/** `sampled` or `notSampled` of {@link Decision}. */
export function sampledIf(condition: boolean): number {
  return condition ? Decision.sampled : Decision.notSampled;
}
