/**
 * Commands of the client (first byte of a packet with sequence id 0), from the protocol
 * documentation (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html,
 * https://mariadb.com/kb/en/0-packet/).
 */
export const Command = {
  quit: 0x01,
  initDb: 0x02,
  query: 0x03,
  fieldList: 0x04,
  statistics: 0x09,
  processInfo: 0x0a,
  changeUser: 0x11,
  binlogDump: 0x12,
  prepare: 0x16,
  execute: 0x17,
  sendLongData: 0x18,
  close: 0x19,
  reset: 0x1a,
  fetch: 0x1c,
  binlogDumpGtid: 0x1e,
  bulkExecute: 0xfa,
  /** No command: the client's first packet of a connection. */
  login: 0x100,
} as const;

const NAMES: Readonly<Record<number, string>> = {
  1: 'COM_QUIT',
  2: 'COM_INIT_DB',
  3: 'COM_QUERY',
  4: 'COM_FIELD_LIST',
  5: 'COM_CREATE_DB',
  6: 'COM_DROP_DB',
  7: 'COM_REFRESH',
  8: 'COM_SHUTDOWN',
  9: 'COM_STATISTICS',
  10: 'COM_PROCESS_INFO',
  12: 'COM_PROCESS_KILL',
  13: 'COM_DEBUG',
  14: 'COM_PING',
  17: 'COM_CHANGE_USER',
  18: 'COM_BINLOG_DUMP',
  19: 'COM_TABLE_DUMP',
  21: 'COM_REGISTER_SLAVE',
  22: 'COM_STMT_PREPARE',
  23: 'COM_STMT_EXECUTE',
  24: 'COM_STMT_SEND_LONG_DATA',
  25: 'COM_STMT_CLOSE',
  26: 'COM_STMT_RESET',
  27: 'COM_SET_OPTION',
  28: 'COM_STMT_FETCH',
  30: 'COM_BINLOG_DUMP_GTID',
  31: 'COM_RESET_CONNECTION',
  250: 'COM_STMT_BULK_EXECUTE',
  256: 'LOGIN',
};

/** `COM_QUERY`; '' for a byte that is no command. */
export function commandName(command: number): string {
  return NAMES[command] ?? '';
}

/** Bytes that the payload of a command has at least and at most. */
export function isCommandLength(command: number, length: number): boolean {
  switch (command) {
    case Command.quit:
    case Command.statistics:
    case Command.processInfo:
    case 13:
    case 14:
    case 31:
      return length === 1;
    case Command.close:
    case Command.reset:
    case 12:
      return length === 5;
    case Command.fetch:
      return length === 9;
    case 27:
      return length === 3;
    case 7:
      return length === 2;
    case 8:
      return length <= 2;
    case Command.execute:
      return length >= 10;
    case Command.bulkExecute:
      return length >= 7;
    case Command.sendLongData:
      return length >= 7;
    default:
      return length >= 2 && NAMES[command] !== undefined;
  }
}

/** Whether the server answers nothing. */
export function isOneWay(command: number): boolean {
  return command === Command.quit || command === Command.close || command === Command.sendLongData;
}

/** What the server's answer to a command looks like. */
export type Shape =
  /** OK, ERR, LOCAL INFILE or result sets. */
  | 'results'
  | 'prepared'
  /** Rows alone. */
  | 'rows'
  /** Column definitions alone. */
  | 'columns'
  /** One packet. */
  | 'single'
  /** An exchange that ends with OK or ERR. */
  | 'login'
  /** Nothing is known: it ends when the client asks the next time. */
  | 'open';

/** The answer that a command gets unless it fails at once, with one ERR packet. */
export function shapeOf(command: number): Shape {
  switch (command) {
    case Command.query:
    case Command.processInfo:
    case Command.execute:
    case Command.bulkExecute:
      return 'results';
    case Command.prepare:
      return 'prepared';
    case Command.fetch:
      return 'rows';
    case Command.fieldList:
      return 'columns';
    case Command.login:
    case Command.changeUser:
      return 'login';
    default:
      return 'single';
  }
}
