import { Command, isCommandLength, isOneWay } from './commands.ts';
import { isClientHead } from './detect.ts';
import { agree, parseLogin } from './login.ts';
import { MysqlRequest } from './message.ts';
import { type Packet, PacketStream, type PacketTaker } from './packets.ts';
import { parsePrepare, parseQuery } from './query.ts';
import type { ServerSide } from './server.ts';
import { Phase, type Talk } from './talk.ts';
import { Fields } from './values.ts';

/** Bytes of a statement that are read. */
const MAX_TEXT = 4096;
const FULL = 0xffffff;
/** "The statement prepared just now": its id is not known yet (MariaDB). */
const LAST_PREPARED = 0xffffffff;

/** The direction from client to server: commands. */
export class ClientSide implements PacketTaker {
  readonly stream: PacketStream = new PacketStream(this);
  private readonly talk: Talk;
  private readonly server: ServerSide;
  private message: MysqlRequest | undefined = undefined;

  constructor(talk: Talk, server: ServerSide) {
    this.talk = talk;
    this.server = server;
  }

  wanted(): number {
    return MAX_TEXT;
  }

  head(p: Packet): void {
    const request = p.continued ? this.message : this.begin(p);
    if (request === undefined) return;
    request.length += 4 + p.end - p.start;
    request.end = p.headTime;
    if (p.cut) request.incomplete = 'truncated';
  }

  rest(count: number, time: number): void {
    const { message } = this;
    if (message === undefined) return;
    message.length += count;
    message.end = time;
  }

  done(p: Packet): void {
    if (p.length < FULL) this.finish();
  }

  /** Whether bytes after a loss begin with a command. */
  recognises(b: Uint8Array, start: number, end: number): boolean {
    return isClientHead(b, start, end, true);
  }

  /** Boundaries are lost; `unseen` bytes most likely belong to the message that was going on. */
  lose(unseen: number, sequence: number, time: number): void {
    const { message } = this;
    if (message !== undefined) {
      message.length += unseen;
      message.end = time;
      if (message.incomplete === '') message.incomplete = 'lost';
      this.finish();
    }
    if (this.talk.phase !== Phase.opaque) this.talk.sink.lost(0, sequence);
  }

  close(): void {
    this.stream.close();
    if (this.message !== undefined && this.message.incomplete === '') {
      this.message.incomplete = 'connection_closed';
    }
    this.finish();
    this.talk.statements.clear();
  }

  private finish(): void {
    const { message } = this;
    this.message = undefined;
    if (message !== undefined) this.talk.sink.end(message);
  }

  private begin(p: Packet): MysqlRequest | undefined {
    const { talk } = this;
    if (talk.phase === Phase.opaque) return undefined;
    if (p.sequenceId !== 0 || this.server.wantsFile) {
      if (
        talk.phase === Phase.start ||
        (talk.phase === Phase.login && talk.lastRequest === undefined)
      )
        return this.login(p);
      // Proof of a password, or a file that the server asked for: part of what was asked.
      if (this.server.wantsFile && talk.lastRequest !== undefined) {
        talk.lastRequest.length += 4 + p.length;
      }
      return undefined;
    }
    const command = p.length === 0 ? 0 : p.bytes[p.start]!;
    if (!isCommandLength(command, p.length)) {
      talk.sink.drop('malformed');
      this.stream.lose();
      talk.sink.lost(0, (p.sequence + 4 + p.length) >>> 0);
      return undefined;
    }
    talk.phase = Phase.command;
    const request = this.request(command, p);
    this.fill(request, p);
    this.hand(request);
    return request;
  }

  private request(command: number, p: Packet): MysqlRequest {
    const request = new MysqlRequest(
      command,
      this.talk.server,
      p.time,
      p.sequence,
      p.acknowledgement,
    );
    request.database = this.talk.database;
    return request;
  }

  private hand(request: MysqlRequest): void {
    const { talk } = this;
    this.server.asked(request);
    this.message = request;
    if (!request.oneWay) talk.wait(request);
    talk.sink.begin(request);
  }

  private login(p: Packet): MysqlRequest | undefined {
    const { talk } = this;
    const login = parseLogin(p.bytes, p.start, p.end, p.length);
    if (login === undefined || login.tls) {
      talk.phase = Phase.opaque;
      return undefined;
    }
    talk.phase = Phase.login;
    talk.agreed = agree(talk.greeting, login);
    const request = this.request(Command.login, p);
    request.database = login.database;
    this.hand(request);
    return request;
  }

  private fill(request: MysqlRequest, p: Packet): void {
    const { talk } = this;
    const { command } = request;
    request.oneWay = isOneWay(command);
    if (command === Command.query) {
      const query = parseQuery(p, talk.agreed.queryAttributes);
      request.sql = query.sql;
      request.trace = query.trace;
    } else if (command === Command.prepare) {
      const query = parsePrepare(p);
      request.sql = query.sql;
      request.trace = query.trace;
      talk.lastPrepared = query.sql;
    } else if (command === Command.initDb) {
      request.database = new Fields(p.bytes, p.start + 1, p.end)
        .text(p.end - p.start - 1)
        .slice(0, 64);
    } else {
      this.fillStatement(request, p);
    }
  }

  private fillStatement(request: MysqlRequest, p: Packet): void {
    const { statements, lastPrepared } = this.talk;
    switch (request.command) {
      case Command.execute:
      case Command.bulkExecute:
      case Command.close:
      case Command.reset:
      case Command.fetch:
      case Command.sendLongData: {
        const id = new Fields(p.bytes, p.start + 1, p.end).u32();
        request.statementId = id === LAST_PREPARED ? -1 : id;
        request.sql = id === LAST_PREPARED ? lastPrepared : statements.get(id);
        if (request.command === Command.close) statements.delete(id);
      }
    }
  }
}
