import type { MessageSink } from '../protocol.ts';
import type { SqlText } from '../sql/text.ts';
import { type Agreed, type Greeting, nothingAgreed } from './login.ts';
import type { MysqlRequest, ServerInfo } from './message.ts';
import { type StatementBudget, Statements } from './statements.ts';

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
  /** Requests whose response has not begun. */
  waiting = 0;
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

  useDatabase(name: string): void {
    this.database = name.slice(0, MAX_DATABASE);
  }
}

/** a after b, as TCP sequence numbers. */
export function after(a: number, b: number): boolean {
  return ((a - b) | 0) > 0;
}
