import { asBuffer } from '../../bytes.ts';
import type { MessageSink } from '../protocol.ts';
import { isSubscribing } from './commands.ts';
import { isReplyHead } from './detect.ts';
import { type RedisRequest, RedisResponse } from './message.ts';
import { Type, ValueStream, type ValueTaker } from './values.ts';

const MAX_ERROR = 256;
const MAX_KIND = 64;
/** Commands whose order is kept; beyond, only their number. */
const MAX_QUEUE = 4096;
const KIND = /^[*>]\d+\r\n\$\d+\r\n([a-z]{1,16})\r\n/;
const PUSHED = new Set(['message', 'pmessage', 'smessage']);

interface Asked {
  readonly name: string;
  readonly sequence: number;
  readonly acknowledgement: number;
  /** Confirmations that a subscription gets. */
  readonly confirmations: number;
}

/** a after b, as TCP sequence numbers. */
function after(a: number, b: number): boolean {
  return ((a - b) | 0) > 0;
}

/** The direction from server to client: replies, and what is pushed without being asked for. */
export class RedisServer implements ValueTaker {
  readonly inline = false;
  readonly stream: ValueStream = new ValueStream(this);
  private readonly sink: MessageSink;
  private message: RedisResponse | undefined = undefined;
  /** The value that is read: not known yet whether it is a reply. */
  private undecided = false;
  private head: Buffer | undefined = undefined;
  private type = 0;
  private sequence = 0;
  private acknowledgement = 0;
  private start = 0;
  private length = 0;
  private readonly queue: Asked[] = [];
  /** The first reply has come. */
  private started = false;
  /** Bytes were passed over, with whatever replies were in them. */
  private skipped = false;
  private subscribed = false;
  private monitoring = false;
  private confirmations = 0;

  constructor(sink: MessageSink) {
    this.sink = sink;
    // The capture may begin in the middle of a reply.
    this.stream.lost = true;
  }

  /** @param confirmations number of replies, where it is not one; 0 = one */
  asked(request: RedisRequest, confirmations: number): void {
    const { message } = this;
    const ended = message !== undefined && this.stream.lost;
    if (ended && after(request.acknowledgement, message.sequence)) this.finish();
    if (request.oneWay) return;
    if (confirmations > 0) this.subscribed = true;
    if (this.queue.length >= MAX_QUEUE) this.queue.length = 0;
    const { name, sequence, acknowledgement } = request;
    this.queue.push({ name, sequence, acknowledgement, confirmations });
  }

  begin(type: number, sequence: number, acknowledgement: number, time: number): void {
    this.type = type;
    this.sequence = sequence;
    this.acknowledgement = acknowledgement;
    this.start = time;
    this.length = 0;
    this.head = undefined;
    this.undecided = this.mayBePush(type);
    if (!this.undecided) this.reply();
  }

  bytes(b: Uint8Array, start: number, end: number, time: number): void {
    this.length += end - start;
    const { message } = this;
    const error = message?.type === Type.error || message?.type === Type.bulkError;
    if (this.undecided || error) this.keep(b, start, end, error ? MAX_ERROR : MAX_KIND);
    if (this.undecided) this.decide(false, time);
    else if (message !== undefined) {
      message.length += end - start;
      message.end = time;
    }
  }

  missing(count: number, time: number): void {
    this.length += count;
    if (this.undecided) this.decide(true, time);
    else if (this.message !== undefined) {
      this.message.length += count;
      this.message.end = time;
    }
  }

  end(): void {
    if (this.undecided) this.decide(true, this.start);
    this.finish();
  }

  refuse(sequence: number, time: number): void {
    this.sink.drop('malformed');
    this.lose(0, sequence, time);
  }

  /** Boundaries are lost; `unseen` bytes most likely belong to the reply that was going on. */
  lose(unseen: number, sequence: number, time: number): void {
    this.stream.lose();
    if (this.undecided) this.decide(true, time);
    const { message } = this;
    if (message !== undefined) {
      message.length += unseen;
      message.end = time;
      message.incomplete = 'lost';
      // More replies are due: what was lost is not of this one alone.
      if (this.queue.length > 0) this.finish();
    }
    this.startAnew(sequence);
  }

  /** Replies before `sequence` may have gone unseen. */
  private startAnew(sequence: number): void {
    const { queue } = this;
    this.skipped = false;
    this.confirmations = 0;
    while (queue.length > 0 && after(sequence, queue[0]!.acknowledgement)) queue.shift();
    this.sink.lost(1, sequence);
  }

  /** Bytes while boundaries are not known. @returns whether a reply begins with them */
  recover(
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    acknowledgement: number,
    time: number,
  ): boolean {
    if (this.isNextReply(b, start, end, acknowledgement)) {
      this.started = true;
      this.finish();
      if (this.skipped) this.startAnew(sequence);
      return true;
    }
    const { message } = this;
    if (message === undefined) {
      this.skipped = true;
      return false;
    }
    message.length += end - start;
    message.end = time;
    return false;
  }

  private isNextReply(b: Uint8Array, start: number, end: number, acknowledgement: number): boolean {
    const asked = this.queue[0];
    if (asked === undefined) return this.message === undefined && isReplyHead(b, start, end);
    if (!after(acknowledgement, asked.sequence)) return false;
    return !this.started || isReplyHead(b, start, end);
  }

  close(): void {
    const { message } = this;
    if (message !== undefined && message.incomplete === '')
      message.incomplete = 'connection_closed';
    this.finish();
    this.stream.lose();
    this.queue.length = 0;
  }

  /** Whether a value may be one that nobody asked for: that depends on its first element. */
  private mayBePush(type: number): boolean {
    if (type === Type.push) return true;
    return type === Type.array && (this.subscribed || this.queue.length === 0);
  }

  private decide(final: boolean, time: number): void {
    const text = this.head?.toString('latin1') ?? '';
    const kind = KIND.exec(text)?.[1] ?? '';
    if (kind === '' && !final && text.length < MAX_KIND) return;
    this.undecided = false;
    if (this.isPush(kind)) return;
    this.reply();
    if (this.message === undefined) return;
    this.message.length = this.length;
    this.message.end = time;
  }

  private isPush(kind: string): boolean {
    const confirms = isSubscribing(kind.toUpperCase());
    if (confirms && this.subscribed) {
      if (this.confirmations > 0) {
        this.confirmations--;
        return true;
      }
      return this.queue[0]?.name !== kind.toUpperCase();
    }
    return this.type === Type.push || PUSHED.has(kind);
  }

  private reply(): void {
    if (this.queue.length === 0 && this.monitoring) return;
    const { type, start, sequence, acknowledgement } = this;
    const message = new RedisResponse(type, start, sequence, acknowledgement);
    this.message = message;
    const asked = this.queue.shift();
    if (asked !== undefined) {
      this.confirmations = Math.max(0, asked.confirmations - 1);
      if (asked.name === 'MONITOR') this.monitoring = type === Type.simple;
      if (asked.name === 'RESET') this.monitoring = false;
    }
    this.sink.begin(message);
  }

  private keep(b: Uint8Array, start: number, end: number, most: number): void {
    const before = this.head?.length ?? 0;
    const taken = Math.min(end - start, most - before);
    if (taken <= 0) return;
    const piece = asBuffer(b).subarray(start, start + taken);
    this.head = this.head === undefined ? Buffer.from(piece) : Buffer.concat([this.head, piece]);
  }

  private finish(): void {
    const { message } = this;
    this.message = undefined;
    if (message === undefined) return;
    if (message.type === Type.error || message.type === Type.bulkError) {
      const text = this.head?.toString('utf8') ?? '';
      const body = message.type === Type.bulkError ? text.replace(/^![^\n]*\n/, '') : text.slice(1);
      message.error = body.split('\r', 1)[0]!;
    }
    this.head = undefined;
    this.sink.end(message);
  }
}
