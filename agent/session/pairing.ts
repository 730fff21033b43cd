import type { Message } from '../l7/message.ts';
import type { Direction, DropReason, Protocol } from '../l7/protocol.ts';
import type { Conversation } from './conversation.ts';
import { Session, type SessionReason, type SessionSink } from './session.ts';

/** Limits on requests that have no response yet. */
export interface SessionLimits {
  /** Requests that wait for their responses, over all; the oldest goes for a new one. */
  readonly maxOpen: number;
  /** Of one conversation; beyond, its order is given up (ordered) or its oldest goes (keyed). */
  readonly maxOpenPerConversation: number;
}

/** 65,536 requests, 1,024 of one conversation. */
export const defaultSessionLimits: SessionLimits = {
  maxOpen: 1 << 16,
  maxOpenPerConversation: 1024,
};

/** Sessions that are passed to bring one into order. */
const MAX_STEPS = 256;

/** Open sessions of one protocol, oldest first: all have the same time-out. */
interface Waiting {
  oldest: Session | undefined;
  newest: Session | undefined;
}

/** a after b, as TCP sequence numbers. */
function after(a: number, b: number): boolean {
  return ((a - b) | 0) > 0;
}

/**
 * Pairs responses with requests: by order in protocols that answer in order, by key in the others.
 * No pair is better than a wrong pair: after a gap in the capture a request is matched only once
 * its acknowledgement number proves that nothing before it was still unanswered.
 */
export class SessionTable {
  /** Requests that wait for their responses. */
  openCount = 0;
  readonly dropped = new Map<string, number>();
  private readonly sink: SessionSink;
  private readonly limits: SessionLimits;
  private readonly waiting = new Map<Protocol, Waiting>();

  constructor(sink: SessionSink, limits: SessionLimits = defaultSessionLimits) {
    this.sink = sink;
    this.limits = limits;
  }

  /** See MessageSink.begin. */
  begin(protocol: Protocol, c: Conversation, message: Message): Message | undefined {
    if (message.isRequest) {
      this.request(protocol, c, message);
      return undefined;
    }
    return this.response(protocol, c, message);
  }

  /** See MessageSink.end. */
  end(message: Message): void {
    message.ended = true;
    const session = message.session;
    if (session === undefined) return;
    if (message.isRequest && message.oneWay) {
      message.session = undefined;
      this.sink(session);
      return;
    }
    if (session.response === undefined) return;
    if (!session.response.ended || session.request?.ended === false) return;
    if (session !== session.conversation.orphan) this.finish(session, session.reason);
  }

  /**
   * See MessageSink.lost.
   * @param from requests: what the client had acknowledged before the lost bytes; responses: where
   *   the server's stream goes on
   */
  lost(c: Conversation, direction: Direction, from: number): void {
    if (direction === 0) {
      // Requests seen before come before the lost ones: their order stands.
      c.requestsLost = from;
      return;
    }
    c.responsesLost = from;
    let kept = false;
    for (const session of openOf(c)) {
      if (session.response !== undefined) continue;
      if (this.inOrder(c, session.request!)) kept = true;
      else this.giveUp(session, 'capture_gap');
    }
    if (kept) this.regain(c);
  }

  drop(reason: DropReason): void {
    this.dropped.set(reason, (this.dropped.get(reason) ?? 0) + 1);
  }

  /** Finishes every open session of a conversation that is over. */
  close(c: Conversation, reason: SessionReason): void {
    this.releaseOrphan(c);
    for (const session of openOf(c)) this.finish(session, session.response ? '' : reason);
  }

  /** Finishes sessions whose response is overdue. */
  expire(now: number): void {
    for (const [protocol, list] of this.waiting) {
      for (;;) {
        const session = list.oldest;
        if (session === undefined || now - session.since < protocol.sessionTimeout) break;
        this.overdue(session, now);
      }
    }
  }

  private overdue(session: Session, now: number): void {
    const { ended, patient } = session.request!;
    if (session.response !== undefined || !ended || patient) {
      // A message that goes on is not overdue, it is long; idle connections end by themselves.
      this.unwait(session);
      session.since = now;
      this.wait(session);
      return;
    }
    const c = session.conversation;
    if (session.protocol.pairing === 'ordered') this.giveUpOrder(c, session, 'timeout');
    else this.finish(session, 'timeout');
  }

  /**
   * The response to `session` may still come, and must not be taken for that to another request.
   */
  private giveUpOrder(c: Conversation, session: Session, reason: SessionReason): void {
    c.requestsLost = session.request!.acknowledgement;
    this.giveUp(session, reason);
    for (const other of openOf(c)) {
      if (other.response === undefined && !this.inOrder(c, other.request!)) {
        this.giveUp(other, reason);
      }
    }
  }

  private giveUp(session: Session, reason: SessionReason): void {
    session.conversation.owed++;
    this.finish(session, reason);
  }

  private regain(c: Conversation): void {
    c.requestsLost = -1;
    c.responsesLost = -1;
    c.owed = 0;
  }

  private request(protocol: Protocol, c: Conversation, message: Message): void {
    if (protocol.pairing === 'keyed') {
      const repeated = findOpen(c, message);
      if (repeated !== undefined && repeated.response === undefined) {
        repeated.repeats++;
        return;
      }
    }
    const session = new Session(c, protocol, message, message.start);
    message.session = session;
    if (message.oneWay) return;
    if (protocol.pairing === 'ordered') {
      this.notePipelining(c, message);
      const pairable = this.pairable(c, message);
      const adopted = pairable && this.adopt(c, session);
      const passed = !adopted && isPassed(c, message);
      if (!adopted) this.releaseOrphan(c);
      if (!pairable || passed) {
        session.reason = 'capture_gap';
        message.session = undefined;
        if (!passed) c.owed++;
        else if (c.pipelined) c.requestsLost = message.acknowledgement;
        this.sink(session);
        return;
      }
    }
    this.makeRoom(protocol, c);
    this.append(c, session);
    this.wait(session);
  }

  /**
   * Takes the response that was kept back, if sequence numbers say that it answers this request.
   */
  private adopt(c: Conversation, session: Session): boolean {
    const response = c.orphan?.response;
    if (response === undefined) return false;
    const request = session.request!;
    const answers =
      response.sequence === request.acknowledgement &&
      after(response.acknowledgement, request.sequence);
    if (!answers) return false;
    c.orphan = undefined;
    session.response = response;
    response.session = session;
    return true;
  }

  private releaseOrphan(c: Conversation): void {
    const orphan = c.orphan;
    if (orphan === undefined) return;
    c.orphan = undefined;
    if (orphan.response!.ended) this.finish(orphan, 'request_missing');
  }

  private pairable(c: Conversation, request: Message): boolean {
    if (isOrdered(c)) return true;
    if (!this.inOrder(c, request)) return false;
    this.regain(c);
    return true;
  }

  /** Whether a request was sent before the one before it was answered. */
  private notePipelining(c: Conversation, request: Message): void {
    const before = c.lastAcknowledged;
    c.lastAcknowledged = request.acknowledgement;
    if (c.pipelined || before < 0) return;
    const waiting = c.lastOpen !== undefined && c.lastOpen.response === undefined;
    c.pipelined =
      !after(request.acknowledgement, before) ||
      (waiting && !after(request.acknowledgement, c.serverNext()));
  }

  /**
   * Whether a request shows that all before it was answered, where the order was lost. Of a client
   * that pipelines no request can show it.
   */
  private inOrder(c: Conversation, request: Message): boolean {
    if (isOrdered(c)) return true;
    if (c.pipelined) return false;
    const { acknowledgement } = request;
    if (c.requestsLost >= 0 && !after(acknowledgement, c.requestsLost)) return false;
    return c.responsesLost < 0 || !after(c.responsesLost, acknowledgement);
  }

  private response(protocol: Protocol, c: Conversation, message: Message): Message | undefined {
    const session = protocol.pairing === 'keyed' ? findOpen(c, message) : answered(c, message);
    if (session === undefined || session.response !== undefined) {
      c.unmatched = message.sequence;
      if (c.owed > 0) {
        c.owed--;
        this.drop('late_response');
        return undefined;
      }
      const alone = new Session(c, protocol, undefined, message.start);
      alone.response = message;
      alone.reason = 'request_missing';
      message.session = alone;
      if (protocol.pairing === 'ordered') {
        this.releaseOrphan(c);
        c.orphan = alone;
      }
      return undefined;
    }
    session.response = message;
    message.session = session;
    return session.request;
  }

  private makeRoom(protocol: Protocol, c: Conversation): void {
    if (c.openCount >= this.limits.maxOpenPerConversation) this.evict(protocol, c.open!);
    while (this.openCount >= this.limits.maxOpen) {
      let oldest: Session | undefined;
      for (const list of this.waiting.values()) {
        const head = list.oldest;
        if (head !== undefined && (oldest === undefined || head.since < oldest.since))
          oldest = head;
      }
      if (oldest === undefined) return;
      this.evict(oldest.protocol, oldest);
    }
  }

  private evict(protocol: Protocol, session: Session): void {
    const ordered = protocol.pairing === 'ordered' && session.response === undefined;
    if (ordered) this.giveUpOrder(session.conversation, session, 'evicted');
    else this.finish(session, session.response === undefined ? 'evicted' : '');
  }

  /** Hands a session on; nothing refers to it afterwards. */
  private finish(session: Session, reason: SessionReason): void {
    const { request, response } = session;
    if (request !== undefined) {
      request.session = undefined;
      this.unwait(session);
      this.remove(session.conversation, session);
    }
    if (response !== undefined) response.session = undefined;
    session.reason = reason;
    this.sink(session);
  }

  private append(c: Conversation, session: Session): void {
    c.openCount++;
    this.openCount++;
    if (c.lastOpen === undefined) c.open = session;
    else c.lastOpen.nextOpen = session;
    c.lastOpen = session;
  }

  private remove(c: Conversation, session: Session): void {
    c.openCount--;
    this.openCount--;
    let before: Session | undefined;
    if (c.open === session) {
      c.open = session.nextOpen;
    } else {
      before = c.open;
      while (before!.nextOpen !== session) before = before!.nextOpen;
      before!.nextOpen = session.nextOpen;
    }
    if (c.lastOpen === session) c.lastOpen = before;
  }

  private wait(session: Session): void {
    let list = this.waiting.get(session.protocol);
    if (list === undefined) {
      list = { oldest: undefined, newest: undefined };
      this.waiting.set(session.protocol, list);
    }
    let older = list.newest;
    // A request that was read elsewhere at first comes late.
    for (let i = 0; older !== undefined && older.since > session.since && i < MAX_STEPS; i++) {
      older = older.older;
    }
    const newer = older === undefined ? list.oldest : older.newer;
    session.older = older;
    session.newer = newer;
    if (older === undefined) list.oldest = session;
    else older.newer = session;
    if (newer === undefined) list.newest = session;
    else newer.older = session;
  }

  private unwait(session: Session): void {
    const list = this.waiting.get(session.protocol)!;
    if (session.older === undefined) list.oldest = session.newer;
    else session.older.newer = session.newer;
    if (session.newer === undefined) list.newest = session.older;
    else session.newer.older = session.older;
  }
}

/** Whether no message went unseen. */
function isOrdered(c: Conversation): boolean {
  return c.requestsLost < 0 && c.responsesLost < 0;
}

/** Whether the server's answer to a request that comes only now may already have gone by. */
function isPassed(c: Conversation, request: Message): boolean {
  return c.unmatched >= 0 && !after(request.acknowledgement, c.unmatched);
}

function openOf(c: Conversation): Session[] {
  const all: Session[] = [];
  for (let at = c.open; at !== undefined; at = at.nextOpen) all.push(at);
  return all;
}

function findOpen(c: Conversation, message: Message): Session | undefined {
  for (let at = c.open; at !== undefined; at = at.nextOpen) {
    if (at.request!.key === message.key && at.request!.matches(message)) return at;
  }
  return undefined;
}

/**
 * The oldest request without a response, if sequence numbers allow that `response` answers it: the
 * server had received some of it, and the client had not yet received the response when it asked.
 */
function answered(c: Conversation, response: Message): Session | undefined {
  let at = c.open;
  while (at !== undefined && at.response !== undefined) at = at.nextOpen;
  if (at === undefined) return undefined;
  const request = at.request!;
  if (!after(response.acknowledgement, request.sequence)) return undefined;
  if (after(request.acknowledgement, response.sequence)) return undefined;
  return at;
}
