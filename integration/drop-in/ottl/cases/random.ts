import { seededWords } from '../../../../testing/random.ts';
import type { Attributes, Group } from '../model.ts';

type Kind =
  | 'scalar'
  | 'string'
  | 'int'
  | 'double'
  | 'bool'
  | 'list'
  | 'map'
  | 'time'
  | 'duration'
  | 'any';

/** Templates of expressions by what they give; `{kind}` is filled by another expression. */
const templates: Readonly<Record<Kind, readonly string[]>> = {
  string: [
    'attributes["s"]',
    'attributes["t"]',
    '"lit é"',
    'Concat([{any}, {any}], {string})',
    'Substring({string}, {int}, 2)',
    'Substring({string}, 0, Len({string}))',
    'ToUpperCase({string})',
    'ToSnakeCase({string})',
    'ToCamelCase({string})',
    'Trim({string}, "ae ")',
    'TrimPrefix({string}, {string})',
    'SHA1({string})',
    'XXH3({string})',
    'Base64Encode({string})',
    'Hex({any})',
    'String({any})',
    'Split({string}, {string})[0]',
    'ConvertCase({string}, "camel")',
    'FormatTime({time}, "%Y-%m-%d %H:%M:%S")',
    'ToKeyValueString({map}, sort_output=true)',
    'Format("%v/%5s/%x", [{string}, {string}, {int}])',
    'Decode(attributes["s"], "base64")',
    'SliceToMap(Split({string}, " "))["0"]',
    'Coalesce([attributes["none"], {string}])',
  ],
  int: [
    'attributes["i"]',
    '3',
    'Len({string})',
    'Len({list})',
    'Int({any})',
    'ParseInt({string}, 10)',
    'FNV({string})',
    'Index({string}, {string})',
    'Index({list}, {any})',
    '({int} + {int})',
    '({int} - {int})',
    '({int} * 2)',
    '({int} / {int})',
    'UnixNano({time})',
    'Hour({time})',
    'Milliseconds({duration})',
    'Weekday({time})',
  ],
  double: [
    'attributes["d"]',
    '1.5',
    'Double({any})',
    'Log({double})',
    '({double} + {double})',
    '({double} * {double})',
    '({double} / {double})',
    'Seconds({duration})',
    'Hours({duration})',
    'Double(ParseInt({string}, 16))',
  ],
  bool: [
    'attributes["b"]',
    'IsMatch({string}, "[a-f]+\\\\d")',
    'IsMatch({any}, "^.{2,4}$")',
    'HasPrefix({string}, {string})',
    'HasSuffix({string}, "d")',
    'IsString({any})',
    'IsInt({any})',
    'IsMap({any})',
    'IsList({any})',
    'ContainsValue({list}, {any})',
    'Bool({any})',
    'IsValidLuhn({int})',
    'IsInCIDR({string}, ["10.0.0.0/8"])',
  ],
  list: [
    'attributes["l"]',
    '[{scalar}, {scalar}]',
    'Split({string}, " ")',
    'Sort({list})',
    'Sort({list}, "desc")',
    'Sort(Keys({map}))',
    'Sort(Values(attributes["m"]))',
    '[]',
    'ParseJSON("[1, \\"x\\", {\\"k\\": null}]")',
  ],
  map: [
    'attributes["m"]',
    '{"k": {scalar}, "n": {"x": {scalar}}}',
    'SliceToMap({list})',
    'ParseKeyValue({string})',
    'ParseKeyValue("a=1 b=2")',
    'ParseJSON({string})',
    'ParseJSON("{\\"a\\": [1.5, {\\"b\\": true}]}")',
    'ExtractPatterns({string}, "(?P<first>\\\\w+)(?P<rest>.*)")',
    'URL({string})',
    'ParseSimplifiedXML({string})',
  ],
  time: [
    'log.time',
    'Unix(attributes["i"])',
    'Unix(attributes["i"], {int})',
    'TruncateTime({time}, {duration})',
    '({time} + {duration})',
    '({time} - {duration})',
  ],
  duration: [
    'Duration({string})',
    'Duration("1h30m")',
    'Duration("17ms")',
    '({duration} + {duration})',
    '({duration} - {duration})',
    '({time} - {time})',
  ],
  // what may stand in a list or map that is written out, whatever made it
  scalar: ['{string}', '{int}', '{double}', '{bool}'],
  // never a literal: those are refused where their type does not fit
  any: [
    'Coalesce([{string}])',
    'Coalesce([{int}])',
    'Coalesce([{double}])',
    'Coalesce([{bool}])',
    'Coalesce([{list}])',
    'Coalesce([{map}])',
    'attributes["x"]',
    'attributes["none"]',
  ],
};

const kinds = ['string', 'int', 'double', 'bool', 'list', 'map'] as const;

/** Numbers below 1 from a seed. */
function numbers(seed: number): () => number {
  const next = seededWords(seed);
  return () => next() / 2 ** 32;
}

function expression(kind: Kind, depth: number, next: () => number): string {
  const all = templates[kind];
  // at the bottom only what needs nothing else
  const choices = depth > 0 ? all : all.filter((text) => !/\{[a-z]+\}/.test(text));
  const found = choices.length > 0 ? choices : ['attributes["i"]'];
  const template = found[Math.floor(next() * found.length)]!;
  return template.replace(/\{([a-z]+)\}/g, (_, inner: Kind) => expression(inner, depth - 1, next));
}

const inputs: readonly Attributes[] = [
  {
    s: 'hello world',
    t: 'a',
    i: 7,
    d: { double: 2.5 },
    b: true,
    l: [3, 1, 2],
    m: { map: { a: 1 } },
    x: 'x',
  },
  { s: '', t: ' ', i: 0, d: { double: 0 }, b: false, l: [], m: { map: {} } },
  {
    s: 'k=v n=2',
    t: '=',
    i: -3,
    d: { double: -1.25 },
    b: true,
    l: ['b', 'a'],
    m: { map: { z: 'é', a: [1] } },
    x: 42,
  },
  {
    s: 'Ünï cödé 世界',
    t: 'ö',
    i: 1700000000,
    d: { double: 1e21 },
    b: false,
    l: [1, { double: 1.5 }, 'x', true, null],
    m: { map: { m: { map: { n: null } } } },
    x: { bytes: 'AQI=' },
  },
  {
    s: '{"j": [1, 2], "k": "v"}',
    t: '"',
    i: 2,
    d: { double: 0.1 },
    b: true,
    l: [[1], { map: { q: 1 } }],
    m: { map: { 'a b': 'c d' } },
    x: [1, 2],
  },
  {
    s: '<a><b>1</b><b>2</b></a>',
    t: '<',
    i: 1,
    d: { double: 3 },
    b: true,
    l: ['x'],
    m: { map: { b: true, d: { double: 1.5 } } },
    x: { map: { y: 1 } },
  },
  {
    s: '10.1.2.3',
    t: '.',
    i: 12,
    d: { double: 1000000 },
    b: false,
    l: [{ double: 2 }, 1],
    m: { map: { ip: '10.0.0.1' } },
    x: true,
  },
  {
    s: 'http://u:p@h.example:81/p/f.txt?q=1#f',
    t: '/',
    i: 100,
    d: { double: 1e-7 },
    b: true,
    l: ['10', 9],
    m: { map: { u: 'x=y' } },
    x: { double: -0.5 },
  },
  {
    s: '1h',
    t: '5',
    i: 3600,
    d: { double: 123456789.125 },
    b: false,
    l: [true, false],
    m: { map: { t: 1 } },
    x: null,
  },
  {
    s: 'aGVsbG8=',
    t: '42',
    i: 42,
    d: { double: 42 },
    b: true,
    l: [42, '42', { double: 42 }],
    m: { map: { n: 42 } },
    x: '42',
  },
  {},
];

/** Nested expressions from a seed. */
export function randomGroup(name: string, seed: number, count: number): Group {
  const next = numbers(seed);
  const expressions = new Set<string>();
  while (expressions.size < count) {
    const kind = kinds[Math.floor(next() * kinds.length)]!;
    expressions.add(expression(kind, 3, next));
  }
  return { name, expressions: [...expressions], inputs };
}
