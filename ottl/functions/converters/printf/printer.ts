import { escapes } from '../../../grammar/quote.ts';
import { valueText } from '../../../text.ts';
import { OttlDuration, OttlId, OttlTime, type OttlValue, typeName } from '../../../values.ts';
import { formatTime } from '../time/format-layout.ts';
import { chunksOf } from '../time/layout.ts';
import { floatText } from './floats.ts';

/** Flags, width and precision between % and the verb. */
export interface Spec {
  readonly flags: string;
  readonly width: number | undefined;
  readonly precision: number | undefined;
}

const none: Spec = { flags: '', width: undefined, precision: undefined };

/** A text on the width asked for; zeros only in front. */
function pad(text: string, { flags, width }: Spec, zeros = flags.includes('0')): string {
  const missing = (width ?? 0) - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes('-')) return text + ' '.repeat(missing);
  return (zeros ? '0' : ' ').repeat(missing) + text;
}

function escapeChar(char: string, quote: string, ascii: boolean): string {
  if (char === quote) return `\\${char}`;
  const known = escapes[char];
  if (known !== undefined) return known;
  const code = char.codePointAt(0)!;
  const printable = ascii ? /^[ -~]$/ : /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;
  if (printable.test(char)) return char;
  const hex = code.toString(16);
  if (code < 0x20 || code === 0x7f) return `\\x${hex.padStart(2, '0')}`;
  return code > 0xffff ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`;
}

function quoted(text: string, spec: Spec, quote = '"'): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a raw string cannot hold
  if (quote === '"' && spec.flags.includes('#') && !/[`\0-\x08\x0a-\x1f\x7f\ufeff]/.test(text)) {
    return `\`${text}\``;
  }
  const ascii = spec.flags.includes('+');
  const inner = [...text].map((char) => escapeChar(char, quote, ascii)).join('');
  return quote + inner + quote;
}

function hexOf(bytes: Buffer, spec: Spec, upper: boolean): string {
  const shown = spec.precision === undefined ? bytes : bytes.subarray(0, spec.precision);
  const prefix = spec.flags.includes('#') ? '0x' : '';
  const between = spec.flags.includes(' ') ? ' ' : '';
  const pairs = shown.toString('hex').match(/../g) ?? [];
  const text =
    between === ''
      ? (pairs.length === 0 ? '' : prefix) + pairs.join('')
      : pairs.map((pair) => prefix + pair).join(' ');
  return upper ? text.toUpperCase() : text;
}

function ofString(text: string, verb: string, spec: Spec): string | undefined {
  const cut = spec.precision === undefined ? text : [...text].slice(0, spec.precision).join('');
  switch (verb) {
    case 'v':
      return pad(spec.flags.includes('#') ? quoted(cut, none) : cut, spec);
    case 's':
      return pad(cut, spec);
    case 'q':
      return pad(quoted(cut, spec), spec);
    case 'x':
    case 'X':
      return pad(hexOf(Buffer.from(text), spec, verb === 'X'), spec);
    default:
      return undefined;
  }
}

const radixes: Readonly<Record<string, number>> = { b: 2, o: 8, O: 8, d: 10, v: 10, x: 16, X: 16 };

function digitsWithPrefix(size: bigint, verb: string, spec: Spec, least: number): string {
  const text = size.toString(radixes[verb]).padStart(least, '0');
  if (verb === 'O') return `0o${text}`;
  if (!spec.flags.includes('#')) return text;
  if (verb === 'b') return `0b${text}`;
  if (verb === 'o') return text.startsWith('0') ? text : `0${text}`;
  return verb === 'x' || verb === 'X' ? `0x${text}` : text;
}

function integerText(value: bigint, verb: string, spec: Spec): string {
  const { flags, width, precision } = spec;
  const sign = value < 0n ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  if (precision === 0 && value === 0n) return pad('', spec, false);
  let least = precision ?? 0;
  if (precision === undefined && flags.includes('0') && !flags.includes('-')) {
    least = Math.max(0, (width ?? 0) - sign.length);
  }
  const text = sign + digitsWithPrefix(value < 0n ? -value : value, verb, spec, least);
  return pad(verb === 'X' ? text.toUpperCase() : text, spec, false);
}

function character(value: bigint): string {
  const valid = value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value < 0xe000n);
  return valid ? String.fromCodePoint(Number(value)) : '\ufffd';
}

function ofInteger(value: bigint, verb: string, spec: Spec): string | undefined {
  if (Object.hasOwn(radixes, verb)) return integerText(value, verb, spec);
  if (verb === 'c') return pad(character(value), spec);
  if (verb === 'q') return pad(quoted(character(value), spec, "'"), spec);
  if (verb !== 'U') return undefined;
  const digits = BigInt.asUintN(64, value).toString(16).toUpperCase();
  const text = `U+${digits.padStart(Math.max(4, spec.precision ?? 4), '0')}`;
  const shown = spec.flags.includes('#') ? `${text} '${character(value)}'` : text;
  return pad(shown, spec, false);
}

function ofDouble(value: number, verb: string, spec: Spec): string | undefined {
  if (!'vbgGxXfFeE'.includes(verb)) return undefined;
  const { flags, width, precision } = spec;
  const isNegative = value < 0 || Object.is(value, -0);
  const sign = isNegative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  const text = floatText(value, verb === 'v' ? 'g' : verb, precision);
  if (!Number.isFinite(value)) {
    const shown = Number.isNaN(value) ? sign + text : (sign === '' ? '+' : sign) + text;
    return pad(shown, spec, false);
  }
  const zeros = flags.includes('0') && !flags.includes('-');
  if (!zeros) return pad(sign + text, spec, false);
  return sign + text.padStart((width ?? 0) - sign.length, '0');
}

function durationText(nanos: bigint): string {
  if (nanos === 0n) return '0s';
  const sign = nanos < 0n ? '-' : '';
  const size = nanos < 0n ? -nanos : nanos;
  const decimal = (unit: bigint, width: number): string => {
    const rest = String(size % unit)
      .padStart(width, '0')
      .replace(/0+$/, '');
    return `${size / unit}${rest === '' ? '' : `.${rest}`}`;
  };
  if (size < 1000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(1000n, 3)}µs`;
  if (size < 1_000_000_000n) return `${sign}${decimal(1_000_000n, 6)}ms`;
  const second = 1_000_000_000n;
  const minutes = size / (60n * second);
  const left = size % (60n * second);
  const fraction = String(left % second)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const seconds = `${left / second}${fraction === '' ? '' : `.${fraction}`}s`;
  if (minutes === 0n) return sign + seconds;
  return minutes < 60n
    ? `${sign}${minutes}m${seconds}`
    : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

const timeLayout = chunksOf('2006-01-02 15:04:05.999999999 -0700 MST');

/** Values that print as a text of their own. */
function ownText(value: OttlValue): string | undefined {
  if (value instanceof OttlDuration) return durationText(value.nanos);
  if (value instanceof OttlTime) return formatTime(value, timeLayout);
  if (value instanceof OttlId) return Buffer.from(value.bytes).toString('hex');
  return undefined;
}

function elements(values: readonly OttlValue[], verb: string, spec: Spec): string {
  return `[${values.map((value) => printValue(value, verb, spec)).join(' ')}]`;
}

/** What Go calls the type of a value that Format is given. */
function goType(value: OttlValue): string {
  return Array.isArray(value) ? '[]interface {}' : typeName(value);
}

/** A value by a verb, as Go's package fmt prints it. */
export function printValue(value: OttlValue, verb: string, spec: Spec): string {
  if (verb === 'T') return pad(goType(value), spec);
  const text = printKnown(value, verb, spec);
  if (text !== undefined) return text;
  return value === null
    ? `%!${verb}(<nil>)`
    : `%!${verb}(${goType(value)}=${printValue(value, 'v', none)})`;
}

function printKnown(value: OttlValue, verb: string, spec: Spec): string | undefined {
  if (value === null) return verb === 'v' ? pad('<nil>', spec) : undefined;
  if (typeof value === 'string') return ofString(value, verb, spec);
  if (typeof value === 'bigint') return ofInteger(value, verb, spec);
  if (typeof value === 'number') return ofDouble(value, verb, spec);
  if (typeof value === 'boolean') {
    return verb === 'v' || verb === 't' ? pad(String(value), spec) : undefined;
  }
  if (value instanceof Uint8Array) {
    if (verb === 'v' || verb === 'd') return elements([...value].map(BigInt), 'd', spec);
    if (verb === 'x' || verb === 'X')
      return pad(hexOf(Buffer.from(value), spec, verb === 'X'), spec);
    return ofString(Buffer.from(value).toString('utf8'), verb, spec);
  }
  if (Array.isArray(value)) return elements(value, verb, spec);
  const own = ownText(value);
  if (own !== undefined) {
    const byText = ofString(own, verb, spec);
    if (byText !== undefined) return byText;
    if (value instanceof OttlDuration) return ofInteger(value.nanos, verb, spec);
  }
  return value instanceof Map ? pad(valueText(value), spec) : undefined;
}
