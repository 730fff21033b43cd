/*
 * Pieces of which patterns of logs are made: a reference is a pattern, the field that it fills, and
 * the field's type.
 */

/** A reference: a pattern, the field it fills, and the field's type. */
export function field(pattern: string, name?: string, type?: string): string {
  return `%{${[pattern, name, type].filter((part) => part !== undefined).join(':')}}`;
}

/** A field, or a mark that it is missing. */
export function or(mark: string, pattern: string, name: string, type?: string): string {
  return `(?:${mark}|${field(pattern, name, type)})`;
}

/** A captured field, or `-` where a log has nothing to say. */
export const orDash = (pattern: string, name: string, type?: string): string =>
  or('-', pattern, name, type);
/** Text of a pattern that may be missing; grok has no capture for the group. */
export const optional = (text: string): string => `(?:${text})?`;
/** A pattern between square brackets. */
export const inBrackets = (text: string): string => `\\[${text}\\]`;
/** A pattern between double quotes. */
export const inQuotes = (text: string): string => `"${text}"`;

/** A captured field that becomes an int. */
export const int = (name: string): string => field('INT', name, 'int');
/** A captured field of letters, digits and underscores. */
export const word = (name: string): string => field('WORD', name);
/** A captured field without white space. */
export const token = (name: string): string => field('NOTSPACE', name);
export const pid = field('POSINT', 'process.pid', 'int');
export const level = field('LOGLEVEL', 'log.level');
export const message = field('GREEDYDATA', 'message');
export const client = field('IPORHOST', 'source.address');
export const isoTime = field('TIMESTAMP_ISO8601', 'timestamp');
export const syslogTime = `(?:${field('SYSLOGTIMESTAMP', 'timestamp')}|${isoTime})`;
const httpVersion = optional(` HTTP/${field('NUMBER', 'http.version')}`);
/** Method, target and version of HTTP. @param target pattern of what stands between */
export const requestLine = (target: string): string =>
  `${word('http.request.method')} ${target}${httpVersion}`;
/** The status code, or `mark` where there is none. */
export const status = (mark: string): string => or(mark, 'INT', 'http.response.status_code', 'int');
export const referrer = inQuotes(orDash('DATA', 'http.request.referrer'));
export const agent = inQuotes(orDash('DATA', 'user_agent.original'));

export const clock = '%{HOUR}:%{MINUTE}:%{SECOND}';
