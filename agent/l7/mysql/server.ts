import { Command, shapeOf } from './commands.ts';
import { parseGreeting } from './login.ts';
import { MysqlRequest, MysqlResponse } from './message.ts';
import { type Packet, PacketStream, type PacketTaker } from './packets.ts';
import { databaseOfUse } from './query.ts';
import { endsWithTerminal, ResultReader } from './results.ts';
import { after, Phase, type Talk } from './talk.ts';

const FULL = 0xffffff;
const OK = 0x00;
const MORE_DATA = 0x01;
const SWITCH = 0xfe;
const ERR = 0xff;
const HEAD_OK = 64;
const HEAD_ERR = 512;
const HEAD_GREETING = 128;
const HEAD = 16;

/** The direction from server to client: greeting and answers. */
export class ServerSide implements PacketTaker {
  readonly stream: PacketStream = new PacketStream(this);
  private readonly talk: Talk;
  private readonly reader: ResultReader;
  private message: MysqlResponse | undefined = undefined;
  private request: MysqlRequest | undefined = undefined;
  private ending = false;
  /** Bytes were passed over, with whatever answers were in them. */
  private skipped = false;
  /** TCP sequence number after the last byte seen. */
  private next = -1;

  constructor(talk: Talk) {
    this.talk = talk;
    this.reader = new ResultReader(talk.agreed);
  }

  /** The client's next packets are a file. */
  get wantsFile(): boolean {
    return this.message !== undefined && this.reader.infile;
  }

  /** Notes how far the stream is. */
  seen(sequence: number, length: number): void {
    this.next = (sequence + length) >>> 0;
  }

  /** The client asks: an answer whose end could not be told is over, if the client has it all. */
  asked(request: MysqlRequest): void {
    const { talk, message } = this;
    const ack = request.acknowledgement;
    const before = talk.lastRequest?.acknowledgement ?? ack;
    const caughtUp = after(ack, before) && !after(this.next, ack);
    if (message !== undefined) {
      if (!after(ack, message.sequence)) return;
      if (this.reader.open || this.stream.lost) this.finish();
      else if (ack === this.next) {
        talk.sink.drop('malformed');
        message.rowsUnknown = true;
        this.finish();
        this.misread();
      } else return;
    }
    if (caughtUp && !request.oneWay) talk.waiting.length = 0;
  }

  wanted(_length: number, first: number): number {
    if (this.talk.phase === Phase.start) return first === ERR ? HEAD_ERR : HEAD_GREETING;
    if (first === ERR) return HEAD_ERR;
    return first === OK || first === SWITCH ? HEAD_OK : HEAD;
  }

  head(p: Packet): void {
    const { talk } = this;
    if (talk.phase === Phase.opaque) return;
    if (this.message !== undefined && this.reader.open && isNextAnswer(p, this.message)) {
      this.finish();
    }
    if (this.message === undefined && !this.begin(p)) return;
    const message = this.message!;
    message.length += 4 + p.end - p.start;
    message.end = p.headTime;
    this.ending = this.reader.packet(p);
    if (p.cut) message.rowsUnknown = true;
  }

  rest(count: number, time: number): void {
    const { message } = this;
    if (message === undefined) return;
    message.length += count;
    message.end = time;
  }

  done(p: Packet): void {
    if (this.ending && p.length < FULL) this.finish();
  }

  /** Bytes while boundaries are not known. @returns whether an answer begins with them */
  recover(
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    acknowledgement: number,
    time: number,
    frame: boolean,
  ): boolean {
    const { talk, message } = this;
    const asked = talk.waiting[0];
    const header = frame ? 7 : 4;
    if (asked !== undefined && after(acknowledgement, asked.sequence)) {
      if (end - start > header && b[start + 3] === 1) {
        this.finish();
        if (this.skipped) talk.answersLost(sequence);
        this.skipped = false;
        return true;
      }
    }
    if (message === undefined) {
      this.skipped = true;
      return false;
    }
    message.length += end - start;
    message.end = time;
    if (!frame && endsWithTerminal(b, start, end)) this.finish();
    return false;
  }

  /** Boundaries are lost; `unseen` bytes most likely belong to the answer that was going on. */
  lose(unseen: number, sequence: number, time: number): void {
    const { talk, message } = this;
    if (talk.phase === Phase.opaque) return;
    if (message !== undefined) {
      message.length += unseen;
      message.end = time;
      message.rowsUnknown = true;
      if (message.incomplete === '') message.incomplete = 'lost';
      // Asked again since: what was lost is not this answer alone.
      if (talk.waiting.length > 0) this.finish();
    }
    this.skipped = false;
    talk.answersLost(sequence);
  }

  close(): void {
    this.stream.close();
    const { message } = this;
    if (message === undefined) return;
    if (!this.reader.open && message.incomplete === '') message.incomplete = 'connection_closed';
    this.finish();
  }

  /** @returns whether an answer begins with this packet */
  private begin(p: Packet): boolean {
    const { talk } = this;
    const first = p.end === p.start ? -1 : p.bytes[p.start]!;
    if (talk.phase === Phase.start) return this.first(p, first);
    const loggingIn =
      talk.phase === Phase.login || talk.lastRequest?.command === Command.changeUser;
    if (loggingIn && talk.waiting.length > 0) {
      // Questions in between: the answer is OK or ERR.
      if (first === SWITCH || first === MORE_DATA) return false;
    } else if (talk.waiting.length === 0 && p.sequenceId !== 1) {
      // Nobody asked: a notice before the connection is closed, or an EOF too many.
      return false;
    } else if (p.sequenceId !== 1) {
      this.misread();
      return false;
    }
    this.take(p);
    return true;
  }

  private misread(): void {
    this.stream.lose();
    this.skipped = true;
  }

  private first(p: Packet, first: number): boolean {
    const { talk } = this;
    if (p.sequenceId === 0 && first === ERR) {
      this.take(p);
      return true;
    }
    const greeting = p.sequenceId === 0 ? parseGreeting(p.bytes, p.start, p.end) : undefined;
    if (greeting === undefined) this.misread();
    else talk.greet(greeting);
    return false;
  }

  private take(p: Packet): void {
    const { talk } = this;
    const message = new MysqlResponse(p.time, p.sequence, p.acknowledgement);
    this.message = message;
    talk.waiting.shift();
    const request = talk.sink.begin(message);
    this.request = request instanceof MysqlRequest ? request : undefined;
    const shape = this.request === undefined ? 'open' : shapeOf(this.request.command);
    this.reader.begin(message, shape, talk.agreed);
  }

  private finish(): void {
    const { message, request, talk } = this;
    this.message = undefined;
    this.request = undefined;
    this.ending = false;
    if (message === undefined) return;
    if (request !== undefined && message.errorCode === 0) this.succeeded(request);
    talk.sink.end(message);
  }

  private succeeded(request: MysqlRequest): void {
    const { talk } = this;
    switch (request.command) {
      case Command.login:
        talk.phase = Phase.command;
        talk.compression = talk.agreed.compression;
        if (request.database !== '') talk.useDatabase(request.database);
        break;
      case Command.initDb:
        talk.useDatabase(request.database);
        break;
      case Command.prepare:
        if (this.reader.statementId >= 0 && request.sql !== undefined) {
          request.statementId = this.reader.statementId;
          talk.statements.set(this.reader.statementId, request.sql);
        }
        break;
      case Command.query: {
        const database = databaseOfUse(request.sql?.raw ?? '');
        if (database !== '') talk.useDatabase(database);
        break;
      }
      case Command.changeUser:
        talk.database = '';
        talk.statements.clear();
    }
  }
}

/** Whether a packet is the first that the server sends after the client has sent something again. */
function isNextAnswer(p: Packet, message: MysqlResponse): boolean {
  return p.sequenceId === 1 && after(p.acknowledgement, message.acknowledgement);
}
