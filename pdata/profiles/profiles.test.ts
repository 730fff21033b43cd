import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Profiles } from '../batch.ts';
import { encodeValue, ProfilesBuilder } from '../builder.ts';
import { headOf } from '../head.ts';
import { parseJson, toJson } from '../json.ts';
import { mergeBatches } from '../merge.ts';
import { setAttribute } from '../overlay.ts';
import { parseRequest } from '../parse.ts';
import { AttributeKey, MessageView, ProfileField, ProfileReader } from '../readers.ts';
import { randomRequest } from '../testing/random-request.ts';
import { resolvedProfiles } from '../testing/resolved-profiles.ts';

const encode = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const readJson = (value: unknown): Profiles => parseJson('profiles', encode(value));
const shape = fc.record({ unknown: fc.boolean(), wild: fc.boolean() });

function random(seed: number, odd: { unknown: boolean; wild: boolean }): Profiles {
  return parseRequest('profiles', randomRequest('profiles', seed, odd));
}

interface Written {
  readonly dictionary: Record<string, unknown[]>;
  readonly resourceProfiles: { readonly resource: unknown }[];
}

const written = (batch: Profiles): Written => JSON.parse(toJson(batch)) as Written;

/** `samples` stacks of one function each, every one of them another. */
function distinctStacks(samples: number, nameLength = 20): Profiles {
  const b = new ProfilesBuilder();
  b.resource({ 'service.name': 'shop' });
  b.scope('profiler');
  b.profile({ sampleType: { type: 'cpu', unit: 'ns' } });
  for (let i = 0; i < samples; i += 1) {
    const name = `f${i}`.padEnd(nameLength, '-');
    const location = b.locationOf({ lines: [{ function: b.functionOf({ name }) }] });
    b.sample({ stack: b.stackOf([location]), values: [i] });
  }
  return b.finish();
}

describe('merging profiles', () => {
  it('joins dictionaries and changes every index, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 2, maxLength: 3 }), shape, (seeds, odd) => {
        const batches = seeds.map((seed) => random(seed, odd));
        const merged = mergeBatches(batches);
        assert.equal(merged.ranges().length, 1);
        assert.equal(
          merged.itemCount,
          batches.reduce((sum, batch) => sum + batch.itemCount, 0),
        );
        assert.equal(parseRequest('profiles', merged.ranges()[0]!).itemCount, merged.itemCount);
        assert.deepEqual(resolvedProfiles(merged), batches.flatMap(resolvedProfiles));
      }),
      { numRuns: 300 },
    );
  });

  it('an index that its table does not have names no other entry afterwards', () => {
    const sample = { stackIndex: 7, attributeIndices: [3, -1], linkIndex: 2, values: ['1'] };
    const wrong = readJson({
      resourceProfiles: [
        { scopeProfiles: [{ profiles: [{ sampleType: { typeStrindex: 1 }, samples: [sample] }] }] },
      ],
      dictionary: { stringTable: ['', 'cpu'] },
    });
    const merged = mergeBatches([distinctStacks(20), wrong]);
    assert.equal(merged.itemCount, 21);
    const [, group] = resolvedProfiles(merged);
    assert.deepEqual(group, {
      scopeProfiles: [
        {
          profiles: [
            {
              sampleType: { typeStrindex: 'cpu' },
              samples: [
                {
                  stackIndex: 'beyond',
                  attributeIndices: ['beyond', 'beyond'],
                  linkIndex: 'beyond',
                  values: ['1'],
                },
              ],
            },
          ],
        },
      ],
    });
    const again = mergeBatches([merged, distinctStacks(3)]);
    assert.deepEqual(resolvedProfiles(again)[1], group);
  });

  it('keeps equal entries once and leaves behind what nobody names', () => {
    const merged = mergeBatches([distinctStacks(5), distinctStacks(5)]);
    const { dictionary } = written(merged);
    assert.equal(dictionary.stackTable?.length, 6);
    assert.equal(dictionary.stringTable?.length, 8);
    const unused = readJson({
      resourceProfiles: [{ schemaUrl: 'x' }],
      dictionary: { stringTable: ['', 'nobody'], stackTable: [{}, { locationIndices: [1] }] },
    });
    assert.equal(toJson(mergeBatches([unused, unused])).includes('nobody'), false);
  });
});

describe('splitting profiles', () => {
  const each = (batch: Profiles): number[] => {
    const reader = new ProfileReader(batch);
    const seen: number[] = [];
    while (reader.nextAnyItem()) {
      assert.match(reader.frames()[0]!.function, new RegExp(`^f${reader.values[0]}-`));
      seen.push(reader.values[0]!);
    }
    return seen;
  };

  it('gives each piece the entries that it names', () => {
    const batch = distinctStacks(1000);
    const pieces = batch.split({ maxItems: 1 });
    assert.equal(pieces.length, 1000);
    for (const piece of pieces) assert.ok(piece.byteLength < 200, `${piece.byteLength} bytes`);
    assert.deepEqual(
      pieces.flatMap(each),
      Array.from({ length: 1000 }, (_, i) => i),
    );
  });

  it('by bytes: pieces are within the limit, dictionary and all, and not many', () => {
    const batch = distinctStacks(1000, 200);
    const limit = Math.ceil(batch.byteLength / 5);
    const pieces = batch.split({ maxBytes: limit });
    for (const piece of pieces) assert.ok(piece.byteLength <= limit, `${piece.byteLength}`);
    assert.ok(pieces.length <= 10, `${pieces.length} pieces`);
    assert.equal(pieces.flatMap(each).length, 1000);
  });

  it('random ones by bytes keep their samples', () => {
    fc.assert(
      fc.property(fc.integer(), shape, fc.integer({ min: 1, max: 3000 }), (seed, odd, maxBytes) => {
        const batch = random(seed, odd);
        const pieces = batch.split({ maxBytes });
        assert.equal(
          pieces.reduce((sum, piece) => sum + piece.itemCount, 0),
          batch.itemCount,
        );
        for (const piece of pieces) {
          assert.ok(piece.byteLength <= maxBytes || piece.itemCount <= 1 || pieces.length === 1);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('its head is its first samples', () => {
    assert.deepEqual(each(headOf(distinctStacks(100), { maxItems: 3 })), [0, 1, 2]);
  });
});

describe('texts by index', () => {
  const byIndex = (attributes: unknown[]): Profiles =>
    readJson({
      resourceProfiles: [{ resource: { attributes }, scopeProfiles: [{ scope: { attributes } }] }],
      dictionary: { stringTable: ['', 'host.name', 'box'] },
    });
  const attributesOf = (batch: Profiles): unknown => written(batch).resourceProfiles[0]?.resource;

  it('become plain in attributes of resources and scopes, in lists and maps too', () => {
    const inner = { keyStrindex: 2, value: { stringValueStrindex: 1 } };
    const batch = byIndex([
      { keyStrindex: 1, value: { stringValueStrindex: 2 } },
      { key: 'list', value: { arrayValue: { values: [{ stringValueStrindex: 1 }] } } },
      { key: 'map', value: { kvlistValue: { values: [inner] } } },
      { key: 'empty', value: { stringValueStrindex: 0 } },
    ]);
    const plain = [
      { key: 'host.name', value: { stringValue: 'box' } },
      { key: 'list', value: { arrayValue: { values: [{ stringValue: 'host.name' }] } } },
      {
        key: 'map',
        value: { kvlistValue: { values: [{ key: 'box', value: { stringValue: 'host.name' } }] } },
      },
      { key: 'empty', value: { stringValue: '' } },
    ];
    assert.deepEqual(attributesOf(batch), { attributes: plain });
    const reader = new ProfileReader(batch);
    assert.ok(reader.nextResource() && reader.resource.find(new AttributeKey('host.name')));
    assert.equal(reader.resource.value.string(), 'box');
    assert.ok(reader.nextScope() && reader.scope.find(new AttributeKey('host.name')));
  });

  it('that the table does not have stay as they are', () => {
    const attributes = [
      { value: { stringValueStrindex: 3 }, keyStrindex: 9 },
      { key: 'k', value: { stringValueStrindex: -1 } },
    ];
    assert.deepEqual(attributesOf(byIndex(attributes)), { attributes });
  });

  it('that would blow a request up stay indices, and the request is whole', () => {
    const attribute = { keyStrindex: 1, value: { stringValueStrindex: 1 } };
    const resource = { attributes: Array.from({ length: 20_000 }, () => attribute) };
    const dictionary = { stringTable: ['', 'x'.repeat(100_000)] };
    const batch = readJson({ resourceProfiles: [{ resource }], dictionary });
    assert.ok(batch.byteLength < 2_000_000, `${batch.byteLength} bytes`);
    const { attributes } = attributesOf(batch) as { attributes: unknown[] };
    assert.equal(attributes.length, 20_000);
    assert.deepEqual(attributes.at(-1), { value: { stringValueStrindex: 1 }, keyStrindex: 1 });
  });

  it('are edited like others', () => {
    const batch = byIndex([{ keyStrindex: 1, value: { stringValueStrindex: 2 } }]).editable();
    const reader = new ProfileReader(batch);
    assert.ok(reader.nextResource());
    const host = new AttributeKey('host.name');
    setAttribute(reader.resource, host, encodeValue('other'));
    const attributes = [{ key: 'host.name', value: { stringValue: 'other' } }];
    assert.deepEqual(attributesOf(batch), { attributes });
  });

  it('nothing is written anew without them', () => {
    const bytes = distinctStacks(2).ranges()[0]!;
    assert.equal(parseRequest('profiles', bytes).ranges()[0], bytes);
  });
});

const id = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => i + 1);

describe('builder and reader', () => {
  it('write and read every field', () => {
    const b = new ProfilesBuilder();
    b.resource({ 'service.name': 'shop' });
    b.scope('profiler', '1');
    const note = b.attributeOf('note', 'größe', 'By');
    const mapping = b.mappingOf({
      memoryStart: 4096n,
      memoryLimit: 2n ** 63n,
      fileOffset: 1n,
      filename: 'shop.so',
      attributes: [note],
    });
    const inner = b.functionOf({ name: 'inner', systemName: '_inner', filename: 'a.c' });
    const outer = b.functionOf({ name: 'outer', startLine: 7 });
    const lines = [{ function: inner, line: 5, column: 9 }, { function: outer }];
    const first = b.locationOf({ mapping, address: 2n ** 63n + 1n, lines, attributes: [note] });
    const second = b.locationOf({ mapping, address: 17n });
    assert.equal(b.functionOf({ name: 'outer', startLine: 7 }), outer);
    b.profile({
      sampleType: { type: 'cpu', unit: 'ns' },
      timeUnixNano: 2n ** 63n,
      durationNano: 9n,
      periodType: { type: 'wall', unit: 'ms' },
      period: -3n,
      profileId: id(16),
      droppedAttributesCount: 4,
      originalPayloadFormat: 'pprof',
      originalPayload: id(3),
      attributes: [note],
    });
    b.sample({
      stack: b.stackOf([first, second]),
      attributes: [note, b.attributeOf('count', 3)],
      link: b.linkOf(id(16), id(8)),
      values: [5, -(2n ** 40n)],
      timestampsUnixNano: [2n ** 64n - 1n, 3n],
    });
    b.sample({});
    assert.equal(b.itemCount, 2);
    const batch = b.finish();
    assert.equal(parseRequest('profiles', batch.ranges()[0]!).itemCount, 2);
    checkRead(parseJson('profiles', Buffer.from(toJson(batch))));
    checkRead(batch);
    checkRead(batch.split({ maxItems: 1 })[0]!);
    assert.equal(b.finish().byteLength, 0);
  });

  function checkRead(batch: Profiles): void {
    const r = new ProfileReader(batch);
    assert.ok(r.nextResource() && r.nextScope() && r.nextProfile());
    assert.deepEqual(r.sampleType, { type: 'cpu', unit: 'ns' });
    assert.deepEqual(r.periodType, { type: 'wall', unit: 'ms' });
    assert.equal(r.profile.string(ProfileField.payloadFormat), 'pprof');
    assert.ok(r.profile.fixed64(ProfileField.time));
    assert.equal(r.profile.hi, 0x80000000);
    const seen: string[] = [];
    r.eachProfileAttribute((key, value, unit) => seen.push(key, value.string(), unit));
    assert.ok(r.nextSample());
    r.eachSampleAttribute((key, value) => seen.push(key, value.toText()));
    assert.deepEqual(seen, ['note', 'größe', 'By', 'note', 'größe', 'count', '3']);
    assert.deepEqual(r.values, [5, -(2 ** 40)]);
    assert.deepEqual(r.timestamps, [2n ** 64n - 1n, 3n]);
    const mapping = 'shop.so';
    const [address, none] = [2n ** 63n + 1n, { systemFunction: '', file: '', line: 0, column: 0 }];
    assert.deepEqual(r.frames(), [
      {
        function: 'inner',
        systemFunction: '_inner',
        file: 'a.c',
        line: 5,
        column: 9,
        address,
        mapping,
      },
      { function: 'outer', ...none, address, mapping },
      { function: '', ...none, address: 17n, mapping },
    ]);
    const link = new MessageView();
    assert.ok(r.findLink(link) && link.findField(2));
    assert.deepEqual(Buffer.from(link.value.copy()), Buffer.from(id(8)));
  }

  it('random requests are read to their end, each sample once', () => {
    fc.assert(
      fc.property(fc.integer(), shape, (seed, odd) => {
        const batch = random(seed, odd);
        const r = new ProfileReader(batch);
        let samples = 0;
        while (r.nextResource()) {
          while (r.nextScope()) {
            while (r.nextProfile()) {
              r.eachProfileAttribute((key, value) =>
                assert.equal(typeof key + value.type, `string${value.type}`),
              );
              while (r.nextSample()) {
                samples += 1;
                r.eachSampleAttribute((_, value) => value.toText());
                for (const frame of r.frames()) assert.ok(frame.address >= 0n);
              }
            }
          }
        }
        assert.equal(samples, batch.itemCount);
      }),
      { numRuns: 200 },
    );
  });

  it('what is read again is what was written, merged and split', () => {
    const stacks = fc.array(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 5 }), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(stacks, stacks, fc.integer({ min: 1, max: 5 }), (one, two, maxItems) => {
        const batches = [one, two].map((list) => {
          const b = new ProfilesBuilder();
          b.profile({ sampleType: { type: 'cpu', unit: 'ns' } });
          for (const stack of list) {
            const locations = stack.map((n) =>
              b.locationOf({ lines: [{ function: b.functionOf({ name: `f${n}` }), line: n }] }),
            );
            b.sample({ stack: b.stackOf(locations) });
          }
          return b.finish();
        });
        const read = mergeBatches(batches)
          .split({ maxItems })
          .flatMap((piece) => {
            const r = new ProfileReader(piece);
            const found: number[][] = [];
            while (r.nextAnyItem()) found.push(r.frames().map(({ line }) => line));
            return found;
          });
        assert.deepEqual(read, [...one, ...two]);
      }),
      { numRuns: 200 },
    );
  });
});
