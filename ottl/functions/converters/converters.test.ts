import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { OttlRuntimeError } from '../../errors.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { readCsvRow } from './csv-reader.ts';
import { fnv64a } from './fnv.ts';
import { camelCase, compareUtf8, snakeCase, toLower, toUpper } from './go-text.ts';
import { converters } from './index.ts';
import { isInNetwork, parseIp, parseNetwork } from './ip.ts';
import { murmur32, murmur128 } from './murmur3.ts';
import { parseInteger } from './parse-integer.ts';
import { sprintf } from './printf/sprintf.ts';
import { convert, dynamic } from './testing.ts';
import { textDecoder } from './text-encodings.ts';
import { xxh3, xxh128 } from './xxh3.ts';

const runs = { numRuns: 300 };

test('names are unique and begin with a capital', () => {
  const names = converters.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^[A-Z]/);
});

suite('texts', () => {
  test('order is that of UTF-8', () => {
    const order = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(text, text, (a, b) => assert.equal(compareUtf8(a, b), order(a, b))),
      runs,
    );
    assert.equal(compareUtf8('\uffff', '😀'), -1);
  });

  test('cases keep the number of letters', () => {
    assert.equal(toUpper('straße ᾳ ŉ'), 'STRAßE ᾼ ŉ');
    assert.equal(toLower('İΑΣ'), 'iας'.replace('ς', 'σ'));
  });

  test('snake and camel', () => {
    const cases = [
      ['HTTPServerID', 'http_server_id', 'HttpserverId'],
      ['some_name', 'some_name', 'SomeName'],
      ['a1b', 'a_1_b', 'A1B'],
      ['', '', ''],
    ];
    for (const [input, snake] of cases) assert.equal(snakeCase(input!), snake);
    assert.equal(camelCase('some_name-of.it'), 'SomeNameOfIt');
    assert.equal(camelCase('a1b'), 'A1B');
  });

  test('a substring may not reach beyond the bytes', () => {
    const substring = (text: string, start: bigint, length: bigint, safe?: boolean) =>
      convert('Substring', {
        target: dynamic(text),
        start: dynamic(start),
        length: dynamic(length),
        utf8_safe: safe,
      });
    assert.equal(substring('aéb', 0n, 2n, true), 'a');
    assert.equal(substring('aéb', 0n, 4n), 'aéb');
    assert.throws(() => substring('aéb', 0n, 5n), OttlRuntimeError);
    assert.throws(() => substring('a', -1n, 1n), /cannot be negative/);
  });
});

suite('numbers', () => {
  test('integers of any base', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.integer({ min: 2, max: 36 }),
        (value, base) => {
          assert.equal(parseInteger(value.toString(base), base), value);
        },
      ),
      runs,
    );
    assert.throws(() => parseInteger('9223372036854775808', 10), /value out of range/);
    assert.throws(() => parseInteger('9'.repeat(100_000), 10), /value out of range/);
    assert.equal(parseInteger('0x_ff', 0), 255n);
  });

  test('printf of integers and texts', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        assert.equal(sprintf('%d', [value]), String(value));
        assert.equal(sprintf('%25d', [value]).trim(), String(value));
        assert.equal(sprintf('%-25d|', [value]), `${String(value).padEnd(25)}|`);
      }),
      runs,
    );
    assert.equal(sprintf('%.0f %.0f %.1f', [0.5, 1.5, 0.25]), '0 2 0.2');
    assert.equal(sprintf('%f', [1e22]), '10000000000000000000000.000000');
    assert.equal(sprintf('%v', [1e6]), '1e+06');
    assert.equal(sprintf('%9999999999d', [1n]).length < 2_000_000, true);
  });

  test('doubles survive %v', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        assert.equal(Number(sprintf('%v', [value])), value);
        assert.equal(Number(sprintf('%e', [value])) + 0, Number(value.toExponential(6)) + 0);
      }),
      runs,
    );
  });
});

suite('hashes', () => {
  // the answers of the references' own test programs
  test('known answers', () => {
    assert.equal(fnv64a(Buffer.from('hello')), -6615550055289275125n);
    assert.equal(murmur32(Buffer.from('hello')), 0x248bfa47);
    assert.deepEqual(murmur128(Buffer.from('hello')), [0xcbd8a7b341bd9b02n, 0x5b1e906a48ae1d19n]);
    assert.equal(xxh3(Buffer.alloc(0)), 0x2d06800538d394c2n);
    assert.equal(xxh128(Buffer.alloc(0)), 0x99aa06d3014798d86001c324468d497fn);
  });
});

suite('base64', () => {
  test('comes back, and what Buffer forgives is refused', () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.constantFrom('base64', 'base64-raw', 'base64-url', 'base64-raw-url'),
        (bytes, variant) => {
          const text = encodeBase64(bytes, variant);
          assert.deepEqual(new Uint8Array(decodeBase64(text, variant)), bytes);
        },
      ),
      runs,
    );
    for (const bad of ['a', 'aa=', 'aa===', 'a a=', '====', 'aGVsbG8']) {
      assert.throws(() => decodeBase64(bad, 'base64'), /illegal base64 data at input byte/);
    }
  });
});

suite('networks', () => {
  test('IPv4 as node:net sees it', () => {
    const octets = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(octets, octets, fc.integer({ min: 0, max: 32 }), (a, b, bits) => {
        const list = new BlockList();
        list.addSubnet(b.join('.'), bits, 'ipv4');
        const network = parseNetwork(`${b.join('.')}/${bits}`);
        const found = isInNetwork(parseIp(a.join('.'))!, network);
        assert.equal(found, list.check(a.join('.'), 'ipv4'));
      }),
      runs,
    );
  });

  test('IPv6 as node:net sees it', () => {
    const groups = fc.array(fc.integer({ min: 0, max: 65535 }), { minLength: 8, maxLength: 8 });
    const text = (all: number[]) => all.map((group) => group.toString(16)).join(':');
    fc.assert(
      fc.property(groups, groups, fc.integer({ min: 1, max: 128 }), (a, b, bits) => {
        // the same beginning, as random ones are never near
        const near = [...b.slice(0, 4), ...a.slice(4)];
        const list = new BlockList();
        list.addSubnet(text(b), bits, 'ipv6');
        const found = isInNetwork(parseIp(text(near))!, parseNetwork(`${text(b)}/${bits}`));
        assert.equal(found, list.check(text(near), 'ipv6'));
      }),
      runs,
    );
  });

  test('no address', () => {
    for (const bad of [
      '',
      '1.2.3',
      '01.2.3.4',
      '1::2::3',
      ':::',
      '1:2:3:4:5:6:7',
      'fe80::1%eth0',
    ]) {
      assert.equal(parseIp(bad), undefined, bad);
    }
  });
});

suite('CSV', () => {
  test('quoted fields come back', () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', ' ', 'é', '\n') });
    fc.assert(
      fc.property(fc.array(field, { minLength: 1 }), (fields) => {
        const row = fields.map((text) => `"${text.replaceAll('"', '""')}"`).join(',');
        assert.deepEqual(readCsvRow(row, ',', false), fields);
      }),
      runs,
    );
  });

  test('anything ends in fields or a fault', () => {
    const any = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r') });
    fc.assert(
      fc.property(any, fc.boolean(), (row, lazy) => {
        try {
          assert.ok(readCsvRow(row, ',', lazy).length > 0);
        } catch (error) {
          assert.match((error as Error).message, /csv/);
        }
      }),
      runs,
    );
  });
});

suite('encodings', () => {
  test('code pages', () => {
    assert.equal(textDecoder('IBM437')(Uint8Array.of(0x80, 0x41, 0xff)), 'ÇA\u00a0');
    assert.equal(textDecoder('ibm037')(Uint8Array.of(0xc1, 0x4b, 0xf0)), 'A.0');
    assert.equal(textDecoder('hz-gb-2312')(Buffer.from('a~{VPND~}~~')), 'a中文~');
    assert.throws(() => textDecoder('nope'), /unsupported encoding 'nope'/);
  });
});

suite('ids', () => {
  test('UUIDs carry version, variant and time', () => {
    assert.equal(convert('UUID', {}), 'abababab-abab-4bab-abab-abababababab');
    const seven = String(convert('UUIDv7', {}));
    assert.match(seven, /^[0-9a-f-]{36}$/);
    assert.equal(
      Number.parseInt(seven.replace('-', '').slice(0, 12), 16),
      Date.UTC(2024, 0, 3, 12),
    );
    assert.equal(seven[14], '7');
  });
});
