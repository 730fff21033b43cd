import type { Value } from '../../pdata/objects/index.ts';

/** A double as Go's strconv.FormatFloat(v, 'g', -1, 64). */
function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const [digits = '', power = ''] = value.toExponential().split('e');
  const exponent = Number(power);
  if (value !== 0 && (exponent < -4 || exponent >= 6)) {
    const sign = exponent < 0 ? '-' : '+';
    return `${digits}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  return String(value);
}

/** A value in a routing key. */
function textOf(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return doubleText(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
  if (!(value instanceof Map)) return String(value);
  const keys = [...value.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `{${keys.map((key) => `${key}:${textOf(value.get(key)!)}`).join()}}`;
}

/** The part of a routing key for an attribute; undefined = it is missing. */
export function keyPart(name: string, value: Value | undefined): string {
  return `${name}=${value === undefined ? '' : textOf(value)}|`;
}
