import { ExprTime, type Value, type ValueMap } from '../../expr/index.ts';

/** What the two formats have in common. Absent parts are undefined. */
export interface SyslogMessage {
  /** 0 to 191: 8 times facility plus severity. */
  readonly priority: number;
  /** Nanoseconds since 1970. */
  readonly timestamp?: bigint | undefined;
  readonly hostname?: string | undefined;
  readonly appname?: string | undefined;
  readonly procId?: string | undefined;
  readonly msgId?: string | undefined;
  readonly message?: string | undefined;
  /** RFC 5424 only. */
  readonly version?: number;
  readonly structuredData?: ReadonlyMap<string, ReadonlyMap<string, string>> | undefined;
}

/** A message that is not in the format: what was expected where (from 0). */
export class SyslogError extends Error {
  constructor(expected: string, at: number) {
    super(`expecting ${expected} [col ${at}]`);
    this.name = 'SyslogError';
  }
}

const facilities: readonly string[] = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron'],
  ...['authpriv', 'ftp', 'ntp', 'security', 'console', 'cron2'],
  ...['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
];

/** OTLP's severity number for each of syslog's, and syslog's name. */
const severities: readonly (readonly [number, string])[] = [
  [21, 'emerg'],
  [19, 'alert'],
  [18, 'crit'],
  [17, 'err'],
  [13, 'warning'],
  [10, 'notice'],
  [9, 'info'],
  [5, 'debug'],
];

/** @returns OTLP's severity number and syslog's name of the severity in a priority */
export function syslogSeverity(priority: number): readonly [number, string] {
  return severities[priority & 7]!;
}

/** A priority `<0>` to `<191>`, without leading zeros; its digits are group 1. */
export const priorityPattern = /^<(0|1(?:9[01]?|[0-8]\d?)?|[2-9]\d?)>/;

/**
 * The attributes of a message, under the names that the Go collector's syslog parser uses.
 * @param withPriority whether priority and facility were really sent
 */
export function syslogFields(message: SyslogMessage, withPriority: boolean): ValueMap {
  const fields: ValueMap = new Map<string, Value>();
  const put = (name: string, value: Value | undefined) => {
    if (value !== undefined) fields.set(name, value);
  };
  const { timestamp, structuredData, version, priority } = message;
  put('timestamp', timestamp === undefined ? undefined : new ExprTime(timestamp));
  put('hostname', message.hostname);
  put('appname', message.appname);
  put('proc_id', message.procId);
  put('msg_id', message.msgId);
  put('message', message.message);
  if (structuredData !== undefined) {
    const elements = [...structuredData].map(
      ([id, params]) => [id, new Map<string, Value>(params)] as const,
    );
    put('structured_data', new Map<string, Value>(elements));
  }
  if (version !== undefined) put('version', BigInt(version));
  if (withPriority) {
    const facility = priority >> 3;
    put('priority', BigInt(priority));
    put('severity', BigInt(priority & 7));
    put('facility', BigInt(facility));
    put('facility_text', facilities[facility]);
  }
  return fields;
}

/** A part that a message leaves out, or writes as `-`. */
export function present(text: string): string | undefined {
  return text === '' || text === '-' ? undefined : text;
}
