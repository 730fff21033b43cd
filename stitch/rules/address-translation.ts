/**
 * A message whose addresses were changed on its way: equal sequence numbers and equal first bytes,
 * other addresses. Of datagrams only where the client's end stayed as it was: a transaction id
 * alone has too few bits.
 */
import { DisjointSets, groupBy } from '../union.ts';
import { headOf, isLoopback, type Message, type Work } from '../work.ts';
import { agree, isOneMessage } from './tcp-sequence.ts';

const maxTranslations = 16;

/** Messages that are one, put together; where three do not all agree none of them is. */
export function joinTranslated(work: Work, messages: readonly Message[]): Message[] {
  const sets = new DisjointSets(messages.length);
  const numbers = [...messages.keys()];
  const crowded = new Set<number>();
  for (const key of [streamKey, datagramKey]) {
    for (const list of groupBy(numbers, (n) => key(work, messages[n]!)).values()) {
      if (list.length < 2) continue;
      if (list.length > maxTranslations) for (const n of list) crowded.add(n);
      else joinAlike(work, messages, list, sets);
    }
  }
  const joined: Message[] = [];
  for (const list of groupBy(numbers, (n) => sets.find(n)).values()) {
    const parts = list.map((n) => messages[n]!);
    const members = parts.flatMap((m) => m.members);
    const doubt = list.some((n) => crowded.has(n));
    if (list.length > 1 && !doubt && isOneMessage(work, members, alike)) {
      joined.push({ members: members.sort((a, b) => work.compareHops(a, b)) });
      continue;
    }
    joined.push(...parts);
    if (list.length === 1 && !doubt) continue;
    for (const part of parts) work.unlink(headOf(part), 'ambiguous');
  }
  return joined;
}

function joinAlike(
  work: Work,
  messages: readonly Message[],
  list: readonly number[],
  sets: DisjointSets,
): void {
  for (const [at, m] of list.entries()) {
    for (const n of list.slice(at + 1)) {
      const members = [...messages[m]!.members, ...messages[n]!.members];
      if (isOneMessage(work, members, alike)) sets.join(m, n);
    }
  }
}

/** What one sighting says stands for all of a message: they agree with each other. */
function first<T>(message: Message, read: (i: number) => T | undefined): T | undefined {
  for (const i of message.members) {
    const value = read(i);
    if (value !== undefined && value !== '') return value;
  }
  return undefined;
}

function streamKey(work: Work, message: Message): string | undefined {
  const sequence = first(message, (i) => work.capture(i)!.requestSequence);
  const head = first(message, (i) => work.capture(i)!.requestHead);
  return sequence === undefined || head === undefined ? undefined : `${sequence} ${head}`;
}

function datagramKey(work: Work, message: Message): string | undefined {
  const { transport } = work.capture(headOf(message))!;
  const head = first(message, (i) => work.capture(i)!.requestHead);
  const client = clientOf(work, headOf(message));
  if (transport !== 'udp' || head === undefined || client === '') return undefined;
  return `${client} ${head}`;
}

function alike(work: Work, a: number, b: number): boolean {
  if (!agree(work, a, b)) return false;
  const x = work.capture(a)!;
  const y = work.capture(b)!;
  if (work.connection[a] === work.connection[b] && work.connection[a] !== -1) return true;
  if (x.transport === 'udp' || y.transport === 'udp') {
    const client = clientOf(work, a);
    return x.transport === y.transport && client !== '' && client === clientOf(work, b);
  }
  return true;
}

/** A datagram's client end; of loopback with its host. '' = not known. */
function clientOf(work: Work, i: number): string {
  const { clientAddress, clientPort } = work.capture(i)!;
  const { host } = work.spans[i]!;
  if (clientAddress === '') return '';
  if (!isLoopback(clientAddress)) return `${clientAddress}:${clientPort}`;
  return host === '' ? '' : `${clientAddress}:${clientPort} @ ${host}`;
}
