/**
 * Parsers that accept what Go's standard library accepts and fail with its texts: Jaeger's clients
 * show these texts to people, and tests of others compare them.
 */

/** A request that cannot be understood; the text goes to the client. */
export class ParameterError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ParameterError';
  }
}

function quote(text: string): string {
  return JSON.stringify(text);
}

/** strconv.ParseInt(text, 10, 64). @throws ParameterError */
export function parseGoInt(text: string): bigint {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new ParameterError(`strconv.ParseInt: parsing ${quote(text)}: invalid syntax`);
  }
  const value = BigInt(text.replace(/^\+/, ''));
  if (BigInt.asIntN(64, value) !== value) {
    throw new ParameterError(`strconv.ParseInt: parsing ${quote(text)}: value out of range`);
  }
  return value;
}

const unitNs: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** time.ParseDuration: "1.5s", "2h45m", "100us". @returns nanoseconds. @throws ParameterError */
export function parseGoDuration(text: string): bigint {
  const fail = (what: string): never => {
    throw new ParameterError(`time: ${what} ${quote(text)}`);
  };
  const body = text.replace(/^[+-]/, '');
  if (body === '0') return 0n;
  if (body === '') return fail('invalid duration');
  let total = 0n;
  const part = /(\d*)(?:\.(\d*))?([a-zA-Zµμ]*)/y;
  while (part.lastIndex < body.length) {
    const match = part.exec(body);
    const [whole, integer = '', fraction = '', unit = ''] = match ?? [''];
    if (whole === '' || (integer === '' && fraction === '')) return fail('invalid duration');
    if (unit === '') return fail('missing unit in duration');
    const scale = unitNs[unit];
    if (scale === undefined) {
      throw new ParameterError(`time: unknown unit ${quote(unit)} in duration ${quote(text)}`);
    }
    total += BigInt(integer === '' ? 0 : integer) * BigInt(scale);
    if (fraction !== '') total += BigInt(Math.floor(Number(`0.${fraction}`) * scale));
  }
  if (total > 0x7fff_ffff_ffff_ffffn) return fail('invalid duration');
  return text.startsWith('-') ? -total : total;
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/;
const layout = '2006-01-02T15:04:05.999999999Z07:00';

/** time.Parse(time.RFC3339Nano). @returns nanoseconds since 1970. @throws ParameterError */
export function parseRfc3339(text: string): bigint {
  const match = rfc3339.exec(text);
  const ms = match === null ? Number.NaN : Date.parse(text.replace(/[.,]\d+/, ''));
  if (match === null || Number.isNaN(ms)) {
    const rest = `cannot parse ${quote(text)} as "2006"`;
    throw new ParameterError(`parsing time ${quote(text)} as "${layout}": ${rest}`);
  }
  const fraction = (match[7] ?? '').slice(0, 9).padEnd(9, '0');
  return BigInt(ms) * 1_000_000n + BigInt(fraction);
}

/**
 * A trace id: up to 32 hex digits (short ones are padded on the left) or base64 of 16 bytes.
 * @returns 32 lower-case hex digits. @throws ParameterError
 */
export function parseTraceId(text: string): string {
  if (/^[0-9a-fA-F]{1,32}$/.test(text)) return text.toLowerCase().padStart(32, '0');
  if (/^[A-Za-z0-9+/_-]{22}(==)?$/.test(text)) {
    return Buffer.from(text, 'base64url').toString('hex');
  }
  if (/^[0-9a-fA-F]+$/.test(text)) {
    throw new ParameterError(`TraceID cannot be longer than 32 hex characters: ${text}`);
  }
  throw new ParameterError(`strconv.ParseUint: parsing ${quote(text)}: invalid syntax`);
}
