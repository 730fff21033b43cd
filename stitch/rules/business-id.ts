/** Ids that a plugin read in the messages: what came in and what went out have one in common. */
import type { Answer, Message, Work } from '../work.ts';
import { byCarriedId } from './carried-id.ts';

/** Answers by message number, `ambiguous` where several requests that came in have the id. */
export function byBusinessId(work: Work, messages: readonly Message[]): Map<number, Answer> {
  const ids = (w: Work, i: number): readonly string[] => w.capture(i)!.businessIds;
  return byCarriedId(work, messages, {
    inbound: ids,
    outbound: ids,
    byAddress: true,
    evidence: (id) => `business id ${id}`,
  });
}
