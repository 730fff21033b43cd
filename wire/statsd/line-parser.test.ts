import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type LineOptions, LineParser, maxLineBytes } from './line-parser.ts';
import { rareNumber } from './rare-numbers.ts';

const plain: LineOptions = { metricType: false, simpleTags: false };

function fault(line: string | Buffer, options = plain): string {
  const bytes = Buffer.from(line);
  return new LineParser(options).parse(bytes, 0, bytes.length);
}

test('why lines are not taken', () => {
  const cases: [string, string][] = [
    ['bad', 'invalid message format: bad'],
    ['a:1', 'invalid message format: a:1'],
    [':1|c', 'empty metric name'],
    ['a:|c', 'empty metric value'],
    ['a|c', 'invalid <name>:<value> format: a'],
    ['a:1|q', 'unsupported metric type: q'],
    ['a:x|c', 'parse metric value string: x'],
    ['a:1:2|c', 'parse metric value string: 1:2'],
    ['a:1|c|@x', 'parse sample rate: x'],
    ['a:1|c|y', 'unrecognized message part: y'],
    ['a:1|c|#k', 'invalid tag format: "k"'],
    ['a:1|c|#:v', 'invalid tag format: ":v"'],
    ['a:1|c|Tx', 'invalid timestamp: x'],
    ['a:1|ms|T1', 'only GAUGE and COUNT metrics support a timestamp'],
    ['_e{5,4}:title|text', 'events are not taken: they are no metrics'],
    ['_sc|name|0', 'service checks are not taken: they are no metrics'],
    [`${'a'.repeat(maxLineBytes)}:1|c`, `more than ${maxLineBytes} bytes`],
  ];
  for (const [line, reason] of cases) assert.equal(fault(line), reason);
  assert.equal(fault(Buffer.from('\xff:1|c', 'latin1')), 'invalid UTF-8');
  assert.equal(fault(Buffer.from('a:1|c|#k:\xff', 'latin1')), 'invalid UTF-8');
  assert.equal(fault('a:1|c|#k', { ...plain, simpleTags: true }), '');
});

test('only the bytes that are given are read', () => {
  const bytes = Buffer.from('x\na:1|c\nb:22|g|#k:v');
  const parser = new LineParser(plain);
  assert.equal(parser.parse(bytes, 2, 7), '');
  assert.deepEqual([parser.series.name, parser.series.type, parser.value], ['a', 'c', 1]);
  assert.equal(parser.parse(bytes, 8, 12), 'invalid message format: b:22');
  assert.equal(parser.parse(bytes, 8, bytes.length), '');
  assert.deepEqual(parser.series.attributes, [['k', 'v']]);
});

test('numbers that are rare', () => {
  const cases: [string, number][] = [
    ['1_0', 10],
    ['0x1.8p3', 12],
    ['-0xAp-1', -5],
    ['0x_1p0', 1],
    ['1__0', Number.NaN],
    ['_1', Number.NaN],
    ['0x10', Number.NaN],
    ['0xp1', Number.NaN],
    ['0x1p99999', Number.NaN],
    ['inf', Number.NaN],
  ];
  for (const [text, value] of cases) assert.equal(rareNumber(text), value, text);
});

const word = fc.stringMatching(/^[a-zA-Z0-9_. /é-]{1,10}$/);
const tag = fc.tuple(word, word);

test('lines that are written come back, also when their names are known', () => {
  const line = fc.record({
    name: word,
    value: fc.double({ noNaN: true, noDefaultInfinity: true }),
    type: fc.constantFrom('c', 'g', 'ms', 'h', 'd'),
    rate: fc.option(fc.constantFrom(0.1, 0.5, 1)),
    tags: fc.uniqueArray(tag, { selector: ([key]) => key, maxLength: 4 }),
  });
  const parser = new LineParser({ metricType: true, simpleTags: false });
  const keys = new Map<string, string>();
  fc.assert(
    fc.property(line, ({ name, value, type, rate, tags }) => {
      const parts = [`${name}:${value}`, type];
      if (rate !== null) parts.push(`@${rate}`);
      if (tags.length > 0) parts.push(`#${tags.map((pair) => pair.join(':')).join(',')}`);
      const bytes = Buffer.from(parts.join('|'));
      for (let twice = 0; twice < 2; twice += 1) {
        assert.equal(parser.parse(bytes, 0, bytes.length), '');
        assert.equal(parser.value + 0, value + 0);
        assert.deepEqual([parser.series.name, parser.series.type], [name, type]);
        assert.equal(parser.rate, rate ?? 0);
        const own = parser.series.attributes.filter(([key]) => key !== 'metric_type');
        const want = tags.filter(([key]) => key !== 'metric_type');
        assert.deepEqual(
          own.map((pair) => pair.join('=')).sort(),
          want.map((pair) => pair.join('=')).sort(),
        );
      }
      const { key, attributes } = parser.series;
      const text = JSON.stringify([name, type, attributes]);
      assert.equal(keys.get(key) ?? text, text);
      keys.set(key, text);
    }),
    { numRuns: 500 },
  );
});

test('no bytes make it throw', () => {
  const parser = new LineParser(plain);
  const piece = fc.constantFrom(
    'a',
    ':',
    '|',
    '#',
    '@',
    '1',
    'c',
    'ms',
    ',',
    'T',
    '_e{',
    's',
    '-',
    '\n',
  );
  const text = fc.array(piece, { maxLength: 20 }).map((list) => Buffer.from(list.join('')));
  const bytes = fc.uint8Array({ maxLength: 40 }).map((list) => Buffer.from(list));
  fc.assert(
    fc.property(fc.oneof(text, bytes), (line) => {
      assert.equal(typeof parser.parse(line, 0, line.length), 'string');
    }),
    { numRuns: 1000 },
  );
});

test('names are forgotten when there are many, and come back the same', () => {
  const parser = new LineParser(plain);
  const first = Buffer.from('first:1|c|#b:2,a:1');
  parser.parse(first, 0, first.length);
  const { key } = parser.series;
  for (let i = 0; i < 70_000; i += 1) {
    const line = Buffer.from(`n${i}:1|c`);
    assert.equal(parser.parse(line, 0, line.length), '');
  }
  parser.parse(first, 0, first.length);
  assert.equal(parser.series.key, key);
});
