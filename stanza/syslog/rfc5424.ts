import { splitLayout } from '../time/chunks.ts';
import { parseTime } from '../time/parse-time.ts';
import { utc } from '../time/zone.ts';
import { present, priorityPattern, SyslogError, type SyslogMessage } from './message.ts';

const time =
  /-|\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)/y;
const rfc3339 = splitLayout('2006-01-02T15:04:05.999999999Z07:00');

const header: readonly (readonly [string, RegExp])[] = [
  ['a version value in the range 1-999', /[1-9]\d{0,2}/y],
  ['a RFC3339MICRO timestamp or a nil value', time],
  ['an hostname (from 1 to max 255 US-ASCII characters) or a nil value', /[!-~]{1,255}/y],
  ['an app-name (from 1 to max 48 US-ASCII characters) or a nil value', /[!-~]{1,48}/y],
  ['a procid (from 1 to max 128 US-ASCII characters) or a nil value', /[!-~]{1,128}/y],
  ['a msgid (from 1 to max 32 US-ASCII characters) or a nil value', /[!-~]{1,32}/y],
];

const sdName = /[!#-<>-\\^-~]{1,32}/y;
const paramValue = /(?:[^"\\\]]|\\["\\\]])*/y;
const escaped = /\\(["\\\]])/g;
const structured =
  'a structured data section containing one or more elements (`[id( key="value")*]+`) or a nil value';

/** Reads pieces of a text one after the other. */
class Scanner {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  take(pattern: RegExp, expected: string): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) throw new SyslogError(expected, this.at);
    this.at += found[0].length;
    return found[0];
  }

  char(c: string, expected: string): void {
    if (this.text[this.at] !== c) throw new SyslogError(expected, this.at);
    this.at += 1;
  }

  peek(): string | undefined {
    return this.text[this.at];
  }
}

/**
 * Parses a message of RFC 5424. What follows the structured data may be anything, also lines.
 * @throws SyslogError
 */
export function parseRfc5424(text: string): SyslogMessage {
  const pri = priorityPattern.exec(text);
  if (pri === null) throw new SyslogError('a priority value within angle brackets', 0);
  const s = new Scanner(text);
  s.at = pri[0].length;
  const parts = header.map(([expected, pattern], i) => {
    const part = s.take(pattern, expected);
    s.char(' ', i + 1 < header.length ? header[i + 1]![0] : structured);
    return part;
  });
  const [version, stamp, hostname, appname, procId, msgId] = parts as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const structuredData = readStructured(s);
  let message = '';
  if (s.at < text.length) {
    s.char(' ', 'a free-form optional message in UTF-8 (starting with or without BOM)');
    message = text.slice(s.at);
  }
  return {
    priority: Number(pri[1]),
    version: Number(version),
    timestamp: stamp === '-' ? undefined : parseTime(rfc3339, stamp, utc, 0),
    hostname: present(hostname),
    appname: present(appname),
    procId: present(procId),
    msgId: present(msgId),
    structuredData,
    message: message === '' ? undefined : message,
  };
}

function readStructured(s: Scanner): Map<string, Map<string, string>> | undefined {
  if (s.peek() === '-') {
    s.at += 1;
    return undefined;
  }
  const elements = new Map<string, Map<string, string>>();
  do {
    s.char('[', structured);
    const id = s.take(
      sdName,
      'a structured data element id (from 1 to max 32 US-ASCII characters)',
    );
    if (elements.has(id)) throw new Error(`duplicate structured data element id [col ${s.at}]`);
    const params = new Map<string, string>();
    elements.set(id, params);
    while (s.peek() === ' ') {
      s.at += 1;
      const expected = 'a structured data parameter (`key="value"`)';
      const name = s.take(sdName, expected);
      s.char('=', expected);
      s.char('"', expected);
      const value = s.take(paramValue, expected);
      s.char('"', 'chars `]`, `"`, and `\\` to be escaped within param value');
      params.set(name, value.includes('\\') ? value.replace(escaped, '$1') : value);
    }
    s.char(']', structured);
  } while (s.peek() === '[');
  return elements;
}
