import { ebcdic, ebcdic1047, ebcdic1140, upperHalves } from './code-pages.ts';
import { encodingOf } from './encoding-names.ts';

type Decode = (bytes: Uint8Array) => string;

const utf8: Decode = (bytes) => Buffer.from(bytes).toString('utf8');
const latin1: Decode = (bytes) => Buffer.from(bytes).toString('latin1');
const ascii: Decode = (bytes) => latin1(bytes).replace(/[\x80-\xff]/g, '\ufffd');

const utf16le: Decode = (bytes) => {
  // an odd byte at the end is a character that is not there
  const whole = Buffer.from(bytes).toString('utf16le').toWellFormed();
  return bytes.length % 2 === 1 ? `${whole}\ufffd` : whole;
};

/** Names that mean something else than in the registry, or are not in it. */
const own: Readonly<Record<string, Decode>> = {
  '': utf8,
  ascii: utf8,
  'us-ascii': utf8,
  utf8,
  'utf-8': utf8,
  'utf8-raw': utf8,
  'utf-8-raw': utf8,
  nop: utf8,
  utf16: utf16le,
  'utf-16': utf16le,
};

function byTable(table: string): Decode {
  return (bytes) => {
    let out = '';
    for (const byte of bytes) out += table[byte];
    return out;
  };
}

function ebcdicTable(changes: ReadonlyMap<number, string>): string {
  return [...ebcdic].map((char, byte) => changes.get(byte) ?? char).join('');
}

const asciiTable = String.fromCharCode(...Array.from({ length: 128 }, (_, i) => i));
const turkish: Readonly<Record<string, string>> = {
  Ð: 'Ğ',
  Ý: 'İ',
  Þ: 'Ş',
  ð: 'ğ',
  ý: 'ı',
  þ: 'ş',
};

/** HZ: GB 2312 between `~{` and `~}`, with `~~` for a tilde (RFC 1843). */
const hz: Decode = (bytes) => {
  const parts = latin1(bytes).split(/(~\{|~\}|~~|~\n)/);
  let isChinese = false;
  let out = '';
  for (const part of parts) {
    if (part === '~{' || part === '~}') isChinese = part === '~{';
    else if (part === '~~') out += '~';
    else if (part !== '~\n') out += isChinese ? chinese(part) : ascii(Buffer.from(part, 'latin1'));
  }
  return out;
};

function chinese(text: string): string {
  const bytes = Buffer.from(text, 'latin1').map((byte) => byte | 0x80);
  return new TextDecoder('gbk').decode(bytes);
}

function special(encoding: string): Decode | undefined {
  const half = upperHalves[encoding];
  if (half !== undefined) return byTable(asciiTable + half);
  switch (encoding) {
    case 'utf-8':
      return utf8;
    case 'utf-16le':
      return utf16le;
    case 'us-ascii':
      return ascii;
    case 'iso-8859-1':
      return latin1;
    case 'iso-8859-9':
      return (bytes) => latin1(bytes).replace(/[ÐÝÞðýþ]/g, (char) => turkish[char]!);
    case 'hz':
      return hz;
    case 'ibm037':
      return byTable(ebcdic);
    case 'ibm1047':
      return byTable(ebcdicTable(ebcdic1047));
    case 'ibm1140':
      return byTable(ebcdicTable(ebcdic1140));
    default:
      return undefined;
  }
}

/**
 * How bytes of a named encoding become text; names as in IANA's registry, in any case. What is no
 * character becomes U+FFFD.
 *
 * @throws Error for a name that is not known
 */
export function textDecoder(name: string): Decode {
  const lower = name.toLowerCase();
  const known = Object.hasOwn(own, lower) ? own[lower] : undefined;
  if (known !== undefined) return known;
  const encoding = encodingOf(lower);
  if (encoding === undefined) throw new Error(`unsupported encoding '${name}'`);
  return special(encoding) ?? platformDecoder(encoding);
}

function platformDecoder(encoding: string): Decode {
  const isUtf16 = encoding.startsWith('utf-16');
  const decoder = new TextDecoder(isUtf16 ? 'utf-16be' : encoding, {
    ignoreBOM: encoding !== 'utf-16',
  });
  if (isUtf16) return (bytes) => decoder.decode(bytes);
  // control characters of the upper half and private characters are none in IANA's sets
  const wrong = /^(?:iso-8859|windows)/.test(encoding) ? /[\x80-\x9f]/g : /[\ue000-\uf8fe]/g;
  return (bytes) => decoder.decode(bytes).replace(wrong, '\ufffd');
}
