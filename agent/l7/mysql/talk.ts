import type { MessageSink } from '../protocol.ts';
import type { SqlText } from '../sql/text.ts';
import { type Agreed, type Greeting, nothingAgreed } from './login.ts';
import type { MysqlRequest, ServerInfo } from './message.ts';
import { type StatementBudget, Statements } from './statements.ts';

/** How far a connection has come. */
export const Phase = {
  /** Nothing was seen. */
  start: 0,
  /** Greeting or login were seen: OK or ERR of the server end it. */
  login: 1,
  command: 2,
  /** TLS, or something that is not understood. */
  opaque: 3,
} as const;

/** Longest name of a database that is kept. */
const MAX_DATABASE = 64;
/** Clients wait for each answer, but for a few that send two requests at once. */
const MAX_WAITING = 256;

/** What the two directions of a connection know of each other. */
export class Talk {
  readonly sink: MessageSink;
  readonly statements: Statements;
  phase: number = Phase.start;
  agreed: Agreed = nothingAgreed;
  server: ServerInfo = { version: '', mariadb: false };
  greeting: Greeting | undefined = undefined;
  /** Packets are in compressed frames. */
  compression: Agreed['compression'] = '';
  database = '';
  /** Statement of the last preparation, for executions that do not wait for its id. */
  lastPrepared: SqlText | undefined = undefined;
  /** Requests whose response has not begun, the oldest first. */
  readonly waiting: MysqlRequest[] = [];
  /** The latest request that is answered. */
  lastRequest: MysqlRequest | undefined = undefined;

  constructor(sink: MessageSink, budget: StatementBudget) {
    this.sink = sink;
    this.statements = new Statements(budget);
  }

  greet(greeting: Greeting): void {
    this.greeting = greeting;
    this.server = { version: greeting.version, mariadb: greeting.mariadb };
    this.phase = Phase.login;
  }

  /** Notes a request that will be answered. */
  wait(request: MysqlRequest): void {
    this.lastRequest = request;
    if (this.waiting.length >= MAX_WAITING) this.waiting.shift();
    this.waiting.push(request);
  }

  /** Answers before TCP sequence number `sequence` may have gone unseen. */
  answersLost(sequence: number): void {
    const { waiting } = this;
    while (waiting.length > 0 && after(sequence, waiting[0]!.acknowledgement)) waiting.shift();
    this.sink.lost(1, sequence);
  }

  useDatabase(name: string): void {
    this.database = name.slice(0, MAX_DATABASE);
  }
}

/** a after b, as TCP sequence numbers. */
export function after(a: number, b: number): boolean {
  return ((a - b) | 0) > 0;
}
