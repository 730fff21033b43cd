/**
 * What links by an id that a process passes on share: the inbound request must be the only one with
 * that id in the same process (or, where processes are not known, at the same address) that was
 * being served when the outbound one began.
 */
import { type Interval, type Moment, onlyCover } from '../cover.ts';
import { type Answer, headOf, isLoopback, type Message, tailOf, type Work } from '../work.ts';

/** Where ids are read, and how a link by one is told; '' is no id. */
export interface CarriedIds {
  /** Ids of a sighting of a request that comes in, which the process may pass on. */
  readonly inbound: (work: Work, i: number) => readonly string[];
  /** Ids of a sighting of a request that goes out, which may have come in. */
  readonly outbound: (work: Work, i: number) => readonly string[];
  /** Whether equal addresses will do for a process that is not known. */
  readonly byAddress: boolean;
  readonly evidence: (id: string) => string;
}

/** Inbound and outbound messages with one id at one place. */
interface Meeting {
  readonly id: string;
  readonly place: string;
  readonly intervals: Interval[];
  readonly moments: Moment[];
}

/** The inbound request that each outbound one hangs under, by message number. */
export function byCarriedId(
  work: Work,
  messages: readonly Message[],
  ids: CarriedIds,
): Map<number, Answer> {
  const meetings = new Map<string, Meeting>();
  const meet = (place: string, id: string): Meeting => {
    const key = `${place} ${id}`;
    const known = meetings.get(key);
    if (known !== undefined) return known;
    const made: Meeting = { id, place, intervals: [], moments: [] };
    meetings.set(key, made);
    return made;
  };
  for (const [n, message] of messages.entries()) {
    const inbound = allIds(work, message, ids.inbound);
    const outbound = allIds(work, message, ids.outbound);
    if (inbound.size > 0) {
      for (const place of serverPlaces(work, tailOf(message), ids.byAddress)) {
        const interval = servingTime(work, n, tailOf(message), place);
        for (const id of inbound) meet(place, id).intervals.push(interval);
      }
    }
    if (outbound.size > 0) {
      const moment = { id: n, at: work.start[headOf(message)]!, group: n };
      for (const place of clientPlaces(work, headOf(message), ids.byAddress)) {
        for (const id of outbound) meet(place, id).moments.push(moment);
      }
    }
  }
  const found = new Map<number, Answer>();
  for (const meeting of meetings.values()) collect(work, messages, meeting, ids, found);
  return found;
}

function collect(
  work: Work,
  messages: readonly Message[],
  meeting: Meeting,
  ids: CarriedIds,
  found: Map<number, Answer>,
): void {
  const { id, place, intervals, moments } = meeting;
  if (intervals.length === 0 || moments.length === 0) return;
  for (const [n, cover] of onlyCover(intervals, moments)) {
    let answer: Answer = 'ambiguous';
    if (cover !== 'ambiguous') {
      const parent = tailOf(messages[cover]!);
      if (isAddress(place) && !fits(work, headOf(messages[n]!), parent)) continue;
      answer = { parent, evidence: `${ids.evidence(id)} at ${place.slice(2)}` };
    }
    found.set(n, both(found.get(n), answer));
  }
}

/** Two ids of one message must lead to the same parent. */
function both(a: Answer | undefined, b: Answer): Answer {
  if (a === undefined) return b;
  if (a === 'ambiguous' || b === 'ambiguous' || a.parent !== b.parent) return 'ambiguous';
  return a.evidence < b.evidence ? a : b;
}

function allIds(work: Work, message: Message, read: CarriedIds['inbound']): Set<string> {
  const ids = new Set<string>();
  for (const i of message.members) for (const id of read(work, i)) if (id !== '') ids.add(id);
  return ids;
}

/* Places: `p:` a process, `a:` an address, `u:` an address whose process is not known. */

function isAddress(place: string): boolean {
  return !place.startsWith('p:');
}

function serverPlaces(work: Work, tail: number, byAddress: boolean): string[] {
  const { point, serverAddress } = work.capture(tail)!;
  const process = point.startsWith('client_') ? '' : work.spans[tail]!.process;
  const places = process === '' ? [] : [`p:${process}`];
  if (!byAddress || serverAddress === '' || isLoopback(serverAddress)) return places;
  places.push(`a:${serverAddress}`);
  if (process === '') places.push(`u:${serverAddress}`);
  return places;
}

/** A process meets its own requests, and those at its address whose process is not known. */
function clientPlaces(work: Work, head: number, byAddress: boolean): string[] {
  const { point, clientAddress } = work.capture(head)!;
  const process = point.startsWith('client_') ? work.spans[head]!.process : '';
  const places = process === '' ? [] : [`p:${process}`];
  if (!byAddress || clientAddress === '' || isLoopback(clientAddress)) return places;
  places.push(`${process === '' ? 'a' : 'u'}:${clientAddress}`);
  return places;
}

function servingTime(work: Work, n: number, tail: number, place: string): Interval {
  const { networkDelayNs, clockOffsetNs } = work.options;
  const slack = isAddress(place) ? networkDelayNs + clockOffsetNs : work.slackNs;
  const to = work.capture(tail)!.answered ? work.end[tail]! + slack : Number.POSITIVE_INFINITY;
  return { id: n, from: work.start[tail]! - slack, to, group: n };
}

/** Where only addresses speak for it, the outbound request must end within the inbound one. */
function fits(work: Work, child: number, parent: number): boolean {
  if (!work.capture(parent)!.answered) return true;
  return work.end[child]! <= work.end[parent]! + work.tolerance(child, parent);
}
