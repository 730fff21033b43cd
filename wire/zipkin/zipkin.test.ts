import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseJson } from '../../pdata/json.ts';
import { spanTexts } from '../tagged-spans/testing.ts';
import { BinaryReader } from '../thrift/binary.ts';
import { ZipkinJson1 } from './json-v1.ts';
import { ZipkinJson2 } from './json-v2.ts';
import { ZipkinProto } from './proto-v2.ts';
import { ZipkinThrift1 } from './thrift-v1.ts';

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
