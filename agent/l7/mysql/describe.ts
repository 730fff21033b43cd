import type { Message } from '../message.ts';
import type { DescribeOptions, SpanFields, Summary } from '../protocol.ts';
import { errorText } from '../sql/text.ts';
import { Command, commandName } from './commands.ts';
import { MysqlRequest, MysqlResponse } from './message.ts';

/** Longest text of a statement in a span. */
const MAX_TEXT = 4096;

/**
 * Errors whose messages quote names of databases, tables, columns, and no values or users:
 * no database selected, unknown database, table exists, unknown table, ambiguous and unknown
 * columns, duplicate column and key names, no such key, no such table, procedure does not exist.
 */
const NAMING = new Set([
  1007, 1008, 1046, 1049, 1050, 1051, 1052, 1054, 1060, 1061, 1091, 1109, 1146, 1176, 1305,
]);

/**
 * Attributes of a MySQL exchange, by OpenTelemetry's semantic conventions for databases
 * (https://opentelemetry.io/docs/specs/semconv/database/mysql/).
 */
export function describeMysql(
  request: Message | undefined,
  response: Message | undefined,
  options: DescribeOptions,
  out: SpanFields,
): void {
  if (request instanceof MysqlRequest) {
    describeRequest(request, options, out);
  } else {
    out.name('MySQL');
    out.string('db.system.name', 'mysql');
  }
  if (response instanceof MysqlResponse) describeResponse(response, options, out);
}

function describeRequest(r: MysqlRequest, options: DescribeOptions, out: SpanFields): void {
  out.string('db.system.name', r.server.mariadb ? 'mariadb' : 'mysql');
  if (r.server.version !== '') out.string('wirestitch.mysql.server_version', r.server.version);
  if (r.database !== '') out.string('db.namespace', r.database);
  const name = commandName(r.command);
  out.string('wirestitch.mysql.command', name);
  if (r.statementId >= 0) out.int('wirestitch.mysql.statement_id', r.statementId);
  out.int('wirestitch.request.size', r.length);
  const { sql } = r;
  if (sql === undefined || sql.raw === '') {
    out.name(operationOf(name));
    out.string('db.operation.name', operationOf(name));
    return;
  }
  const { operation, collection, summary } = sql.summary;
  // Preparing a statement is not running it.
  const runs = [Command.query, Command.execute, Command.bulkExecute].some((c) => c === r.command);
  const verb = operationOf(name);
  out.name(runs ? summary || operation || verb : verb);
  out.string('db.operation.name', runs ? operation || verb : verb);
  if (collection !== '') out.string('db.collection.name', collection);
  if (summary !== '') out.string('db.query.summary', summary);
  out.string('db.query.text', sql.text(options.obfuscate).slice(0, MAX_TEXT));
  if (sql.cut) out.bool('wirestitch.db.query.cut', true);
}

/** `COM_STMT_PREPARE` is `STMT_PREPARE`. */
function operationOf(name: string): string {
  return name.replace('COM_', '');
}

function describeResponse(r: MysqlResponse, options: DescribeOptions, out: SpanFields): void {
  out.int('wirestitch.response.size', r.length);
  if (r.returnedRows >= 0 && !r.rowsUnknown) out.int('db.response.returned_rows', r.returnedRows);
  if (r.affectedRows >= 0 && r.errorCode === 0) {
    out.int('wirestitch.db.affected_rows', r.affectedRows);
  }
  if (r.warnings > 0) out.int('wirestitch.mysql.warnings', r.warnings);
  if (r.errorCode === 0) return;
  const code = String(r.errorCode);
  out.string('db.response.status_code', code);
  if (r.sqlState !== '') out.string('wirestitch.mysql.sqlstate', r.sqlState);
  out.error(code, errorText(r.errorMessage, options.obfuscate, NAMING.has(r.errorCode)));
}

/** Command or statement, its text without values, and rows, changes or the error's number. */
export function summarizeMysql(
  request: Message | undefined,
  response: Message | undefined,
): Summary {
  let operation = '?';
  let resource = '';
  if (request instanceof MysqlRequest) {
    operation = operationOf(commandName(request.command));
    resource = request.sql?.obfuscated ?? request.database;
  }
  let result = '';
  if (request?.oneWay) result = 'sent';
  if (response instanceof MysqlResponse) {
    const { errorCode, returnedRows, affectedRows } = response;
    if (errorCode > 0) result = `error ${errorCode}`;
    else if (returnedRows >= 0) result = `${returnedRows} rows`;
    else result = affectedRows > 0 ? `${affectedRows} changed` : 'ok';
  }
  return { operation, resource, result };
}
