import { z } from 'zod';
import { typeName, type Value } from '../../expr/index.ts';
import { type ParserConfig, parserKeys, parserRun, transformer } from '../build.ts';
import type { Entry } from '../entry/entry.ts';
import { at, OperatorFault } from '../fault.ts';
import type { Surroundings } from '../operator.ts';
import { type SyslogMessage, syslogFields, syslogSeverity } from '../syslog/message.ts';
import { parseRfc3164 } from '../syslog/rfc3164.ts';
import { parseRfc5424 } from '../syslog/rfc5424.ts';
import { loadZone } from '../time/zone.ts';

/** Keys of the format, of the parser and of the receiver alike. */
export const syslogKeys = {
  protocol: z.string().default('').describe('format: rfc3164 or rfc5424'),
  location: z.string().default('UTC').describe('time zone of rfc3164 times, e.g. Europe/Berlin'),
  enable_octet_counting: z
    .boolean()
    .default(false)
    .describe('whether each rfc5424 message has its length before it (RFC 6587 3.4.1)'),
  allow_skip_pri_header: z
    .boolean()
    .default(false)
    .describe('whether messages without <priority> are taken'),
  non_transparent_framing_trailer: z
    .string()
    .nullish()
    .describe('LF or NUL at the end of each rfc5424 message (RFC 6587 3.4.2)'),
  max_octets: z.int().default(0).describe('longest message with octet counting, bytes; 0 = 8192'),
};

type SyslogConfig = z.output<z.ZodObject<typeof syslogKeys>>;

/** Longest message with octet counting unless told otherwise. */
const defaultOctets = 8192;

/** Parses a message and sets severity and time of the entry. */
export interface SyslogFormat {
  readonly parse: (text: string, nowMs: number) => SyslogMessage;
  /** Whether a text comes without `<priority>`, and that is allowed. */
  readonly lacksPriority: (text: string) => boolean;
}

/** @throws OperatorFault */
export function syslogFormat(config: SyslogConfig): SyslogFormat {
  const protocol = config.protocol.toLowerCase();
  const trailer = config.non_transparent_framing_trailer ?? undefined;
  const counted = config.enable_octet_counting;
  checkFraming(protocol, trailer, counted);
  const zone = at('location', () => {
    const name = config.location === '' ? 'UTC' : config.location;
    try {
      return loadZone(name);
    } catch (error) {
      throw new Error(`failed to load location ${name}: ${(error as Error).message}`);
    }
  });
  const skip = config.allow_skip_pri_header;
  const withPriority = (text: string) => (skip && !/<\d{1,3}>/.test(text) ? `<0>${text}` : text);
  const lacksPriority = (text: string) => !counted && skip && text.length > 1 && text[0] !== '<';
  if (protocol === 'rfc3164') {
    return { lacksPriority, parse: (text, now) => parseRfc3164(withPriority(text), zone, now) };
  }
  const most = config.max_octets > 0 ? config.max_octets : defaultOctets;
  if (counted) return { lacksPriority, parse: (text) => parseRfc5424(uncount(text, most)) };
  if (trailer !== undefined) {
    const end = trailer === 'NUL' ? '\0' : '\n';
    return { lacksPriority, parse: (text) => parseRfc5424(untrail(text, end)) };
  }
  return { lacksPriority, parse: (text) => parseRfc5424(withPriority(text)) };
}

function checkFraming(protocol: string, trailer: string | undefined, counted: boolean): void {
  const fail = (key: string, message: string) => new OperatorFault(message, [key]);
  if (protocol === '') throw fail('protocol', "missing field 'protocol'");
  const framing = 'non_transparent_framing_trailer';
  if (protocol !== 'rfc5424' && (trailer !== undefined || counted)) {
    throw fail(
      counted ? 'enable_octet_counting' : framing,
      'octet_counting and non_transparent_framing are only compatible with protocol rfc5424',
    );
  }
  if (protocol === 'rfc3164') return;
  if (protocol !== 'rfc5424') throw fail('protocol', `unsupported protocol version: ${protocol}`);
  if (trailer === undefined) return;
  if (counted) {
    throw fail(framing, 'only one of octet_counting or non_transparent_framing can be enabled');
  }
  if (trailer !== 'LF' && trailer !== 'NUL') {
    throw fail(
      framing,
      `invalid non_transparent_framing_trailer '${trailer}'. Must be either 'LF' or 'NUL'`,
    );
  }
}

/** Takes the lengths off counted messages. @returns the last of them; each must be whole */
function uncount(text: string, most: number): string {
  let rest = Buffer.from(text);
  for (;;) {
    const found = /^([1-9]\d*) /.exec(rest.toString('latin1'));
    if (found === null) throw new Error('found no message length: expecting MSGLEN');
    const size = Number(found[1]);
    if (size > most) {
      throw new Error(`message too long to parse. was size ${size}, max length ${most}`);
    }
    const from = found[0].length;
    if (rest.length - from < size) {
      throw new Error(`found ${rest.length - from} octets, expecting a message of ${size}`);
    }
    const message = rest.subarray(from, from + size);
    rest = rest.subarray(from + size);
    if (rest.length === 0) return message.toString();
  }
}

/** The first message up to the trailer; the framing may have taken that off already. */
function untrail(text: string, end: string): string {
  const last = text.indexOf(end);
  return last < 0 ? text : text.slice(0, last);
}

/** The text of a message. @throws Error for another type of value */
function messageText(value: Value): string {
  if (typeof value === 'string') return value;
  throw new Error(`unable to convert type '${typeName(value)}' to bytes`);
}

type Run = (entry: Entry, around: Surroundings) => void;

/** What the parser does with an entry, its shared keys included. @throws OperatorFault */
function syslogRun(config: SyslogConfig & ParserConfig): Run {
  const format = syslogFormat(config);
  let nowMs = 0;
  let message: SyslogMessage | undefined;
  const takeTime: Run = (entry) => {
    if (message?.timestamp === undefined) {
      throw new Error('log entry does not have the expected parse_from field attributes.timestamp');
    }
    entry.timestamp = message.timestamp;
  };
  const parse = (value: Value) => {
    const text = messageText(value);
    message = format.parse(text, nowMs);
    return syslogFields(message, !format.lacksPriority(text));
  };
  const run = parserRun(config, parse, takeTime);
  return (entry, around) => {
    nowMs = around.clock.unixMs();
    const skipped = typeof entry.body === 'string' && format.lacksPriority(entry.body);
    run(entry, around);
    if (!skipped) {
      const severity = entry.attributes?.get('severity');
      entry.attributes?.delete('severity');
      if (typeof severity !== 'bigint') throw new Error('severity field does not exist');
      [entry.severity, entry.severityText] = syslogSeverity(Number(severity));
    }
    if (entry.attributes?.delete('timestamp') !== true) {
      throw new Error('failed to cleanup timestamp');
    }
  };
}

/** Operator `syslog_parser`: RFC 3164 or 5424. */
export const syslogParser = transformer({ ...parserKeys, ...syslogKeys }, (config) =>
  syslogRun(config as unknown as SyslogConfig & ParserConfig),
);
