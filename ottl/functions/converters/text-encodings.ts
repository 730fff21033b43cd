const utf8 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const utf16le = (bytes: Uint8Array): string => {
  // an odd byte at the end is a character that is not there
  const whole = Buffer.from(bytes).toString('utf16le').toWellFormed();
  return bytes.length % 2 === 1 ? `${whole}\ufffd` : whole;
};

const own: Readonly<Record<string, (bytes: Uint8Array) => string>> = {
  '': utf8,
  ascii: utf8,
  'us-ascii': utf8,
  utf8: utf8,
  'utf-8': utf8,
  'utf8-raw': utf8,
  'utf-8-raw': utf8,
  nop: utf8,
  utf16: utf16le,
  'utf-16': utf16le,
  'utf-16le': utf16le,
  'iso-8859-1': latin1,
  'iso_8859-1': latin1,
  latin1: latin1,
  l1: latin1,
};

/** Names that the decoder of the platform has with the same characters as IANA's registry. */
const platform = new Set(
  (
    'big5 euc-jp euc-kr gb18030 gbk gb2312 hz-gb-2312 iso-2022-jp koi8-r koi8-u macintosh ' +
    'shift_jis utf-16be ibm866 tis-620 ' +
    'iso-8859-2 iso-8859-3 iso-8859-4 iso-8859-5 iso-8859-6 iso-8859-7 iso-8859-8 iso-8859-10 ' +
    'iso-8859-13 iso-8859-14 iso-8859-15 iso-8859-16 ' +
    'windows-874 windows-1250 windows-1251 windows-1252 windows-1253 windows-1254 windows-1255 ' +
    'windows-1256 windows-1257 windows-1258'
  ).split(' '),
);

const aliases: Readonly<Record<string, string>> = {
  csbig5: 'big5',
  cp936: 'gbk',
  ms936: 'gbk',
  cp866: 'ibm866',
  csshiftjis: 'shift_jis',
  ms_kanji: 'shift_jis',
  eucjp: 'euc-jp',
  euckr: 'euc-kr',
  mac: 'macintosh',
  latin2: 'iso-8859-2',
  latin5: 'iso-8859-9',
  'iso-8859-9': 'windows-1254',
};

/**
 * How bytes of a named encoding become text; names as in IANA's registry, in any case. What is no
 * character becomes U+FFFD.
 *
 * @throws Error for a name that is not known
 */
export function textDecoder(name: string): (bytes: Uint8Array) => string {
  const lower = name.toLowerCase();
  const known = Object.hasOwn(own, lower) ? own[lower] : undefined;
  if (known !== undefined) return known;
  const target = Object.hasOwn(aliases, lower) ? aliases[lower]! : lower;
  if (!platform.has(target)) throw new Error(`unsupported encoding '${name}'`);
  const decoder = new TextDecoder(target, { ignoreBOM: true });
  // control characters of the upper half and private characters are none in IANA's sets
  const wrong = target.startsWith('iso-8859') ? /[\x80-\x9f]/g : /[\ue000-\uf8ff]/g;
  if (target.startsWith('utf')) return (bytes) => decoder.decode(bytes);
  return (bytes) => decoder.decode(bytes).replace(wrong, '\ufffd');
}
