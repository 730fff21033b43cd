import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJson, toJson } from '../../pdata/json.ts';
import { WireError } from '../../pdata/wire-error.ts';
import { spanTexts } from '../tagged-spans/testing.ts';
import { BinaryReader } from '../thrift/binary.ts';
import { conventionsOf } from './conventions.ts';
import { ZipkinJson1 } from './json-v1.ts';
import { ZipkinJson2 } from './json-v2.ts';
import { ZipkinProto } from './proto-v2.ts';
import { ZipkinThrift1 } from './thrift-v1.ts';
import { writeZipkinJson } from './write.ts';

const folder = join(import.meta.dirname, 'testdata');
const data = (name: string) => readFileSync(join(folder, name));

interface Outcome {
  readonly traces?: object;
  readonly error?: string;
}

/**
 * Where more is kept than the Go collector keeps: [recording, span, its text there, our text].
 * Each must apply.
 */
const kept: readonly (readonly [string, string, string, string])[] = [
  // Tags of the resource where there is no service, and a scope's version without a name.
  [
    'resource.zipkin2.json',
    '4',
    '"resource":[]',
    '"resource":[{"key":"host.name","value":{"stringValue":"lost?"}}]',
  ],
  ['resource.zipkin2.json', '5', '"scope":{}', '"scope":{"version":"without name"}'],
  // Lists in attributes of events; the text of an annotation that has one bar.
  [
    'sorts.zipkin2.json',
    '48485a3953bb6124',
    '{"key":"s","value":{"stringValue":"x|y"}}',
    '{"key":"l","value":{"arrayValue":{"values":[{"intValue":"1"}]}}},{"key":"s","value":{"stringValue":"x|y"}}',
  ],
  ['sorts.zipkin2.json', '48485a3953bb6124', '"name":"two"', '"name":"two|parts"'],
  // A tag that is no link stays a tag.
  [
    'status.zipkin2.json',
    'a',
    '{"key":"otlp.link.4"',
    '{"key":"otlp.link.1","value":{"stringValue":"too|few"}},{"key":"otlp.link.4"',
  ],
  // What an error was called.
  [
    'statuses.zipkin1.thrift',
    '66',
    '"attributes":[]',
    '"attributes":[{"key":"error","value":{"stringValue":"boom"}}]',
  ],
  [
    'statuses.zipkin1.thrift',
    '71',
    '"attributes":[',
    '"attributes":[{"key":"error","value":{"stringValue":"x"}},',
  ],
];
/** The same with `parse_string_tags`: a number that fits no integer stays a text. */
const keptParsed = [
  ...kept,
  [
    'sorts.zipkin2.json',
    '48485a3953bb6124',
    '{"intValue":"9223372036854775807"}',
    '{"stringValue":"99999999999999999999"}',
  ],
] as const;

/** What the Go collector's translator made of a recording, with what is kept beyond it. */
function wanted(name: string, variant?: 'plain' | 'parsed'): string[] {
  let texts = expected(name, variant).map((text) =>
    // Spans without a time get the time of their receipt.
    text.replaceAll(/TimeUnixNano":"17953\d+/g, 'TimeUnixNano":"1700000000000000000'),
  );
  for (const [file, span, theirs, ours] of variant === 'parsed' ? keptParsed : kept) {
    if (file !== name) continue;
    const id = `"spanId":"${span.padStart(16, '0')}","start`;
    const before = texts;
    texts = texts.map((text) => (text.includes(id) ? text.replace(theirs, ours) : text));
    assert.notDeepEqual(texts, before, `${name} ${span}: ${theirs} is not there`);
  }
  return texts.toSorted();
}

/** What the Go collector's translator made of a recording. */
function expected(name: string, variant?: 'plain' | 'parsed'): string[] {
  const recorded = JSON.parse(data(`${name}.expected.json`).toString()) as Outcome &
    Record<'plain' | 'parsed', Outcome>;
  const { traces, error } = variant === undefined ? recorded : recorded[variant];
  assert.equal(error, undefined);
  return spanTexts(parseJson('traces', Buffer.from(JSON.stringify(traces))));
}

const good = readdirSync(folder).filter(
  (name) => !name.endsWith('.expected.json') && !name.startsWith('bad-'),
);
const readers = {
  '.zipkin2.json': (parse: boolean) => new ZipkinJson2(parse),
  '.zipkin2.pb': (parse: boolean) => new ZipkinProto(parse),
  '.zipkin1.json': (parse: boolean) => new ZipkinJson1(parse, () => 1_700_000_000_000),
} as const;

for (const [ending, make] of Object.entries(readers)) {
  for (const name of good.filter((one) => one.endsWith(ending))) {
    for (const variant of ['plain', 'parsed'] as const) {
      test(`as the Go collector translates it: ${name}, ${variant}`, () => {
        const { batch, reasons } = make(variant === 'parsed').read(data(name));
        assert.deepEqual(reasons, []);
        assert.deepEqual(spanTexts(batch), wanted(name, variant));
      });
    }
  }
}

for (const name of good.filter((one) => one.endsWith('.zipkin1.thrift'))) {
  test(`as the Go collector translates it: ${name}`, () => {
    const { batch, reasons } = new ZipkinThrift1().read(new BinaryReader(data(name)));
    assert.deepEqual(reasons, []);
    assert.deepEqual(spanTexts(batch), wanted(name));
  });
}

const v2 = new ZipkinJson2(false);
const v1 = new ZipkinJson1(false, () => 1_700_000_000_000);

/** Answers to single bad spans: [text, reason]; those that the Go collector takes are marked. */
const bad: readonly (readonly [string, string])[] = [
  ['bad-01.zipkin2.json', 'traceId "xyz" is not hex of the right length'],
  ['bad-02.zipkin2.json', 'a span id is required'],
  ['bad-03.zipkin2.json', 'a span id is required'],
  ['bad-05.zipkin2.json', 'traceId "" is not hex of the right length'],
  [
    'bad-06.zipkin2.json',
    'traceId "463ac35c9f6413ad48485a3953bb61240" is not hex of the right length',
  ],
  ['bad-07.zipkin2.json', 'id "48485a3953bb61240" is not hex of the right length'],
  ['bad-08.zipkin2.json', 'parentId "zz" is not hex of the right length'],
  ['bad-09.zipkin2.json', 'timestamp -1 is negative'],
  ['bad-10.zipkin2.json', "expected a digit, found '\"'"],
  ['bad-11.zipkin2.json', 'timestamp 1.5 is no whole number'],
  ['bad-12.zipkin2.json', 'duration -5 is negative'],
  ['bad-13.zipkin2.json', 'an annotation has no timestamp'],
  ['bad-14.zipkin2.json', 'an annotation has no timestamp'],
  ['bad-15.zipkin2.json', "expected '\"', found '1'"],
  ['bad-17.zipkin2.json', "expected '{', found '['"],
  ['bad-18.zipkin2.json', "expected '\"', found '5'"],
  ['bad-19.zipkin2.json', '"not an address" is not an IP address'],
  ['bad-20.zipkin2.json', 'port 70000 is over 65535'],
  ['bad-21.zipkin2.json', 'port -1 is negative'],
  ['bad-30.zipkin2.json', "expected true or false, found '\"'"],
  ['bad-31.zipkin2.json', "expected '\"', found '1'"],
  ['bad-32.zipkin2.json', "expected '\"', found '7'"],
  ['bad-33.zipkin2.json', "expected an object, found '5'"],
  // The Go collector's time wraps around.
  ['bad-36.zipkin2.json', 'a timestamp of 18446744073709552000 us is out of range'],
  ['bad-41.zipkin2.json', 'timestamp 1e3 is no whole number'],
  // The Go collector drops what it does not know.
  ['bad-42.zipkin2.json', 'binaryAnnotations are of version 1, which goes to /api/v1/spans'],
  ['bad-01.zipkin1.json', 'traceId "1" is not hex of the right length'],
  ['bad-02.zipkin1.json', 'id "1" is not hex of the right length'],
  ['bad-03.zipkin1.json', 'a trace id other than 0 is required'],
  ['bad-04.zipkin1.json', 'a span id other than 0 is required'],
  ['bad-05.zipkin1.json', 'traceId "48485a3953bb612x" is not hex of the right length'],
  ['bad-06.zipkin1.json', 'parentId "1" is not hex of the right length'],
  ['bad-07.zipkin1.json', 'parentId is 0'],
  ['bad-08.zipkin1.json', "expected a digit, found '\"'"],
  ['bad-10.zipkin1.json', "expected '\"', found '5'"],
  ['bad-11.zipkin1.json', "expected '[', found '{'"],
  ['bad-12.zipkin1.json', "expected '\"', found '1'"],
];

for (const [name, reason] of bad) {
  test(`a bad span is refused, the one beside it is not: ${name}`, () => {
    const reader = name.includes('zipkin2') ? v2 : v1;
    const alone = reader.read(data(name));
    assert.deepEqual(alone.reasons, [`span 0: ${reason}`]);
    assert.equal(alone.batch, undefined);
    const fine = '{"traceId":"48485a3953bb6124","id":"48485a3953bb6128","timestamp":1}';
    const text = data(name).toString().slice(1, -1);
    const beside = reader.read(Buffer.from(`[${fine},${text},${fine}]`));
    assert.deepEqual([beside.batch?.itemCount, beside.refused], [2, 1]);
  });
}

/** Texts in a form that the Go collector refuses: they stay texts here. */
for (const name of ['bad-23', 'bad-24', 'bad-25', 'bad-26']) {
  test(`taken as it is: ${name}`, () => {
    const { batch, refused } = v2.read(data(`${name}.zipkin2.json`));
    assert.equal(refused, 0);
    assert.match(spanTexts(batch)[0]!, /otlp\.link\.0|"name":"a\|/);
  });
}

for (const name of ['bad-27', 'bad-28', 'bad-29', 'bad-37']) {
  test(`no JSON: ${name}`, () => {
    assert.throws(
      () => v2.read(data(`${name}.zipkin2.json`)),
      /^WireError: cannot read JSON at by/,
    );
  });
}

/** Taken by both. */
for (const name of [
  'bad-04',
  'bad-16',
  'bad-22',
  'bad-34',
  'bad-35',
  'bad-38',
  'bad-39',
  'bad-40',
]) {
  test(`odd, but taken: ${name}`, () => {
    const { batch, refused } = v2.read(data(`${name}.zipkin2.json`));
    assert.equal(refused, 0);
    assert.deepEqual(spanTexts(batch), wanted(`${name}.zipkin2.json`, 'plain'));
  });
}

test('booleans among binary annotations, which the Go collector refuses', () => {
  const { batch, refused } = v1.read(data('bad-09.zipkin1.json'));
  assert.equal(refused, 0);
  assert.match(spanTexts(batch)[0]!, /\{"key":"sa","value":\{"boolValue":true\}\}/);
});

test('the second version posted as the first is told so', () => {
  const { reasons } = v1.read(data('status.zipkin2.json'));
  assert.match(reasons[0]!, /^span 0: traceId/);
  const span = '{"traceId":"48485a3953bb6124","id":"48485a3953bb6128","tags":{}}';
  assert.deepEqual(v1.read(Buffer.from(`[${span}]`)).reasons, [
    'span 0: tags is of version 2, which goes to /api/v2/spans',
  ]);
});

const seeds = readdirSync(folder).filter((name) => /zipkin[12]\.\w+$/.test(name));
const proto = new ZipkinProto(true);
const thrift = new ZipkinThrift1();

function read(name: string, bytes: Uint8Array) {
  if (name.endsWith('.pb')) return proto.read(bytes);
  if (name.endsWith('.thrift')) return thrift.read(new BinaryReader(bytes));
  return (name.includes('zipkin2') ? v2 : v1).read(bytes);
}

test('damaged messages are a fault or give valid spans, and nothing stays behind', () => {
  const damage = fc.record({
    name: fc.constantFrom(...seeds),
    changes: fc.array(fc.tuple(fc.nat(3000), fc.nat(255)), { maxLength: 4 }),
    cut: fc.option(fc.nat(3000), { nil: undefined }),
  });
  const sample = '[{"traceId":"1","id":"2","timestamp":3,"localEndpoint":{"serviceName":"s"}}]';
  const clean = spanTexts(v2.read(Buffer.from(sample)).batch);
  fc.assert(
    fc.property(damage, ({ name, changes, cut }) => {
      const bytes = data(name);
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      const given = cut === undefined ? bytes : bytes.subarray(0, cut % bytes.length);
      try {
        const { batch, refused, reasons } = read(name, given);
        spanTexts(batch);
        assert.equal(reasons.length, Math.min(refused, 10));
        assert.ok((batch?.byteLength ?? 0) <= 64 * given.length + 1000);
      } catch (error) {
        assert.ok(error instanceof WireError, String(error));
      }
      assert.deepEqual(spanTexts(v2.read(Buffer.from(sample)).batch), clean);
    }),
    { numRuns: 500 },
  );
});

test('any text and any bytes', () => {
  const any = fc.oneof(
    fc.json().map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 99 }),
  );
  fc.assert(
    fc.property(
      any,
      fc.constantFrom('x.pb', 'x.thrift', 'x.zipkin1.json', 'x.zipkin2.json'),
      (bytes, name) => {
        try {
          spanTexts(read(name, bytes).batch);
        } catch (error) {
          assert.ok(error instanceof WireError, String(error));
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('spans of many services are put together by service', () => {
  const spans = Array.from(
    { length: 3000 },
    (_, i) =>
      `{"traceId":"1","id":"${(i + 1).toString(16)}","timestamp":1,"localEndpoint":{"serviceName":"s${i % 700}"}}`,
  );
  const { batch } = v2.read(Buffer.from(`[${spans.join(',')}]`));
  assert.equal(spanTexts(batch).length, 3000);
  const { resourceSpans } = JSON.parse(toJson(batch!)) as { resourceSpans: unknown[] };
  assert.equal(resourceSpans.length, 700);
});

test('other conventions by feature gates', () => {
  const gates = new Set(['EmitV1Http', 'DontEmitV0Http', 'EmitV1CloudResource']);
  const conventions = conventionsOf((id) => gates.has(/(\w+)Conventions$/.exec(id)![1]!));
  const span =
    '{"traceId":"1","id":"2","timestamp":1,"localEndpoint":{"serviceName":"s","ipv4":"1.2.3.4"},' +
    '"remoteEndpoint":{"serviceName":"p","ipv4":"5.6.7.8"},' +
    '"tags":{"http.status_code":"404","faas.id":"f"}}';
  const { batch } = new ZipkinJson2(false, conventions).read(Buffer.from(`[${span}]`));
  const [only] = spanTexts(batch).map((text) => JSON.parse(text)) as {
    resource: { key: string }[];
    span: { attributes: { key: string }[] };
  }[];
  assert.deepEqual(
    only!.resource.map(({ key }) => key),
    ['cloud.resource_id', 'faas.id', 'service.name'],
  );
  assert.deepEqual(
    only!.span.attributes.map(({ key }) => key),
    ['http.response.status_code', 'net.host.ip', 'net.peer.ip', 'peer.service'],
  );
  const { body } = writeZipkinJson(batch!, { conventions });
  const [back] = JSON.parse(Buffer.from(body).toString()) as { tags: object }[];
  assert.deepEqual(back, {
    traceId: '0000000000000001',
    id: '0000000000000002',
    localEndpoint: { serviceName: 's', ipv4: '1.2.3.4' },
    remoteEndpoint: { serviceName: 'p', ipv4: '5.6.7.8' },
    tags: {
      'faas.id': 'f',
      'cloud.resource_id': 'f',
      'http.response.status_code': '404',
      'http.status_code': '404',
    },
  });
  assert.throws(
    () => conventionsOf((id) => id.includes('DontEmitV0Network')),
    /DontEmitV0NetworkConventions cannot be enabled without enabling pkg\.translator\.zipkin\.EmitV1/,
  );
});
