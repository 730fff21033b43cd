import { each, type Group, kinds, pairs } from '../model.ts';

const lengths = [0, 1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 31, 33, 64, 65, 96, 97, 128, 129, 160, 239];
const texts = [...lengths, 240, 241, 256, 511, 1024, 1025, 2500].map((length) =>
  'The quick brown fox – jumps over 13 lazy dogs. '.repeat(60).slice(0, length),
);

const oneByte =
  'ibm437 IBM850 cp852 ibm855 ibm860 cp862 ibm863 ibm865 IBM866 ibm037 IBM1047 ibm01140 ISO-8859-2 iso-8859-3 iso-8859-4 latin5 iso-8859-6 iso-8859-7 iso-8859-8 iso-8859-10 iso-8859-13 iso-8859-14 iso-8859-16 windows-1250 windows-1251 windows-1252 windows-1253 windows-1254 windows-1255 windows-1256 windows-1257 windows-1258 windows-874 koi8-u macintosh cp367'.split(
    ' ',
  );

const someBytes = (from: number): { bytes: string } => ({
  bytes: Buffer.from(Array.from({ length: 32 }, (_, i) => from + i)).toString('base64'),
});

/** Hashes, encodings and ids. */
export const encodingCases: readonly Group[] = [
  {
    name: 'Hashes',
    expressions: [
      'MD5(attributes["a"])',
      'SHA1(attributes["a"])',
      'SHA256(attributes["a"])',
      'SHA512(attributes["a"])',
      'FNV(attributes["a"])',
      'Murmur3Hash(attributes["a"])',
      'Murmur3Hash128(attributes["a"])',
      'XXH3(attributes["a"])',
      'XXH128(attributes["a"])',
    ],
    inputs: each(...texts, ...kinds, '日本'),
  },
  {
    name: 'Base64',
    expressions: [
      'Base64Decode(attributes["a"])',
      'Base64Encode(attributes["a"])',
      'Base64Encode(attributes["a"], "base64-raw")',
      'Base64Encode(attributes["a"], "base64-url")',
      'Base64Encode(attributes["a"], "base64-raw-url")',
      'Base64Encode(attributes["a"], "other")',
      'Decode(attributes["a"], "base64")',
      'Decode(attributes["a"], "base64-raw")',
      'Decode(attributes["a"], "base64-url")',
      'Decode(attributes["a"], "base64-raw-url")',
    ],
    inputs: each(
      ...kinds,
      'aGVsbG8=',
      'aGVsbG8',
      'aGVsbG8gd29ybGQ=',
      'aGVs\nbG8=',
      'aGVs bG8=',
      'a',
      'aa',
      'aa=',
      'aa==',
      'aa===',
      '==',
      'aGVsbG9=',
      'w7w_',
      'w7w/',
      '-_-_',
      '+/+/',
      'ü>>>???',
      { bytes: 'YUdWc2JHOD0=' },
    ),
  },
  {
    name: 'Decode',
    expressions: [
      'Decode(attributes["a"], "utf-8")',
      'Decode(attributes["a"], "us-ascii")',
      'Decode(attributes["a"], "ISO-8859-1")',
      'Decode(attributes["a"], "windows-1252")',
      'Decode(attributes["a"], "utf-16")',
      'Decode(attributes["a"], "UTF-16BE")',
      'Decode(attributes["a"], "UTF-16LE")',
      'Decode(attributes["a"], "shift_jis")',
      'Decode(attributes["a"], "gbk")',
      'Decode(attributes["a"], "euc-kr")',
      'Decode(attributes["a"], "big5")',
      'Decode(attributes["a"], "koi8-r")',
      'Decode(attributes["a"], "iso-8859-15")',
      'Decode(attributes["a"], "")',
      'Decode(attributes["a"], "gb18030")',
      'Decode(attributes["a"], "euc-jp")',
      'Decode(attributes["a"], "windows-1251")',
      'Decode(attributes["a"], "ISO-8859-5")',
      'Decode(attributes["a"], attributes["b"])',
    ],
    inputs: [
      ...pairs(
        [
          'plain text',
          { bytes: 'aGk=' },
          { bytes: 'gqCCog==' },
          { bytes: '4uQ=' },
          { bytes: 'xOO6ww==' },
          { bytes: 'vsiz5w==' },
          { bytes: 'p0Gmbg==' },
          { bytes: 'aABpAA==' },
          { bytes: 'AGgAaQ==' },
          { bytes: '8NLJ18XU' },
          { bytes: 'pA==' },
        ],
        ['utf8', 'nope'],
      ),
      ...each(...kinds),
    ],
  },
  {
    name: 'DecodeTables',
    expressions: oneByte.map((name) => `Decode(attributes["a"], "${name}")`),
    inputs: each(...[0, 32, 64, 96, 128, 160, 192, 224].map(someBytes)),
  },
  {
    name: 'DecodeMore',
    expressions: ['hz-gb-2312', 'iso-2022-jp', 'utf-16be', 'utf-16le', 'ms936', 'l1'].map(
      (name) => `Decode(attributes["a"], "${name}")`,
    ),
    inputs: each(
      'plain',
      'a~{VPND~}b~~c',
      '\u001b$B$"$$\u001b(Bx',
      { bytes: 'aABpAA==' },
      { bytes: 'AGgAaQ==' },
      { bytes: '1tDOxA==' },
    ),
  },
  {
    name: 'Ids',
    expressions: [
      'Hex(SpanID(attributes["a"]))',
      'String(SpanID(attributes["a"]))',
      'String(TraceID(attributes["a"]))',
      'SpanID(attributes["a"]) == SpanID(0x0102030405060708)',
      'TraceID("000102030405060708090a0b0c0d0e0f") == TraceID(attributes["a"])',
      'Len(UUID())',
      'Len(UUIDv7())',
      'IsMatch(UUID(), "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")',
      'IsMatch(UUIDv7(), "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")',
      'UUID() == UUID()',
    ].filter((text) => !text.includes('==')),
    inputs: each(
      ...kinds,
      '0102030405060708',
      '01020304050607zz',
      '000102030405060708090a0b0c0d0e0f',
      '8 bytes!',
      'exactly16 bytes!',
      { bytes: 'AQIDBAUGBwg=' },
      { bytes: 'AAECAwQFBgcICQoLDA0ODw==' },
      'ABCDEFABCDEFABCD',
    ),
  },
];
