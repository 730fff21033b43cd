/**
 * The corpus of influxdata/line-protocol (MIT), found by WIRESTITCH_CONFORMANCE. Texts and values
 * are compared, and whether there is an error; its wording is each program's own.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Kind, LineReader } from './line-reader.ts';
import { truncatedNow } from './numbers.ts';
import { precisionOf } from './precision.ts';
import { readSeries, unescapeName, unescapeText } from './series-key.ts';

type CorpusText = string | { binary: string };
interface CorpusEntry {
  readonly input: { text: CorpusText; defaultTime: bigint | number; precision: string };
  readonly output: { error?: string; result?: unknown[] };
}

const file = join(process.env.WIRESTITCH_CONFORMANCE ?? '', 'influx/corpus.json');

/** JSON whose integers beyond 2^53 are bigints. */
function parseExact(text: string): unknown {
  const reviver = (_key: string, value: unknown, context?: { source?: string }): unknown => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    const source = context?.source ?? '';
    return /^-?\d+$/.test(source) ? BigInt(source) : value;
  };
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}

const plain = (text: CorpusText): Buffer =>
  typeof text === 'string' ? Buffer.from(text) : Buffer.from(text.binary, 'base64');

const shown = (text: string): CorpusText => text;

function fieldValue(reader: LineReader, i: number): Record<string, unknown> {
  const { values } = reader;
  const at = i * 8;
  switch (reader.kind[i]) {
    case Kind.double:
      return { float: values.getFloat64(at, true) + 0 };
    case Kind.int:
      return { int: values.getBigInt64(at, true) };
    case Kind.uint:
      return { uint: values.getBigUint64(at, true) };
    case Kind.bool:
      return { bool: values.getUint32(at, true) === 1 };
    default: {
      const text = unescapeText(reader.bytes, reader.textStart[i]!, reader.textEnd[i]!);
      return { string: shown(text) };
    }
  }
}

/** The points of a text in the corpus' form, or its first fault. */
function decode(input: CorpusEntry['input']): unknown[] | string {
  const unitNs = precisionOf(input.precision.slice(1))!.unitNs;
  const reader = new LineReader(plain(input.text), unitNs);
  const points: unknown[] = [];
  while (reader.next()) {
    if (reader.fault !== '') return reader.fault;
    const key = readSeries(reader.bytes, reader.start, reader.seriesEnd);
    if ('fault' in key) return key.fault;
    const fields: unknown[] = [];
    for (let i = 0; i < reader.fieldCount; i += 1) {
      const name = reader.bytes.subarray(reader.keyStart[i], reader.keyEnd[i]);
      if (Buffer.from(name.toString()).compare(name) !== 0) return 'invalid UTF-8';
      const text = unescapeName(reader.bytes, reader.keyStart[i]!, reader.keyEnd[i]!, true);
      fields.push({ key: text, value: fieldValue(reader, i) });
    }
    const tags = key.tags.map(([k, value]) => ({ key: k, value }));
    tags.sort((a, b) => Buffer.from(a.key).compare(Buffer.from(b.key)));
    if (!reader.hasTime) truncatedNow(Number(input.defaultTime) / 1e6, unitNs, reader.time);
    const { lo, hi } = reader.time;
    const time = BigInt.asIntN(64, (BigInt(hi) << 32n) | BigInt(lo));
    points.push({ fields, name: key.measurement, tags, time, given: reader.hasTime });
  }
  return points;
}

/** Binary texts, and numbers of one type. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const object = value as Record<string, unknown>;
  if (typeof object.binary === 'string') return Buffer.from(object.binary, 'base64').toString();
  const out: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(object)) {
    const integer = key === 'int' || key === 'uint' || key === 'time';
    out[key] = integer && typeof one === 'number' ? BigInt(one) : canonical(one);
    // The corpus has no sign on zeros: `-0.` is written as 0 there.
    if (key === 'float') out[key] = Number(one) + 0;
  }
  return out;
}

test('line protocol corpus', (t) => {
  if (!existsSync(file)) return t.skip('WIRESTITCH_CONFORMANCE holds no influx/corpus.json');
  const corpus = parseExact(readFileSync(file, 'utf8')) as {
    decode: Record<string, CorpusEntry>;
    encode: Record<
      string,
      { input: { point: unknown; precision: string }; output: { result?: CorpusText } }
    >;
  };
  let checked = 0;
  for (const [id, { input, output }] of Object.entries(corpus.decode)) {
    const got = decode(input);
    const text = JSON.stringify(input.text);
    if (output.error !== undefined) {
      assert.equal(typeof got, 'string', `${id}: ${text} is accepted; ${output.error}`);
    } else {
      assert.notEqual(typeof got, 'string', `${id}: ${text} is refused: ${String(got)}`);
      const want = canonical(output.result ?? []) as { time: bigint }[];
      const points = (got as { time: bigint; given: boolean }[]).map(({ given, ...point }, i) => {
        // A clock of doubles has no nanoseconds: a missing time is only known to a microsecond.
        const near = (want[i]?.time ?? 0n) - point.time;
        const fits = !given && near >= -1000n && near <= 1000n;
        return fits ? { ...point, time: want[i]!.time } : point;
      });
      assert.deepEqual(points, want, `${id}: ${text}`);
    }
    checked += 1;
  }
  assert.ok(checked > 3000);
  // What the reference encodes is what is read: texts of the encoder's cases, decoded.
  let encoded = 0;
  for (const [id, { input, output }] of Object.entries(corpus.encode)) {
    if (output.result === undefined) continue;
    const got = decode({ text: output.result, defaultTime: 0, precision: input.precision });
    assert.notEqual(
      typeof got,
      'string',
      `${id}: ${JSON.stringify(output.result)}: ${String(got)}`,
    );
    const points = (got as { given: boolean }[]).map(({ given: _, ...point }) => point);
    assert.deepEqual(points, canonical([input.point]), `${id}: ${JSON.stringify(output.result)}`);
    encoded += 1;
  }
  assert.ok(encoded > 30);
});
