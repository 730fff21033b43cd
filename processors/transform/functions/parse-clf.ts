import { defineFunction } from '../../../ottl/functions/types.ts';
import { OttlError, type OttlMap, OttlRuntimeError } from '../../../ottl/index.ts';

/*
 * Lines of web servers: remote host, identity, user, [time], "request", status, bytes; the combined
 * format adds "referer" and "user agent". In quotation marks a backslash escapes.
 * https://httpd.apache.org/docs/current/mod/mod_log_config.html
 */

const quoted = '"((?:[^"\\\\]|\\\\[^\\n])*)"';
const word = '([^\\t\\n\\f\\r ]+)';
const common = `^${word} ${word} ${word} \\[([^\\]]+)\\] ${quoted} ${word} ${word}`;
const patterns = {
  clf: new RegExp(`${common}$`),
  combined: new RegExp(`${common} ${quoted} ${quoted}$`),
} as const;

/** Longest line that is looked at. */
const maxLine = 1 << 20;

const controls: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  '"': '"',
};

function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|([\s\S]))/g, (all, hex, char) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return controls[char] ?? all;
  });
}

/** @throws OttlRuntimeError */
function integer(text: string, what: string): bigint {
  if (/^[+-]?[0-9]{1,18}$/.test(text)) return BigInt(text.replace(/^\+/, ''));
  const reason = `strconv.ParseInt: parsing "${text}": invalid syntax`;
  throw new OttlRuntimeError(`invalid ${what} "${text}": ${reason}`);
}

function parse(line: string, format: keyof typeof patterns): OttlMap {
  if (line === '') throw new OttlRuntimeError('cannot parse empty CLF message');
  const found = line.length > maxLine ? null : patterns[format].exec(line.trim());
  if (found === null) {
    throw new OttlRuntimeError(`invalid CLF message: does not match expected "${format}" format`);
  }
  const [, host = '', identity = '', user = '', time = '', rawRequest = '', status = ''] = found;
  const [bytes = '', referer = '', agent = ''] = found.slice(7);
  const request = unescaped(rawRequest);
  const result: OttlMap = new Map([
    ['clf.remote_host', host],
    ['clf.rfc931', identity],
    ['clf.auth_user', user],
    ['clf.timestamp', time],
    ['clf.request', request],
  ]);
  const [method = '', uri, ...protocol] = request.split(' ');
  if (protocol.length > 0) {
    result.set('clf.method', method);
    result.set('clf.request_uri', uri!);
    result.set('clf.protocol', protocol.join(' '));
  }
  result.set('clf.status', integer(status, 'status code'));
  if (bytes !== '-') result.set('clf.bytes', integer(bytes, 'bytes value'));
  if (format === 'combined') {
    result.set('clf.referer', unescaped(referer));
    result.set('clf.user_agent', unescaped(agent));
  }
  return result;
}

/** Converter `ParseCLF`: a line of the Common or Combined Log Format as a map. */
export const parseClf = defineFunction({
  name: 'ParseCLF',
  parameters: [
    { name: 'target', type: 'string' },
    { name: 'format', type: 'literalString', optional: true },
  ],
  make({ target, format = 'clf' }) {
    if (format !== 'clf' && format !== 'combined') {
      throw new OttlError(`invalid format "${format}": must be "clf" or "combined"`);
    }
    return (place) => parse(target.get(place), format);
  },
});
