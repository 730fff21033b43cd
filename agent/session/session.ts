import type { Message } from '../l7/message.ts';
import type { Protocol } from '../l7/protocol.ts';
import type { Conversation } from './conversation.ts';

/** Why a session has not both messages; '' = it has. */
export type SessionReason =
  | ''
  /** No response within the protocol's time-out. */
  | 'timeout'
  /** The connection ended, or was idle too long, before the response. */
  | 'connection_closed'
  /** The capture ended before the response. */
  | 'capture_ended'
  /** Too many open sessions or flows: this one had to go. */
  | 'evicted'
  /** Packets were lost to the capture: which response belongs to the request is not known. */
  | 'capture_gap'
  /** A response whose request was not seen. */
  | 'request_missing';

/** A request and its response, as far as they were seen. */
export class Session {
  readonly conversation: Conversation;
  readonly protocol: Protocol;
  readonly request: Message | undefined;
  response: Message | undefined = undefined;
  reason: SessionReason = '';
  /** Number within the conversation, from 0. */
  readonly ordinal: number;
  /** Requests that repeated this one (DNS). */
  repeats = 0;
  /** Time from which the time-out counts. */
  since: number;
  /** Open sessions of the same conversation, oldest first. */
  nextOpen: Session | undefined = undefined;
  /** Open sessions of the same protocol, oldest first. */
  older: Session | undefined = undefined;
  newer: Session | undefined = undefined;

  constructor(
    conversation: Conversation,
    protocol: Protocol,
    request: Message | undefined,
    since: number,
  ) {
    this.conversation = conversation;
    this.protocol = protocol;
    this.request = request;
    this.since = since;
    this.ordinal = conversation.ordinal++;
  }

  get start(): number {
    return this.request?.start ?? this.response!.start;
  }

  get end(): number {
    const request = this.request?.end ?? Number.NEGATIVE_INFINITY;
    const response = this.response?.end ?? Number.NEGATIVE_INFINITY;
    return Math.max(request, response);
  }
}

/** Takes sessions as they are finished. */
export type SessionSink = (session: Session) => void;
