import type { MessageSink } from '../protocol.ts';
import { isPatient, isSubscribing } from './commands.ts';
import { RedisRequest } from './message.ts';
import type { RedisServer } from './server.ts';
import { ValueStream, type ValueTaker } from './values.ts';

/** The direction from client to server: commands. */
export class RedisClient implements ValueTaker {
  readonly inline = true;
  readonly stream: ValueStream = new ValueStream(this);
  /** The connection carries what a replica is told: no commands any more. */
  replicating = false;
  private readonly sink: MessageSink;
  private readonly server: RedisServer;
  private message: RedisRequest | undefined = undefined;
  private begun = false;
  private sequence = 0;
  private acknowledgement = 0;
  private start = 0;
  private database = '';
  /** CLIENT REPLY: nothing is answered, or the next command is not. */
  private silent = false;
  private skipNext = false;

  constructor(sink: MessageSink, server: RedisServer) {
    this.sink = sink;
    this.server = server;
  }

  begin(_type: number, sequence: number, acknowledgement: number, time: number): void {
    this.sequence = sequence;
    this.acknowledgement = acknowledgement;
    this.start = time;
    this.begun = false;
  }

  bytes(b: Uint8Array, start: number, end: number, time: number): void {
    let message = this.message;
    if (message === undefined) {
      const { sequence, acknowledgement } = this;
      message = new RedisRequest(this.start, sequence, acknowledgement, b, start, end);
      this.message = message;
    } else {
      message.append(b, start, end);
    }
    message.length += end - start;
    message.end = time;
    if (!this.begun && isEnough(message.arguments.words)) this.announce(message);
  }

  missing(count: number, time: number): void {
    const { message } = this;
    if (message === undefined) return;
    message.seal();
    message.length += count;
    message.end = time;
  }

  end(): void {
    const { message } = this;
    if (message === undefined) return;
    if (!this.begun) this.announce(message);
    this.message = undefined;
    // An empty array asks nothing.
    if (this.begun) this.sink.end(message);
  }

  refuse(sequence: number, time: number): void {
    this.sink.drop('malformed');
    this.lose(0, sequence, time);
  }

  /** Boundaries are lost; `unseen` bytes most likely belong to the command that was going on. */
  lose(unseen: number, sequence: number, time: number): void {
    this.stream.lose();
    this.giveUp('lost', unseen, time);
    this.sink.lost(0, sequence);
  }

  close(): void {
    this.giveUp('connection_closed', 0, -1);
    this.stream.lose();
  }

  private giveUp(why: 'lost' | 'connection_closed', unseen: number, time: number): void {
    const { message } = this;
    if (message === undefined) return;
    message.length += unseen;
    if (time >= 0) message.end = time;
    message.incomplete = why;
    if (!this.begun && message.arguments.words.length > 0) this.announce(message);
    this.message = undefined;
    if (this.begun) this.sink.end(message);
  }

  /** Begins a command as soon as its name is known. */
  private announce(message: RedisRequest): void {
    const { words, count } = message.arguments;
    const name = (words[0] ?? '').toUpperCase();
    if (name === '' || count === 0) return;
    this.begun = true;
    message.name = name;
    message.patient = isPatient(name);
    message.oneWay = this.unanswered(name, words[1], words[2]);
    if (name === 'SELECT' && /^\d{1,6}$/.test(words[1] ?? '')) this.database = words[1]!;
    if (name === 'RESET') this.database = '0';
    message.database = this.database;
    this.replicating = name === 'PSYNC' || name === 'SYNC';
    this.server.asked(message, isSubscribing(name) ? Math.max(1, count - 1) : 0);
    this.sink.begin(message);
  }

  private unanswered(name: string, sub = '', mode = ''): boolean {
    const skipped = this.skipNext;
    this.skipNext = false;
    if (name === 'CLIENT' && sub.toUpperCase() === 'REPLY') {
      const what = mode.toUpperCase();
      this.silent = what === 'OFF' || (this.silent && what !== 'ON');
      this.skipNext = what === 'SKIP' && !this.silent;
      return what !== 'ON';
    }
    return this.silent || skipped || name === 'PSYNC' || name === 'SYNC';
  }
}

/** Whether more words would not tell more of what kind of command it is. */
function isEnough(words: readonly string[]): boolean {
  return words.length >= (words[0]?.toUpperCase() === 'CLIENT' ? 3 : 2);
}
