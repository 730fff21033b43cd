import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseJson, toJson } from './json.ts';
import { parseRequest } from './parse.ts';
import { type Signal, signals } from './signal.ts';
import { mutate, randomRequest } from './testing/random-request.ts';
import { WireError } from './wire-error.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const span = (fields: string): Uint8Array =>
  encode(`{"resourceSpans":[{"scopeSpans":[{"spans":[{${fields}}]}]}]}`);

/** Reads one span's JSON and prints it again. */
function f(fields: string, want: string): void {
  const text = toJson(parseJson('traces', span(fields)));
  assert.equal(text, `{"resourceSpans":[{"scopeSpans":[{"spans":[{${want}}]}]}]}`);
}

function refuses(fields: string, message: RegExp): void {
  assert.throws(
    () => parseJson('traces', span(fields)),
    (error: unknown) => {
      assert.ok(error instanceof WireError, String(error));
      assert.match(error.message, message);
      return true;
    },
  );
}

const attribute = (value: string): string => `"attributes":[{"key":"k","value":${value}}]`;

describe('OTLP/JSON', () => {
  it('reads ids as hex, names in both forms, enums as names and numbers', () => {
    f(
      '"traceId":"5B8EFFF798038103D269B633813FC60C"',
      '"traceId":"5b8efff798038103d269b633813fc60c"',
    );
    f(
      '"trace_id":"","parent_span_id":"EEE19B7EC3C1B173"',
      '"traceId":"","parentSpanId":"eee19b7ec3c1b173"',
    );
    f('"kind":"SPAN_KIND_SERVER"', '"kind":2');
    f('"kind":3,"status":{"code":"STATUS_CODE_ERROR"}', '"kind":3,"status":{"code":2}');
  });

  it('keeps 64 bits exact', () => {
    f('"startTimeUnixNano":1544712660300000001', '"startTimeUnixNano":"1544712660300000001"');
    f('"endTimeUnixNano":"18446744073709551615"', '"endTimeUnixNano":"18446744073709551615"');
    f(
      attribute('{"intValue":-9223372036854775808}'),
      attribute('{"intValue":"-9223372036854775808"}'),
    );
    f(attribute('{"intValue":"9007199254740993"}'), attribute('{"intValue":"9007199254740993"}'));
    f(attribute('{"intValue":1e3}'), attribute('{"intValue":"1000"}'));
  });

  it('reads doubles in every form', () => {
    f(attribute('{"doubleValue":637.704}'), attribute('{"doubleValue":637.704}'));
    f(attribute('{"doubleValue":"NaN"}'), attribute('{"doubleValue":"NaN"}'));
    f(attribute('{"doubleValue":"-Infinity"}'), attribute('{"doubleValue":"-Infinity"}'));
    f(attribute('{"doubleValue":-0}'), attribute('{"doubleValue":-0}'));
    f(attribute('{"doubleValue":"1.5e300"}'), attribute('{"doubleValue":1.5e+300}'));
  });

  it('reads text, bytes and nested values', () => {
    f('"name":"a\\u00e9\\ud83d\\ude00\\n\\"\\/"', '"name":"aé😀\\n\\"/"');
    f('"name":"\\ud800"', '"name":"\ufffd"');
    f(attribute('{"bytesValue":"3q2-7w"}'), attribute('{"bytesValue":"3q2+7w=="}'));
    f(
      attribute('{"arrayValue":{"values":[{"boolValue":true},null,{}]}}'),
      attribute('{"arrayValue":{"values":[{"boolValue":true},{},{}]}}'),
    );
    f(
      attribute('{"kvlistValue":{"values":[{"key":"a","value":{"intValue":1}}]}}'),
      attribute('{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"1"}}]}}'),
    );
  });

  it('ignores unknown fields and nulls; the last of equal keys wins', () => {
    f('"nope":{"a":[1,{"b":null}]},"name":null,"kind":1', '"kind":1');
    f('"name":"a","name":"b"', '"name":"b"');
    f('"status":{"message":"x"},"status":{"code":1}', '"status":{"code":1}');
    f(
      '"events":[{"name":"x"},{}],"name":"n","events":[{"name":"y"}]',
      '"name":"n","events":[{"name":"y"}]',
    );
    f(attribute('{"stringValue":"a","intValue":1}'), attribute('{"intValue":"1"}'));
    const metric =
      '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{},"name":"m","sum":{}}]}]}]}';
    assert.match(toJson(parseJson('metrics', encode(metric))), /\{"name":"m","sum":\{\}\}/);
  });

  it('brings groups into order', () => {
    const text =
      '{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}],"scope":{"name":"s"}}],"resource":{}}]}';
    assert.equal(
      toJson(parseJson('traces', encode(text))),
      '{"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{"name":"s"},"spans":[{"name":"a"}]}]}]}',
    );
  });

  it('refuses with path and place', () => {
    refuses(
      '"traceId":"0102"',
      /resourceSpans\[0\]\.scopeSpans\[0\]\.spans\[0\]\.traceId at byte \d+: length 2, expected 0 or 16/,
    );
    refuses('"traceId":"zz"', /'zz' is not hex/);
    refuses('"kind":"SERVER"', /unknown name 'SERVER'/);
    refuses('"kind":{}', /expected a digit/);
    refuses('"startTimeUnixNano":-1', /-1 does not fit fixed64/);
    refuses('"startTimeUnixNano":"1.5"', /is not an integer/);
    refuses('"droppedEventsCount":4294967296', /does not fit uint32/);
    refuses('"name":5', /expected a string, found '5'/);
    refuses('"events":{}', /expected '\['/);
    refuses('"name":"a" "kind":1', /expected ',' or '}'/);
    refuses('"name":"\n"', /control character/);
    refuses('"name":"\\x"', /bad escape/);
    refuses('"x":01', /begins with 0/);
    refuses(attribute('{"bytesValue":"!"}'), /is not base64/);
    refuses(`"x":${'['.repeat(100)}${']'.repeat(100)}`, /nesting is too deep/);
    refuses(attribute('{"arrayValue":{"values":['.repeat(70)), /nesting is deeper than 64/);
    for (const text of ['', '[]', '{', '{}x', 'null', '{"resourceSpans":[{]}']) {
      assert.throws(() => parseJson('traces', encode(text)), WireError, text);
    }
    assert.throws(() => parseJson('traces', Buffer.from('{"a":"\xff"}', 'latin1')), /UTF-8/);
  });

  it('returns what was printed', () => {
    fc.assert(
      fc.property(fc.constantFrom(...signals), fc.integer(), (signal, seed) => {
        const bytes = randomRequest(signal, seed, { unknown: false, wild: false });
        const text = toJson(parseRequest(signal, bytes));
        const back = parseJson(signal, encode(text));
        assert.equal(back.itemCount, parseRequest(signal, bytes).itemCount);
        assert.equal(toJson(back), text);
        JSON.parse(text);
      }),
      { numRuns: 500 },
    );
  });

  it('gives the same bytes for spans, logs and metrics in the usual order', () => {
    let same = 0;
    fc.assert(
      fc.property(fc.constantFrom('traces', 'logs'), fc.integer(), (signal, seed) => {
        const bytes = randomRequest(signal, seed, { unknown: false, wild: false });
        const back = parseJson(signal, encode(toJson(parseRequest(signal, bytes))));
        assert.deepEqual(Buffer.from(back.ranges()[0]!), Buffer.from(bytes));
        same += bytes.length;
      }),
      { numRuns: 300 },
    );
    assert.ok(same > 1000);
  });

  it('takes the last of keys that come twice, whatever they hold', () => {
    const event = '{"name":"e","name":"f","attributes":[{"key":"a"}]}';
    const texts: Record<string, string[]> = {
      name: ['""', '"n"', '"longer"'],
      kind: ['1', '2'],
      attributes: ['[]', '[{"key":"a"}]', '[{"key":"b"},{"key":"c"}]'],
      events: ['[]', `[${event}]`, `[${event},${event}]`],
      status: ['{}', '{"code":1,"code":2}', '{"message":"m"}'],
      endTimeUnixNano: ['"7"', '"9"'],
    };
    const key = fc.constantFrom(...Object.keys(texts));
    const pair = key.chain((k) => fc.constantFrom(...texts[k]!).map((v) => `"${k}":${v}`));
    const read = (json: string): unknown => JSON.parse(toJson(parseJson('traces', span(json))));
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 12 }), (pairs) => {
        const fields = pairs.join();
        const once = JSON.stringify(JSON.parse(`{${fields}}`)).slice(1, -1);
        assert.deepEqual(read(fields), read(once));
      }),
      { numRuns: 300 },
    );
  });

  it('throws nothing but WireError for mutated text', () => {
    fc.assert(
      fc.property(fc.constantFrom(...signals), fc.integer(), (signal, seed) => {
        const sound = randomRequest(signal, seed, { unknown: false, wild: false });
        const text = encode(toJson(parseRequest(signal, sound)));
        try {
          parseJson(signal, mutate(text, seed));
        } catch (error) {
          assert.ok(error instanceof WireError, String(error));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('reads the examples of opentelemetry-proto', (t) => {
    const dir = process.env.WIRESTITCH_CONFORMANCE;
    if (dir === undefined || !existsSync(join(dir, 'otlp/examples'))) {
      t.skip('WIRESTITCH_CONFORMANCE does not name a folder with otlp/examples');
      return;
    }
    const files: [string, Signal, number][] = [
      ['trace', 'traces', 1],
      ['logs', 'logs', 1],
      ['events', 'logs', 1],
      ['metrics', 'metrics', 4],
    ];
    for (const [name, signal, items] of files) {
      const bytes: Buffer = readFileSync(join(dir, 'otlp/examples', `${name}.json`));
      const batch = parseJson(signal, bytes);
      assert.equal(batch.itemCount, items);
      const sorted = (value: unknown): unknown =>
        Array.isArray(value)
          ? value.map(sorted)
          : typeof value === 'object' && value !== null
            ? Object.fromEntries(
                Object.entries(value)
                  .sort(([a], [b]) => (a < b ? -1 : 1))
                  .map(([k, v]) => [k, /Id$/.test(k) ? String(v).toLowerCase() : sorted(v)]),
              )
            : value;
      assert.deepEqual(
        sorted(JSON.parse(toJson(batch))),
        sorted(JSON.parse(bytes.toString('utf8'))),
        name,
      );
    }
  });
});
