/** One process and one trace context: what came in and what went out carry the same. */
import type { Answer, Message, Work } from '../work.ts';
import { byCarriedId } from './carried-id.ts';

/** Equal trace id and calling span: the process passed the header on as it was. */
export function byPassedContext(work: Work, messages: readonly Message[]): Map<number, Answer> {
  const context = (w: Work, i: number): readonly string[] => {
    const { headerTraceId, headerSpanId } = w.capture(i)!;
    return headerTraceId === '' || headerSpanId === '' ? [] : [`${headerTraceId}/${headerSpanId}`];
  };
  return byCarriedId(work, messages, {
    inbound: context,
    outbound: context,
    byAddress: false,
    evidence: (id) => `trace context ${id} passed on`,
  });
}

/** Equal trace id alone. */
export function byProcessTraceId(work: Work, messages: readonly Message[]): Map<number, Answer> {
  const trace = (w: Work, i: number): readonly string[] => [w.capture(i)!.headerTraceId];
  return byCarriedId(work, messages, {
    inbound: trace,
    outbound: trace,
    byAddress: false,
    evidence: (id) => `trace id ${id}`,
  });
}
