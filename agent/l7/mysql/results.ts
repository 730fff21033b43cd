import type { Shape } from './commands.ts';
import type { Agreed } from './login.ts';
import type { MysqlResponse } from './message.ts';
import type { Packet } from './packets.ts';
import { Fields } from './values.ts';

const FULL = 0xffffff;
const OK = 0x00;
const INFILE = 0xfb;
const EOF = 0xfe;
const ERR = 0xff;
const EOF_LENGTH = 5;
const MORE_RESULTS = 0x0008;
const CURSOR_EXISTS = 0x0040;
/** MariaDB tells how far it is in packets that look like errors. */
const PROGRESS = 0xffff;
const MAX_COLUMNS = 65_536;

const State = { first: 0, columns: 1, afterColumns: 2, rows: 3, definitions: 4 } as const;

/**
 * Where an answer ends, packet by packet
 * (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response.html).
 */
export class ResultReader {
  /** The end cannot be told: it is where the client asks the next time. */
  open = false;
  /** The server waits for a file of the client. */
  infile = false;
  /** Id that a preparation gave its statement; -1 = none. */
  statementId = -1;
  private agreed: Agreed;
  private response: MysqlResponse | undefined = undefined;
  private shape: Shape = 'open';
  private state: number = State.first;
  private left = 0;
  /** Definitions of the columns, after those of the parameters. */
  private leftAfter = 0;
  private eofWanted = false;

  constructor(agreed: Agreed) {
    this.agreed = agreed;
  }

  begin(response: MysqlResponse, shape: Shape, agreed: Agreed): void {
    this.response = response;
    this.shape = shape;
    // What was learned of an unknown handshake stays.
    const learned = this.agreed.deprecateEof;
    this.agreed = { ...agreed, deprecateEof: agreed.deprecateEof ?? learned };
    this.open = shape === 'open';
    this.infile = false;
    this.statementId = -1;
    this.state = shape === 'rows' ? State.rows : State.first;
    if (shape === 'rows') response.returnedRows = 0;
  }

  /** Takes the head of the next packet. @returns whether it is the answer's last */
  packet(p: Packet): boolean {
    if (p.continued) return false;
    const first = p.length === 0 || p.end === p.start ? -1 : p.bytes[p.start]!;
    if (first === ERR) return this.error(p);
    switch (this.state) {
      case State.first:
        return this.first(p, first);
      case State.columns:
        if (--this.left === 0) this.state = State.afterColumns;
        return false;
      case State.afterColumns:
        return this.afterColumns(p, first);
      case State.rows:
        return this.row(p, first);
      default:
        return this.definition(p, first);
    }
  }

  private first(p: Packet, first: number): boolean {
    switch (this.shape) {
      case 'results':
        return this.result(p, first);
      case 'prepared':
        return this.prepared(p, first);
      case 'columns':
        return first === EOF && p.length < 9;
      case 'login':
      case 'single':
        if (first === OK) this.ok(p);
        return true;
      default:
        this.open = true;
        if (first === OK) this.ok(p);
        return false;
    }
  }

  private result(p: Packet, first: number): boolean {
    this.infile = false;
    const flagFirst = this.agreed.optionalMetadata && p.length === 2;
    if (first === OK && !flagFirst) return this.ok(p);
    if (first === INFILE) {
      this.infile = true;
      return false;
    }
    if (first === EOF && p.length <= EOF_LENGTH) return true;
    const f = new Fields(p.bytes, p.start, p.end);
    let follow = flagFirst ? f.u8() : 1;
    const count = f.lenenc();
    if (!flagFirst && f.left === 1) follow = f.u8();
    if (!f.ok || count === 0 || count > MAX_COLUMNS) {
      this.open = true;
      return false;
    }
    const response = this.response!;
    response.returnedRows = Math.max(0, response.returnedRows);
    this.left = count;
    this.state = follow === 0 ? State.afterColumns : State.columns;
    return false;
  }

  private afterColumns(p: Packet, first: number): boolean {
    this.state = State.rows;
    if (first !== EOF || p.length > EOF_LENGTH || this.agreed.deprecateEof === true) {
      this.learn(true);
      return this.row(p, first);
    }
    this.learn(false);
    return (eofStatus(p) & CURSOR_EXISTS) !== 0;
  }

  private learn(deprecateEof: boolean): void {
    this.agreed = { ...this.agreed, deprecateEof };
  }

  private row(p: Packet, first: number): boolean {
    if (first !== EOF || p.length === FULL) {
      this.response!.returnedRows++;
      return false;
    }
    if (p.length > EOF_LENGTH) return this.ok(p);
    return this.over(eofStatus(p));
  }

  /** Statement id, numbers of columns and parameters; then their definitions. */
  private prepared(p: Packet, first: number): boolean {
    if (first !== OK) {
      this.open = true;
      return false;
    }
    const f = new Fields(p.bytes, p.start + 1, p.end);
    const id = f.u32();
    const columns = f.u16();
    const parameters = f.u16();
    if (!f.ok) {
      this.open = true;
      return false;
    }
    this.statementId = id;
    this.left = parameters > 0 ? parameters : columns;
    this.leftAfter = parameters > 0 ? columns : 0;
    this.eofWanted = false;
    this.state = State.definitions;
    return this.left === 0;
  }

  /**
   * After each group an EOF comes unless it was agreed that none does. Where that is not known the
   * last one may be missing here.
   */
  private definition(p: Packet, first: number): boolean {
    const eof = first === EOF && p.length <= EOF_LENGTH;
    if (this.eofWanted) {
      this.eofWanted = false;
      if (eof) {
        this.learn(false);
        return this.nextGroup();
      }
      this.learn(true);
      if (this.nextGroup()) return true;
    }
    if (--this.left > 0) return false;
    const { deprecateEof } = this.agreed;
    this.eofWanted = deprecateEof === false || (deprecateEof === undefined && this.leftAfter > 0);
    return this.eofWanted ? false : this.nextGroup();
  }

  private nextGroup(): boolean {
    this.left = this.leftAfter;
    this.leftAfter = 0;
    return this.left === 0;
  }

  private ok(p: Packet): boolean {
    const response = this.response!;
    const f = new Fields(p.bytes, p.start + 1, p.end);
    const affected = f.lenenc();
    f.lenenc();
    const status = f.u16();
    if (!f.ok) return true;
    response.warnings += f.u16();
    // Rows that a SELECT found are no rows that it changed.
    if (this.state === State.first && this.shape === 'results') {
      response.affectedRows = Math.max(0, response.affectedRows) + affected;
    }
    return this.over(status);
  }

  private over(status: number): boolean {
    if ((status & MORE_RESULTS) === 0) return true;
    this.state = State.first;
    return false;
  }

  private error(p: Packet): boolean {
    const f = new Fields(p.bytes, p.start + 1, p.end);
    const code = f.u16();
    if (code === PROGRESS) return false;
    const response = this.response!;
    response.errorCode = code;
    let text = f.text(f.left);
    if (text.startsWith('#')) {
      response.sqlState = text.slice(1, 6);
      text = text.slice(6);
    }
    response.errorMessage = text;
    return true;
  }
}

function eofStatus(p: Packet): number {
  const f = new Fields(p.bytes, p.start + 1, p.end);
  f.skip(2);
  return f.u16();
}

/**
 * Whether bytes end with a packet that ends rows, for answers of which something was lost: an EOF
 * or, in newer versions, an OK in its place; without more results to come.
 */
export function endsWithTerminal(b: Uint8Array, start: number, end: number): boolean {
  if (isHeader(b, end - 9, start, 5)) return (b[end - 2]! & MORE_RESULTS) === 0;
  if (!isHeader(b, end - 11, start, 7)) return false;
  const plain = b[end - 6] === 0 && b[end - 5] === 0;
  return plain && (b[end - 4]! & MORE_RESULTS) === 0;
}

function isHeader(b: Uint8Array, at: number, start: number, length: number): boolean {
  return at >= start && b[at] === length && b[at + 1] === 0 && b[at + 2] === 0 && b[at + 4] === EOF;
}
