/** Input of strangers: JSON that is none, and bytes of all kinds. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { browserErrorTranslator, browserTranslator } from './browser.ts';
import { attachedEventTranslator, eventTranslator, propertiesTranslator } from './events.ts';
import { SkywalkingFault } from './fault.ts';
import { Instances } from './instances.ts';
import { readJson } from './json.ts';
import { logTranslator } from './log.ts';
import { meshTranslator } from './mesh.ts';
import { meterBatchTranslator, meterTranslator } from './meters.ts';
import { clrTranslator, jvmTranslator } from './runtimes.ts';
import { type Field, type Message, type MessageName, message } from './schema.ts';
import { SegmentsTranslator, SegmentTranslator } from './segment.ts';
import { itemsOf, nowMs } from './testing.ts';
import type { Translator } from './translator.ts';

const translators: Readonly<Record<string, (i: Instances) => Translator>> = {
  Segment: (i) => new SegmentTranslator(i),
  Segments: (i) => new SegmentsTranslator(i),
  AttachedEvent: attachedEventTranslator,
  Event: eventTranslator,
  Instance: propertiesTranslator,
  Log: logTranslator,
  MeshMetrics: meshTranslator,
  Meter: meterTranslator,
  Meters: meterBatchTranslator,
  JvmMetrics: jvmTranslator,
  ClrMetrics: clrTranslator,
  BrowserError: browserErrorTranslator,
  PagePerformance: (i) => browserTranslator('PagePerformance', i),
  WebVitals: (i) => browserTranslator('WebVitals', i),
};

/** Values of a message in JSON; keys and values as agents write them, and others. */
function jsonOf(msg: Message): fc.Arbitrary<Record<string, unknown>> {
  const text = fc.oneof(
    fc.constantFrom('url', 'status_code', 'event', 'error', 'db.type', 'http.url', 'stack'),
    fc.constantFrom('traceparent', '200', '/a?b', 'h:1', 'de5980b8fce34a37aab9b4ac3af7eedd'),
    fc.string({ unit: 'grapheme', maxLength: 140 }),
  );
  const scalar = (field: Field): fc.Arbitrary<unknown> => {
    if (field.kind === 'string') return text;
    if (field.kind === 'bool') return fc.boolean();
    if (field.kind === 'double') return fc.double({ noNaN: true, noDefaultInfinity: true });
    if (field.kind === 'enum') return fc.integer({ min: -1, max: 12 });
    if (field.kind === 'int32') return fc.integer();
    if (field.kind === 'int64') return fc.oneof(fc.constant(nowMs), fc.integer({ min: -1 }));
    return jsonOf(field.message!);
  };
  const entries = msg.fields.map((field) => {
    if (field.isMap) return [field.name, fc.dictionary(text, text, { maxKeys: 3 })] as const;
    if (field.repeated) return [field.name, fc.array(scalar(field), { maxLength: 3 })] as const;
    return [field.name, scalar(field)] as const;
  });
  return fc.record(Object.fromEntries(entries), { requiredKeys: [] });
}

const recorded = ['node-agent', 'python-agent'].flatMap((name) =>
  readFileSync(new URL(`./testdata/${name}.jsonl`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"data"') && line.includes('Segment'))
    .map((line) => Buffer.from((JSON.parse(line) as { data: string }).data, 'base64')),
);

/** Adds bytes; whatever they are, the batch is valid and not much larger than they are. */
function tryAdd(make: (i: Instances) => Translator, bytes: Uint8Array): void {
  const translator = make(new Instances());
  try {
    translator.add(bytes, 0, bytes.length, { service: '', instance: '', ms: 0 }, nowMs);
  } catch (error) {
    assert.ok(error instanceof SkywalkingFault, String((error as Error).stack));
  }
  const batch = translator.finish();
  assert.ok(batch.byteLength <= 4000 + 60 * bytes.length);
  assert.equal(batch.signal === 'metrics' || itemsOf(batch).length === batch.itemCount, true);
}

describe('any bytes', () => {
  for (const [name, make] of Object.entries(translators)) {
    it(`as ${name}`, () => {
      fc.assert(
        fc.property(jsonOf(message(name as MessageName)), fc.nat(), fc.nat(255), (value, at, x) => {
          const bytes = readJson(
            name as MessageName,
            Buffer.from(JSON.stringify(value)),
            false,
          ).bytes;
          tryAdd(make, bytes);
          if (bytes.length === 0) return;
          const damaged = Uint8Array.from(bytes);
          damaged[at % damaged.length] = x;
          tryAdd(make, damaged);
          tryAdd(make, bytes.subarray(0, at % bytes.length));
        }),
        { numRuns: 150 },
      );
    });
  }

  it('of real segments that were damaged', () => {
    const change = fc.tuple(fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(
        fc.constantFrom(...recorded),
        fc.array(change, { maxLength: 4 }),
        (given, changes) => {
          const bytes = Buffer.from(given);
          for (const [at, x] of changes) bytes[at % bytes.length] = x;
          tryAdd((i) => new SegmentTranslator(i), bytes);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('that are a segment of long ids and many empty spans, or empty lists', () => {
    const translator = new SegmentTranslator(new Instances());
    const head = readJson(
      'Segment',
      Buffer.from(JSON.stringify({ traceId: 'x'.repeat(5000), traceSegmentId: 'y'.repeat(5000) })),
      false,
    ).bytes;
    const spans = Buffer.alloc(200_000);
    for (let i = 0; i < spans.length; i += 2) spans[i] = 0x1a;
    const long = Buffer.concat([head, spans]);
    assert.throws(() => translator.add(long, 0, long.length), /becomes 16 times as long/);
    const refs = Buffer.alloc(200_000);
    for (let i = 0; i < refs.length; i += 2) refs[i] = 0x2a;
    const span = Buffer.concat([Buffer.of(0x1a, 0xc0, 0x9a, 0x0c), refs]);
    const listed = Buffer.concat([head, span]);
    assert.throws(() => translator.add(listed, 0, listed.length), /becomes 16 times as long/);
    assert.equal(translator.finish().itemCount, 0);
  });

  it('that are small messages by the thousand', () => {
    const many = Buffer.alloc(2 * 200_000);
    for (let i = 0; i < many.length; i += 2) many[i] = 0x1a; // empty properties
    const translator = propertiesTranslator(new Instances());
    const add = () =>
      translator.add(many, 0, many.length, { service: '', instance: '', ms: 0 }, nowMs);
    assert.throws(add, /more than 100000 parts in one message/);
  });
});

describe('JSON', () => {
  const read = (text: string, name: MessageName = 'Segment', list = false) =>
    readJson(name, Buffer.from(text), list);

  it('by protobuf\u2019s rules', () => {
    const written = (value: string) =>
      Buffer.from(read(`{"spans":[{${value}}]}`).bytes)
        .subarray(2)
        .toString('hex');
    assert.equal(written('"spanLayer":"Http"'), written('"spanLayer":3'));
    assert.equal(written('"startTime":"5"'), written('"startTime":5'));
    assert.equal(written('"startTime":5.0'), written('"startTime":5e0'));
    assert.equal(written('"spanId":"-1"'), written('"spanId":-1'));
    assert.equal(written('"peer":null,"unknown":{"a":[1,{}]}'), '');
    assert.equal(written('"isError":true'), '5801');
  });

  it('of lists, with the end of each', () => {
    assert.deepEqual(read('[]', 'Segment', true).ends, []);
    const { bytes, ends } = read('[{"service":"a"},{},{"service":"bc"}]', 'Segment', true);
    assert.deepEqual(ends, [3, 3, 7]);
    assert.equal(bytes.length, 7);
  });

  it('that is none says where', () => {
    const bad: readonly (readonly [string, RegExp])[] = [
      ['', /^cannot read JSON at byte 0: expected an object, found the end$/],
      ['[]', /expected an object/],
      ['{"spans":{}}', /^cannot read JSON spans at byte 9: expected '\['/],
      [
        '{"spans":[{"tags":[{"key":5}]}]}',
        /JSON spans\[0\]\.tags\[0\]\.key at byte 26: expected a string/,
      ],
      ['{"spans":[{"spanLayer":"No"}]}', /unknown name 'No'/],
      ['{"spans":[{"spanId":4294967296}]}', /4294967296 does not fit 32 bits/],
      ['{"spans":[{"startTime":"x"}]}', /'x' is not an integer/],
      ['{"spans":[{"startTime":1.5}]}', /'1\.5' is not an integer/],
      ['{"spans":[{"isError":1}]}', /expected true or false/],
      ['{"service":"a"', /expected ',' or '}', found the end/],
      ['{"service":"a"}x', /expected the end/],
      ['{"service":"a}', /a string is not ended/],
      ['{service:1}', /expected a key/],
      ['{"x":'.padEnd(400, '['), /nesting is too deep/],
    ];
    for (const [text, expected] of bad)
      assert.throws(() => read(text), { message: expected }, text);
    const latin1 = Buffer.from('{"service":"\xe9"}', 'latin1');
    assert.throws(() => readJson('Segment', latin1, false), /not valid UTF-8/);
  });

  it('of any kind is read or refused', () => {
    const near = fc.json().map((text) => `{"spans":[${text}],"service":${text}}`);
    fc.assert(
      fc.property(fc.oneof(fc.json(), near, fc.string()), fc.boolean(), (text, list) => {
        try {
          read(text, 'Segment', list);
        } catch (error) {
          assert.ok(error instanceof SkywalkingFault, String((error as Error).stack));
        }
      }),
      { numRuns: 500 },
    );
  });
});
