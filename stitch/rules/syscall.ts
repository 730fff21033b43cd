/**
 * System call trace ids: what a process received and what it then sent have an id in common, either
 * at once (its request in, a call out) or by way of the calls between (the response of one call and
 * the request of the next, the response of the last and the process's own response).
 */
import { DisjointSets, groupBy } from '../union.ts';
import { type Answer, headOf, type Message, tailOf, type Work } from '../work.ts';

/** The inbound request that each outbound one of a process belongs to, by message number. */
export function bySyscall(work: Work, messages: readonly Message[]): Map<number, Answer> {
  const numbers = new Map<string, number>();
  const idsOf = (i: number): number[] => {
    const { process } = work.spans[i]!;
    const { syscallRequest, syscallResponse } = work.capture(i)!;
    if (process === '') return [];
    const ids: number[] = [];
    for (const id of [syscallRequest, syscallResponse]) {
      if (id === '') continue;
      const key = `${process} ${id}`;
      const known = numbers.get(key);
      ids.push(known ?? numbers.size);
      if (known === undefined) numbers.set(key, numbers.size);
    }
    return ids;
  };
  const inbound: Chained[] = [];
  const outbound: Chained[] = [];
  for (const [message, m] of messages.entries()) {
    const tail = tailOf(m);
    const head = headOf(m);
    if (work.capture(tail)!.point === 'server_process') {
      inbound.push({ message, span: tail, ids: idsOf(tail) });
    }
    if (work.capture(head)!.point === 'client_process') {
      outbound.push({ message, span: head, ids: idsOf(head) });
    }
  }
  return answers(work, inbound, outbound, numbers.size);
}

interface Chained {
  readonly message: number;
  readonly span: number;
  /** Numbers of its ids, at most two. */
  readonly ids: readonly number[];
}

function answers(
  work: Work,
  inbound: readonly Chained[],
  outbound: readonly Chained[],
  ids: number,
): Map<number, Answer> {
  const sets = new DisjointSets(ids);
  for (const { ids: own } of [...inbound, ...outbound]) {
    if (own.length === 2) sets.join(own[0]!, own[1]!);
  }
  const chainOf = ({ ids: own }: Chained): number | undefined =>
    own.length === 0 ? undefined : sets.find(own[0]!);
  const servers = groupBy(inbound, chainOf);
  const found = new Map<number, Answer>();
  for (const call of outbound) {
    const inChain = servers.get(chainOf(call) ?? -1) ?? [];
    const several = inChain.length > 2;
    const candidates = several ? inChain : inChain.filter((s) => s.message !== call.message);
    if (candidates.length === 0) continue;
    const [server] = candidates;
    if (candidates.length > 1 || server === undefined) {
      found.set(call.message, 'ambiguous');
      continue;
    }
    if (work.start[call.span]! < work.start[server.span]! - work.slackNs) continue;
    const evidence = evidenceOf(work, server.span, call.span);
    found.set(call.message, { parent: server.span, evidence });
  }
  return found;
}

function evidenceOf(work: Work, server: number, call: number): string {
  const s = work.capture(server)!;
  const c = work.capture(call)!;
  const { process } = work.spans[call]!;
  if (c.syscallRequest !== '' && c.syscallRequest === s.syscallRequest) {
    return `request and call ${c.syscallRequest} in process ${process}`;
  }
  if (c.syscallResponse !== '' && c.syscallResponse === s.syscallResponse) {
    return `response of the call and response ${c.syscallResponse} in process ${process}`;
  }
  return `by way of other calls, ${c.syscallRequest || c.syscallResponse} in process ${process}`;
}
