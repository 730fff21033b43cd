/**
 * A number as OpenMetrics writes bounds: the fewest digits, with a point or an exponent; exponents
 * below 0.0001 and from 1e21 on, as Go's strconv has it for format `g` and shortest precision.
 */
export function shortestFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return '0.0';
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 21) {
    const text = plain(mantissa, power);
    return text.includes('.') ? text : `${text}.0`;
  }
  const digits = String(Math.abs(power)).padStart(2, '0');
  return `${mantissa}e${power < 0 ? '-' : '+'}${digits}`;
}

function plain(mantissa: string, power: number): string {
  const sign = mantissa.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = whole + fraction;
  if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${digits}`;
  const padded = digits.padEnd(power + 1, '0');
  const tail = padded.slice(power + 1);
  return sign + padded.slice(0, power + 1) + (tail === '' ? '' : `.${tail}`);
}
