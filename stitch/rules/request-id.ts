/**
 * X-Request-ID: a proxy passes on the one that came in, or makes one that it sends upstream and
 * says in its own response.
 */
import type { Answer, Message, Work } from '../work.ts';
import { byCarriedId } from './carried-id.ts';

/** Answers by message number, `ambiguous` where several requests that came in have the id. */
export function byRequestId(work: Work, messages: readonly Message[]): Map<number, Answer> {
  return byCarriedId(work, messages, {
    inbound: (w, i) => [w.capture(i)!.requestId, w.capture(i)!.responseRequestId],
    outbound: (w, i) => {
      const { requestId, responseRequestId } = w.capture(i)!;
      return requestId === '' ? [responseRequestId] : [requestId];
    },
    byAddress: true,
    evidence: (id) => `X-Request-ID ${id}`,
  });
}
