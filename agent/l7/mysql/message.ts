import { Message } from '../message.ts';
import type { SqlText } from '../sql/text.ts';

/** What is known of the server of a connection. */
export interface ServerInfo {
  /** '' = the greeting was not seen. */
  readonly version: string;
  readonly mariadb: boolean;
}

/** A command of the client, or its login. */
export class MysqlRequest extends Message {
  readonly command: number;
  readonly server: ServerInfo;
  /** Current database; '' = not known. */
  database = '';
  /** Statement of a query; of an execution that of its preparation, where it was seen. */
  sql: SqlText | undefined = undefined;
  /** Prepared statement; -1 = none. */
  statementId = -1;

  constructor(
    command: number,
    server: ServerInfo,
    start: number,
    sequence: number,
    acknowledgement: number,
  ) {
    super(true, start, sequence, acknowledgement);
    this.command = command;
    this.server = server;
  }
}

/** All that the server answers to one command. */
export class MysqlResponse extends Message {
  /** 0 = no error. */
  errorCode = 0;
  sqlState = '';
  errorMessage = '';
  /** Rows that statements changed; -1 = none says so. */
  affectedRows = -1;
  /** Rows of all result sets; -1 = there was none. */
  returnedRows = -1;
  /** Rows may be missing in the count. */
  rowsUnknown = false;
  warnings = 0;

  constructor(start: number, sequence: number, acknowledgement: number) {
    super(false, start, sequence, acknowledgement);
  }
}
