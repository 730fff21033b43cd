const alphabets = {
  standard: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
  url: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
} as const;

/** Names of the four variants of base64, as users write them. */
const base64Variants = {
  base64: { alphabet: 'standard', padded: true },
  'base64-raw': { alphabet: 'standard', padded: false },
  'base64-url': { alphabet: 'url', padded: true },
  'base64-raw-url': { alphabet: 'url', padded: false },
} as const;

type Base64Variant = keyof typeof base64Variants;

/** Whether Base64Encode and Base64Decode know the variant. */
export function isBase64Variant(name: string): name is Base64Variant {
  return Object.hasOwn(base64Variants, name);
}

/** Bytes in a variant of base64. */
export function encodeBase64(bytes: Uint8Array, variant: Base64Variant): string {
  const { alphabet, padded } = base64Variants[variant];
  const text = Buffer.from(bytes).toString(alphabet === 'url' ? 'base64url' : 'base64');
  if (!padded) return text.replace(/=+$/, '');
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}

/**
 * Reads a variant of base64 strictly, line ends aside.
 *
 * @throws Error with Go's text: "illegal base64 data at input byte N"
 */
export function decodeBase64(text: string, variant: Base64Variant): Buffer {
  const { alphabet, padded } = base64Variants[variant];
  const fault = faultAt(text, alphabets[alphabet], padded);
  if (fault >= 0) throw new Error(`illegal base64 data at input byte ${fault}`);
  return Buffer.from(text.replace(/[\r\n]/g, ''), alphabet === 'url' ? 'base64url' : 'base64');
}

/** Where (in bytes) a text stops being base64; -1 when it does not. */
function faultAt(text: string, alphabet: string, padded: boolean): number {
  const bytes = Buffer.from(text);
  let digits = 0;
  let at = 0;
  const skipLineEnds = (): void => {
    while (bytes[at] === 10 || bytes[at] === 13) at += 1;
  };
  for (skipLineEnds(); at < bytes.length; skipLineEnds()) {
    const char = String.fromCharCode(bytes[at]!);
    if (char === '=' && padded) return paddingFault(bytes, at, digits);
    if (!alphabet.includes(char)) return at;
    digits += 1;
    at += 1;
  }
  // what is left over is reported where its group began
  const over = digits % 4;
  if (over === 0 || (!padded && over !== 1)) return -1;
  return bytes.length - over;
}

function paddingFault(bytes: Uint8Array, start: number, digits: number): number {
  const over = digits % 4;
  if (over < 2) return start;
  let at = start + 1;
  const skipLineEnds = (): void => {
    while (bytes[at] === 10 || bytes[at] === 13) at += 1;
  };
  skipLineEnds();
  if (over === 2) {
    if (at === bytes.length) return bytes.length;
    if (bytes[at] !== 61) return at;
    at += 1;
    skipLineEnds();
  }
  return at < bytes.length ? at : -1;
}
