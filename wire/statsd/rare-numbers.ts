const hexadecimal = /^([+-]?)0x([0-9a-f]*)(?:\.([0-9a-f]*))?p([+-]?\d{1,5})$/i;

/**
 * Numbers that hardly anybody writes and Go's strconv.ParseFloat takes: underscores between digits,
 * and hexadecimal ones with an exponent of two.
 * @returns NaN for what is none, or out of range
 */
export function rareNumber(text: string): number {
  if (text.length > 100) return Number.NaN;
  const plain = text.replace(/(?<=[0-9a-fx])_(?=[0-9a-f])/gi, '');
  if (/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(plain)) return finite(Number(plain));
  const [, sign, whole = '', fraction = '', exponent = ''] = hexadecimal.exec(plain) ?? [];
  if (whole + fraction === '') return Number.NaN;
  const size = Number(`0x${whole}${fraction}`) * 2 ** (Number(exponent) - 4 * fraction.length);
  return finite(sign === '-' ? -size : size);
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN;
}
