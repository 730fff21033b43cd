/**
 * One message seen at several places of its way: equal TCP sequence numbers of request and response
 * between the same two ends. A datagram has no sequence numbers; there it is the hash of its first
 * bytes, or for DNS the transaction id and the question.
 */
import { conflicts } from '../conflict.ts';
import { DisjointSets, groupBy } from '../union.ts';
import { connectionOf, type Message, type Work } from '../work.ts';

/** Sightings of one message; more with one key are not looked through. */
const maxSightings = 64;

/**
 * Which captured spans are sightings of one message. Sightings that do not all agree with each
 * other make no message: each stands alone, and those that had a partner are marked ambiguous.
 */
export function findMessages(work: Work): Message[] {
  const captured = work.order.filter((i) => work.capture(i) !== undefined);
  const sets = new DisjointSets(work.spans.length);
  const doubtful = new Set<number>();
  for (const key of [requestKey, responseKey, datagramKey]) {
    for (const list of groupBy<number, string | number>(captured, (i) => key(work, i)).values()) {
      if (list.length < 2) continue;
      if (list.length > maxSightings) for (const i of list) doubtful.add(i);
      else joinAlike(work, list, sets);
    }
  }
  const messages: Message[] = [];
  for (const list of groupBy(captured, (i) => sets.find(i)).values()) {
    if (list.length === 1 || isOneMessage(work, list, sameMessage)) {
      if (list.some((i) => doubtful.has(i))) work.unlink(list[0]!, 'ambiguous');
      messages.push({ members: list.sort((a, b) => work.compareHops(a, b)) });
      continue;
    }
    for (const i of list) {
      work.unlink(i, 'ambiguous');
      messages.push({ members: [i] });
    }
  }
  return messages;
}

function joinAlike(work: Work, list: readonly number[], sets: DisjointSets): void {
  for (const [n, a] of list.entries()) {
    for (const b of list.slice(n + 1)) if (sameMessage(work, a, b)) sets.join(a, b);
  }
}

/** All agree with all, and no two are from the process of the same end. */
export function isOneMessage(
  work: Work,
  list: readonly number[],
  alike: (work: Work, a: number, b: number) => boolean,
): boolean {
  if (list.length > maxSightings) return false;
  const count = (point: string): number =>
    list.filter((i) => work.capture(i)!.point === point).length;
  if (count('client_process') > 1 || count('server_process') > 1) return false;
  return list.every((a, n) => list.slice(n + 1).every((b) => alike(work, a, b)));
}

function requestKey(work: Work, i: number): number | undefined {
  return streamKey(work, i, work.capture(i)!.requestSequence);
}

function responseKey(work: Work, i: number): number | undefined {
  return streamKey(work, i, work.capture(i)!.responseSequence);
}

/** Connection and sequence number in one number, exact for two million connections. */
function streamKey(work: Work, i: number, sequence: number | undefined): number | undefined {
  const connection = work.connection[i]!;
  if (sequence === undefined || connection === -1) return undefined;
  return connection * 0x1_0000_0000 + sequence;
}

function datagramKey(work: Work, i: number): string | undefined {
  const { transport, requestHead, facts } = work.capture(i)!;
  const connection = work.connection[i]!;
  if (transport !== 'udp' || connection === -1) return undefined;
  const id = facts.get('wirestitch.dns.id');
  if (id === undefined) return requestHead === '' ? undefined : `${connection} ${requestHead}`;
  return `${connection} ${id} ${facts.get('dns.question.name') ?? ''}`;
}

function sameMessage(work: Work, a: number, b: number): boolean {
  return work.connection[a] === work.connection[b] && agree(work, a, b);
}

/** Sequence numbers where both have them, times and content agree; addresses are not looked at. */
export function agree(work: Work, a: number, b: number): boolean {
  const x = work.capture(a)!;
  const y = work.capture(b)!;
  const request = compare(x.requestSequence, y.requestSequence);
  const response = compare(x.responseSequence, y.responseSequence);
  if (request === 'other' || response === 'other') return false;
  return timesAgree(work, a, b, request, response) && !conflicts(x, y);
}

type Comparison = 'equal' | 'other' | 'open';

function compare(a: number | undefined, b: number | undefined): Comparison {
  if (a === undefined || b === undefined) return 'open';
  return a === b ? 'equal' : 'other';
}

/**
 * With both sequence numbers equal it is enough that the times overlap: a server that is busy reads
 * a request late. With less than that the known end must be near.
 */
function timesAgree(
  work: Work,
  a: number,
  b: number,
  request: Comparison,
  response: Comparison,
): boolean {
  const { start, end } = work;
  const tolerance = work.tolerance(a, b);
  if (request === 'equal' && response === 'equal') {
    return start[a]! <= end[b]! + tolerance && start[b]! <= end[a]! + tolerance;
  }
  if (request !== 'equal' && response === 'equal') {
    return Math.abs(end[a]! - end[b]!) <= tolerance;
  }
  return Math.abs(start[a]! - start[b]!) <= tolerance;
}

/** What shows that two neighbours of a message belong together. */
export function sightingEvidence(work: Work, a: number, b: number): string {
  const x = work.capture(a)!;
  const y = work.capture(b)!;
  const parts: string[] = [];
  if (x.requestSequence !== undefined && x.requestSequence === y.requestSequence) {
    parts.push(`request sequence ${x.requestSequence}`);
  }
  if (x.responseSequence !== undefined && x.responseSequence === y.responseSequence) {
    parts.push(`response sequence ${x.responseSequence}`);
  }
  if (x.transport === 'udp') {
    const id = x.facts.get('wirestitch.dns.id');
    parts.push(id === undefined ? `head ${x.requestHead}` : `DNS id ${id}`);
  }
  const from = connectionOf(work.spans[a]!);
  const to = connectionOf(work.spans[b]!);
  if (from === to && from !== '') parts.push(from);
  else parts.push(`head ${x.requestHead}`);
  if (from !== to && from !== '' && to !== '') parts.push(`${from} became ${to}`);
  return parts.join(', ');
}
