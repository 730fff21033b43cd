import { OttlRuntimeError } from './errors.ts';
import { OttlDuration, OttlId, OttlTime, type OttlValue, typeName } from './values.ts';

function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A double as JSON writes it. @throws OttlRuntimeError for NaN and the infinities */
function doubleText(value: number): string {
  if (!Number.isFinite(value)) throw new OttlRuntimeError('unsupported type: float64');
  return Object.is(value, -0) ? '-0' : String(value);
}

/** RFC 3339 with as many digits of a second as needed, in the time's zone. */
function timeText({ nanos, zone }: OttlTime): string {
  const second = nanos / 1_000_000_000n - (nanos % 1_000_000_000n < 0n ? 1n : 0n);
  const { offset } = zone.at(Number(second));
  const rest = String(nanos - second * 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const local = new Date((Number(second) + offset) * 1000).toISOString().slice(0, 19);
  const minutes = Math.abs(Math.trunc(offset / 60));
  const two = (n: number): string => String(n).padStart(2, '0');
  const sign = offset < 0 ? '-' : '+';
  const suffix =
    offset === 0 ? 'Z' : `${sign}${two(Math.trunc(minutes / 60))}:${two(minutes % 60)}`;
  return `${local}${rest === '' ? '' : `.${rest}`}${suffix}`;
}

/**
 * A value as JSON as the Go collector writes it: keys sorted, bytes in base64, `<`, `>` and `&`
 * escaped. @throws OttlRuntimeError for what JSON cannot hold
 */
function jsonText(value: OttlValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number') return doubleText(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`;
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  if (value instanceof Map) {
    const entries = [...value].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return `{${entries.map(([key, inner]) => `${quoted(key)}:${jsonText(inner)}`).join(',')}}`;
  }
  if (value instanceof OttlTime) return `"${timeText(value)}"`;
  if (value instanceof OttlDuration) return String(value.nanos);
  if (value instanceof OttlId) return `[${[...value.bytes].join(',')}]`;
  throw new OttlRuntimeError(`unsupported type: ${typeName(value)}`);
}

/** What a value is as text where a converter asks for something like a text; null stays null. */
export function likeText(value: OttlValue): string | null {
  if (value === null || typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  // exponents have two digits here, unlike in the data model's own texts
  if (typeof value === 'number') return doubleText(value).replace(/e-(\d)$/, 'e-0$1');
  return jsonText(value);
}

/**
 * What the data model makes of a value as text: as {@link likeText}, but bytes in base64, nothing
 * is '' and NaN has a text.
 */
export function valueText(value: OttlValue): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value !== 'number' || Number.isFinite(value)) return jsonText(value);
  const name = Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  return `json: unsupported value: ${name}`;
}
