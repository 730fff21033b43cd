import type { Connection, Detection, MessageSink, Protocol, Transport } from '../protocol.ts';
import { MysqlConnection } from './connection.ts';
import { describeMysql, summarizeMysql } from './describe.ts';
import { detectMysql } from './detect.ts';
import { StatementBudget } from './statements.ts';

/** MySQL and MariaDB: the client/server protocol, version 10. */
export function mysql(): Protocol {
  const budget = new StatementBudget();
  return {
    name: 'mysql',
    transports: ['tcp'],
    // 6033: ProxySQL.
    ports: [3306, 3307, 6033],
    pairing: 'ordered',
    sessionTimeout: 300e9,
    detect: (
      b: Uint8Array,
      start: number,
      end: number,
      _transport: Transport,
      usual: boolean,
    ): Detection => detectMysql(b, start, end, usual),
    connect: (sink: MessageSink): Connection => new MysqlConnection(sink, budget),
    describe: describeMysql,
    summarize: summarizeMysql,
  };
}
