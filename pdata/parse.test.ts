import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkRequest, isUtf8 } from './check.ts';
import { Fault } from './check-table.ts';
import { fastCheck } from './fast-check.ts';
import { toJson } from './json.ts';
import { parseRequest } from './parse.ts';
import { Writer } from './proto/writer.ts';
import { SpanReader } from './readers.ts';
import { requestMessage } from './schema.ts';
import { signals } from './signal.ts';
import { mutate, randomRequest } from './testing/random-request.ts';
import { WireError } from './wire-error.ts';

const usual = { unknown: false, wild: false };
const wild = { unknown: true, wild: true };
const anySignal = fc.constantFrom(...signals);

/** Nested messages by field numbers, then raw bytes. */
function nested(fields: readonly number[], ...body: number[]): Uint8Array {
  let bytes = Uint8Array.from(body);
  for (const field of [...fields].reverse()) {
    const w = new Writer();
    w.bytesField(field, bytes);
    bytes = w.take();
  }
  return bytes;
}

function refuses(bytes: Uint8Array, message: RegExp, path?: string, offset?: number): void {
  assert.throws(
    () => parseRequest('traces', bytes),
    (error: unknown) => {
      assert.ok(error instanceof WireError, String(error));
      assert.match(error.message, message);
      if (path !== undefined) assert.equal(error.path, path);
      if (offset !== undefined) assert.equal(error.offset, offset);
      return true;
    },
  );
}

describe('structural pass', () => {
  it('takes the empty request', () => {
    for (const signal of signals)
      assert.equal(parseRequest(signal, new Uint8Array(0)).itemCount, 0);
  });

  it('names field, place and reason of a fault', () => {
    const span = [1, 2, 2];
    const at = 'ResourceSpans[0].scope_spans[0].spans[0]';
    refuses(
      nested([...span, 1], ...new Array(15).fill(1)),
      /trace_id at byte 6: length 15, expected 0 or 16$/,
      `${at}.trace_id`,
      6,
    );
    refuses(nested([...span, 4], 1), /length 1, expected 0 or 8$/, `${at}.parent_span_id`);
    refuses(nested(span, 0), /field number 0$/);
    refuses(nested(span, 0x30, 0x80), /a varint runs past the end/, `${at}.kind`);
    refuses(
      nested(span, 0x30, ...new Array(10).fill(0x80), 1),
      /longer than 10 bytes/,
      `${at}.kind`,
    );
    refuses(nested(span, 0x2a, 5, 65), /length 5 runs past the end/, `${at}.name`);
    refuses(nested(span, 0x28, 5), /wire type 0 \(varint\) does not fit utf8$/, `${at}.name`);
    refuses(nested(span, 0x39, 1, 2), /fixed-width value runs past/, `${at}.start_time_unix_nano`);
    refuses(nested(span, 0x2a, 1, 0xff), /not valid UTF-8/, `${at}.name`);
    refuses(nested([...span, 9, 1], 0xc3), /not valid UTF-8/, `${at}.attributes[0].key`);
    refuses(nested(span, 0x9b, 1, 8, 1), /a group is not ended/);
    refuses(nested(span, 0x9c, 1), /an end group without its start/);
    refuses(nested(span, 0x9e, 1), /wire type 6 does not exist/);
    refuses(nested(span, 0x80, 0x80, 0x80, 0x80, 0x80, 1), /a tag is larger than 32 bits/);
    refuses(Uint8Array.of(0x80), /cannot read request at byte 0/, '', 0);
  });

  it('checks the text of service.name and no other value', () => {
    const bad = (key: string): Uint8Array => {
      const w = new Writer();
      w.stringField(1, key);
      const value = w.open(2);
      w.bytesField(1, Uint8Array.of(0xff));
      w.close(value);
      return nested([1, 1, 1], ...w.take());
    };
    refuses(bad('service.name'), /not valid UTF-8/);
    assert.equal(parseRequest('traces', bad('other.names')).itemCount, 0);
  });

  it('limits nesting', () => {
    const depth = (levels: number): Uint8Array => {
      const fields = [1, 2, 2, 9, 2];
      for (let i = 1; i < levels; i += 1) fields.push(5, 1);
      return nested(fields, 10, 0);
    };
    assert.equal(parseRequest('traces', depth(64)).itemCount, 1);
    refuses(depth(65), /nesting is deeper than 64/);
    assert.throws(() => parseRequest('traces', depth(4), { maxNesting: 3 }), WireError);
    refuses(nested([1, 2, 2], ...new Array(500).fill([0xa3, 1]).flat()), /nesting/);
  });

  it('refuses a metric with two kinds of data', () => {
    const w = new Writer();
    w.bytesField(5, new Uint8Array(0));
    w.bytesField(7, new Uint8Array(0));
    assert.throws(() => parseRequest('metrics', nested([1, 2, 2], ...w.take())), /data twice/);
  });

  it('brings groups into order and takes the deprecated list', () => {
    const w = new Writer();
    const group = w.open(1);
    for (const [field, name] of [
      [1000, 'a'],
      [1000, 'b'],
    ] as const) {
      const list = w.open(field);
      const span = w.open(2);
      w.stringField(5, name);
      w.close(span);
      const scope = w.open(1);
      w.stringField(1, 'late');
      w.close(scope);
      w.close(list);
    }
    for (const key of ['x', 'y']) {
      const resource = w.open(1);
      const attribute = w.open(1);
      w.stringField(1, key);
      w.close(attribute);
      w.close(resource);
    }
    w.close(group);
    const batch = parseRequest('traces', w.take());
    assert.equal(batch.itemCount, 2);
    assert.equal(
      toJson(batch),
      '{"resourceSpans":[{"resource":{"attributes":[{"key":"x"},{"key":"y"}]},"scopeSpans":[' +
        '{"scope":{"name":"late"},"spans":[{"name":"a"}]},' +
        '{"scope":{"name":"late"},"spans":[{"name":"b"}]}]}]}',
    );
    const reader = new SpanReader(batch);
    const seen: string[] = [];
    while (reader.nextAnyItem()) seen.push(`${reader.scope.string(1)}/${reader.name}`);
    assert.deepEqual(seen, ['late/a', 'late/b']);
  });

  it('ignores the deprecated list beside the new one', () => {
    const w = new Writer();
    const group = w.open(1);
    for (const field of [2, 1000]) {
      const list = w.open(field);
      w.bytesField(2, new Uint8Array(0));
      w.close(list);
    }
    w.close(group);
    assert.equal(parseRequest('traces', w.take()).itemCount, 1);
  });

  it('accepts every request that the generator makes', () => {
    fc.assert(
      fc.property(anySignal, fc.integer(), fc.boolean(), (signal, seed, odd) => {
        const bytes = randomRequest(signal, seed, odd ? wild : usual);
        const batch = parseRequest(signal, bytes);
        for (const range of batch.ranges()) {
          assert.equal(parseRequest(signal, range).itemCount, batch.itemCount);
        }
      }),
      { numRuns: 600 },
    );
  });

  it('throws nothing but WireError for mutated requests', () => {
    let refused = 0;
    fc.assert(
      fc.property(anySignal, fc.integer(), (signal, seed) => {
        const bytes = mutate(randomRequest(signal, seed, wild), seed + 1);
        try {
          const batch = parseRequest(signal, bytes);
          toJson(batch);
        } catch (error) {
          assert.ok(error instanceof WireError, String(error));
          assert.ok(error.offset >= 0 && error.offset <= bytes.length);
          refused += 1;
        }
      }),
      { numRuns: 1500 },
    );
    assert.ok(refused > 100, `only ${refused} of 1500 were refused`);
  });

  it('agrees with Node on what is UTF-8', () => {
    const strict = new TextDecoder('utf-8', { fatal: true });
    const edges = fc.constantFrom(
      0x7f,
      0x80,
      0xbf,
      0xc1,
      0xc2,
      0xe0,
      0xed,
      0x9f,
      0xa0,
      0xf0,
      0x8f,
      0x90,
      0xf4,
      0xf5,
      0xff,
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(edges, fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
        (list) => {
          const bytes = Uint8Array.from(list);
          let valid = true;
          try {
            strict.decode(bytes);
          } catch {
            valid = false;
          }
          assert.equal(isUtf8(bytes, 0, bytes.length), valid);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('structural pass in C', () => {
  it('finds the same as the one in TypeScript', (t) => {
    if (fastCheck === undefined) {
      t.skip('native/build/otlp.node is not there or switched off');
      return;
    }
    const addon = fastCheck;
    let faults = 0;
    fc.assert(
      fc.property(anySignal, fc.integer(), fc.integer({ min: 0, max: 2 }), (signal, seed, kind) => {
        const sound = randomRequest(signal, seed, kind === 0 ? usual : wild);
        const bytes = kind < 2 ? sound : mutate(sound, seed + 1);
        const root = requestMessage[signal].index;
        const nesting = 1 + (Math.abs(seed) % 9);
        const plain = checkRequest(bytes, root, nesting);
        const found = addon.check(bytes, root, nesting);
        assert.equal(addon.fault(), plain.fault);
        if (plain.fault === Fault.none) {
          assert.equal(found, plain.items * 2 + (plain.unordered ? 1 : 0));
        } else {
          assert.equal(found, -1);
          assert.equal(addon.faultOffset(), plain.offset);
          faults += 1;
        }
      }),
      { numRuns: 4000 },
    );
    assert.ok(faults > 100, `only ${faults} requests had faults`);
  });

  it('is off when the environment says so', () => {
    const module = new URL('./fast-check.ts', import.meta.url).href;
    const script = `import(${JSON.stringify(module)}).then((m) => console.log(m.fastCheck === undefined))`;
    for (const name of ['WIRESTITCH_FAST_PATHS=off', 'WIRESTITCH_NO_NATIVE=1']) {
      const [key = '', value = ''] = name.split('=');
      const env = { ...process.env, [key]: value };
      const out = execFileSync(process.execPath, ['-e', script], { env, encoding: 'utf8' });
      assert.equal(out, 'true\n', name);
    }
  });

  it('reads nothing beyond the end of a view', (t) => {
    if (fastCheck === undefined) {
      t.skip('native/build/otlp.node is not there or switched off');
      return;
    }
    const whole = randomRequest('traces', 7, usual);
    const root = requestMessage.traces.index;
    for (let cut = 0; cut < whole.length; cut += 1) {
      const view = whole.subarray(0, cut);
      const plain = checkRequest(view, root, 64);
      assert.equal(fastCheck.check(view, root, 64) === -1, plain.fault !== Fault.none);
    }
  });
});
