/*
 * Doubles as Go's strconv.FormatFloat writes them.
 */

/** A finite positive double as `mantissa * 2 ** exponent`. */
function parts(value: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const raw = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  return raw === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: raw - 1075 };
}

/** `numerator / denominator`, halves to the even neighbour. */
function divideEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  const up = twice > denominator || (twice === denominator && quotient % 2n === 1n);
  return up ? quotient + 1n : quotient;
}

/** A value with so many decimals, exactly. */
function fixed(value: number, decimals: number): string {
  const { mantissa, exponent } = parts(value);
  const scaled = mantissa * 10n ** BigInt(decimals);
  const whole =
    exponent >= 0 ? scaled << BigInt(exponent) : divideEven(scaled, 1n << BigInt(-exponent));
  const digits = String(whole).padStart(decimals + 1, '0');
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** Significant digits (one at least) and the power of ten of the first. */
interface Digits {
  readonly digits: string;
  readonly power: number;
}

function digitsOf(value: number, count: number | undefined): Digits {
  if (value === 0) return { digits: '0'.repeat(count ?? 1), power: 0 };
  const text =
    count === undefined ? value.toExponential() : value.toExponential(Math.min(count - 1, 100));
  const [number, power] = text.split('e') as [string, string];
  return { digits: number.replace('.', ''), power: Number(power) };
}

function exponential({ digits, power }: Digits, letter: string): string {
  const rest = digits.slice(1);
  const size = String(Math.abs(power)).padStart(2, '0');
  return `${digits[0]}${rest === '' ? '' : `.${rest}`}${letter}${power < 0 ? '-' : '+'}${size}`;
}

function plain({ digits, power }: Digits): string {
  if (power < 0) return `0.${'0'.repeat(-power - 1)}${digits}`;
  if (digits.length <= power + 1) return digits.padEnd(power + 1, '0');
  return `${digits.slice(0, power + 1)}.${digits.slice(power + 1)}`;
}

function general(value: number, precision: number | undefined, letter: string): string {
  const count = precision === undefined ? undefined : Math.max(1, precision);
  const found = digitsOf(value, count);
  const digits = found.digits.replace(/(?<=.)0+$/, '');
  const exact = { digits, power: found.power };
  // as few digits as possible count as six
  let limit = count ?? 6;
  if (count !== undefined && limit > digits.length && digits.length >= found.power + 1) {
    limit = digits.length;
  }
  if (found.power < -4 || found.power >= limit) return exponential(exact, letter);
  return plain(exact);
}

function hexadecimal(value: number, letter: string): string {
  if (value === 0) return `0${letter}0p+00`;
  let { mantissa, exponent } = parts(value);
  while (mantissa < 1n << 52n) {
    mantissa <<= 1n;
    exponent -= 1;
  }
  const fraction = (mantissa & ((1n << 52n) - 1n)).toString(16).padStart(13, '0');
  const digits = fraction.replace(/0+$/, '');
  const power = exponent + 52;
  const size = String(Math.abs(power)).padStart(2, '0');
  const shown = `0x1${digits === '' ? '' : `.${digits}`}p${power < 0 ? '-' : '+'}${size}`;
  return letter === 'x' ? shown : shown.toUpperCase();
}

/**
 * A double without its sign. @param verb e E f F g G b x X
 * @param precision undefined = as few digits as tell it apart (e and f: six)
 */
export function floatText(value: number, verb: string, precision: number | undefined): string {
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 'NaN';
  if (size === Number.POSITIVE_INFINITY) return 'Inf';
  switch (verb) {
    case 'e':
    case 'E':
      return exponential(digitsOf(size, (precision ?? 6) + 1), verb);
    case 'f':
    case 'F':
      return fixed(size, precision ?? 6);
    case 'g':
    case 'G':
      return general(size, precision, verb === 'g' ? 'e' : 'E');
    case 'b': {
      const { mantissa, exponent } = parts(size);
      return `${mantissa}p${exponent < 0 ? '' : '+'}${exponent}`;
    }
    default:
      return hexadecimal(size, verb);
  }
}
