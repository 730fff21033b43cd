import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseJson, toJson } from '../../pdata/json.ts';
import { config } from './config.ts';
import { byResource, byTrace } from './divide.ts';
import { bodyBytes } from './encode.ts';
import { partitionerFor, saramaPartition } from './partitions.ts';
import { type PlacedRecord, recordBytes, requests, setOverhead } from './records.ts';

describe('kafka: partitions', () => {
  it('hashes keys as Sarama does', () => {
    // FNV-1a of 32 bits: 0x811c9dc5, 0xe40c292c, 0xbf9cf968; signed, without sign, mod 7
    const expected = [0x811c9dc5, 0xe40c292c, 0xbf9cf968].map((hash) => Math.abs(hash | 0) % 7);
    const keys = ['', 'a', 'foobar'].map((key) => saramaPartition(Buffer.from(key), 7));
    assert.deepEqual(keys, expected);
  });

  it('keeps records without key together within a request, round_robin spreads all', () => {
    const of = (given: object) =>
      partitionerFor(
        config.parse({ record_partitioner: given }).record_partitioner,
        () => -1,
        (_, partition) => (partition === 2 ? 0 : 5),
        () => 0.6,
      );
    const sticky = of({ sticky_key: { hasher: 'murmur2' } });
    assert.deepEqual(
      [0, 0].map(() => sticky.choose('t', undefined, 5)),
      [3, 3],
    );
    assert.equal(sticky.choose('t', Buffer.from('k'), 4), 0x7fffffff % 4);
    const turns = of({ round_robin: {} });
    assert.deepEqual(
      [0, 0, 0].map(() => turns.choose('t', Buffer.from('k'), 2)),
      [0, 1, 0],
    );
    assert.equal(of({ least_backup: {} }).choose('t', undefined, 5), 2);
  });
});

describe('kafka: requests', () => {
  it('keep within limits, hold every record once and in order', () => {
    const record = fc.record({ size: fc.nat(400), partition: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 40 }), fc.nat(5), (sizes, most) => {
        const records: Omit<PlacedRecord, 'of'>[] = sizes.map(({ size, partition }) => ({
          topic: 't',
          partition,
          key: undefined,
          value: Buffer.alloc(size),
          headers: undefined,
        }));
        const limits = { partitionBytes: 1000, bytes: 1500, records: most + 1 };
        const all = [...requests(records, limits)];
        assert.deepEqual(all.flat(), records);
        for (const request of all) {
          assert.ok(request.length <= most + 1);
          for (const partition of [0, 1, 2]) {
            const own = request.filter((one) => one.partition === partition);
            const bytes = own.reduce((sum, one) => sum + recordBytes(one), setOverhead);
            assert.ok(own.length <= 1 || bytes <= 1000);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

const id = (n: number): string => (n === 0 ? '' : n.toString(16).padStart(32, '0'));

describe('kafka: division', () => {
  it('gives each trace of a scope a record, nothing is lost or mixed', () => {
    const scope = fc.array(fc.nat(3), { minLength: 1, maxLength: 8 });
    const group = fc.array(scope, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(group, { minLength: 1, maxLength: 3 }), (groups) => {
        const resourceLogs = groups.map((scopes, g) => ({
          resource: { attributes: [{ key: 'g', value: { intValue: String(g) } }] },
          schemaUrl: 'u',
          scopeLogs: scopes.map((ids, s) => ({
            scope: { name: `s${s}` },
            logRecords: ids.map((n, i) => ({ traceId: id(n), timeUnixNano: String(i + 1) })),
          })),
        }));
        const batch = parseJson('logs', Buffer.from(JSON.stringify({ resourceLogs })));
        const seen: string[] = [];
        for (const { key, batch: piece } of byTrace(batch)) {
          const json = JSON.parse(toJson(piece)) as { resourceLogs: typeof resourceLogs };
          assert.equal(json.resourceLogs.length, 1);
          const [only] = json.resourceLogs;
          assert.equal(only!.schemaUrl, 'u');
          const { scope: named, logRecords } = only!.scopeLogs[0]!;
          assert.equal(piece.itemCount, logRecords.length);
          for (const { traceId, timeUnixNano } of logRecords) {
            assert.equal(key?.toString() ?? '', traceId ?? '');
            const g = only!.resource.attributes[0]!.value.intValue;
            seen.push(`${g} ${named.name} ${timeUnixNano}`);
          }
        }
        const sent = groups.flatMap((scopes, g) =>
          scopes.flatMap((ids, s) => ids.map((_, i) => `${g} s${s} ${i + 1}`)),
        );
        assert.deepEqual(seen.sort(), sent.sort());
      }),
      { numRuns: 200 },
    );
  });

  it('gives each resource a record, keyed by its attributes in any order', () => {
    const attributes = ['a', 'b'].map((key) => ({ key, value: { stringValue: key } }));
    const scopeLogs = [{ logRecords: [{}, {}] }];
    const resourceLogs = [
      { resource: { attributes }, scopeLogs },
      { resource: { attributes: attributes.toReversed() }, scopeLogs },
      { resource: {}, scopeLogs },
    ];
    const batch = parseJson('logs', Buffer.from(JSON.stringify({ resourceLogs })));
    const pieces = [...byResource(batch, true)];
    assert.deepEqual(
      pieces.map((one) => one.batch.itemCount),
      [2, 2, 2],
    );
    const keys = pieces.map(({ key }) => key!.toString('hex'));
    assert.equal(keys[0], keys[1]);
    assert.equal(keys[2], '0'.repeat(32));
  });
});

describe('kafka: raw bodies', () => {
  it('writes values as Go writes JSON', () => {
    const map = new Map<string, never>([
      ['b', 1n as never],
      ['a', [null, 1.5] as never],
    ]);
    const texts = [map, 'a<b>&\u2028', true, 1e21, 1e-7, 5n].map((body) => String(bodyBytes(body)));
    assert.deepEqual(texts, [
      '{"a":[null,1.5],"b":1}',
      '"a\\u003cb\\u003e\\u0026\\u2028"',
      'true',
      '1e+21',
      '1e-7',
      '5',
    ]);
    assert.equal(bodyBytes(null).length, 0);
    assert.throws(() => bodyBytes(Number.NaN), /cannot write NaN/);
  });
});
