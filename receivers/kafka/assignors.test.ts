import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { range, roundRobin } from './assignors.ts';
import { decoder } from './decode.ts';
import { matching } from './topics.ts';

type Members = Parameters<typeof range>[0];
type Metadata = Parameters<typeof range>[1];

const topics = ['a', 'b', 'c'];

describe('kafka: assignment', () => {
  for (const assign of [range, roundRobin]) {
    it(`${assign.name} gives each partition once, to a member that asks for its topic`, () => {
      const members = fc.array(fc.uniqueArray(fc.constantFrom(...topics), { minLength: 1 }), {
        minLength: 1,
        maxLength: 5,
      });
      fc.assert(
        fc.property(
          members,
          fc.array(fc.nat(6), { minLength: 3, maxLength: 3 }),
          (asked, counts) => {
            const group = new Map(asked.map((own, i) => [`m${i}`, { topics: own }]));
            const known = new Map(
              topics.map((topic, i) => [topic, { partitionsCount: counts[i]! }]),
            );
            const given = assign(
              group as unknown as Members,
              { topics: known } as unknown as Metadata,
            );
            const places: string[] = [];
            for (const { memberId, assignments } of given) {
              for (const { topic, partitions } of assignments.values()) {
                assert.ok(group.get(memberId)!.topics.includes(topic));
                for (const partition of partitions) places.push(`${topic}:${partition}`);
              }
            }
            const all = topics.flatMap((topic, i) =>
              asked.some((own) => own.includes(topic))
                ? Array.from({ length: counts[i]! }, (_, p) => `${topic}:${p}`)
                : [],
            );
            assert.deepEqual(places.sort(), all.sort());
            assert.equal(given.length, asked.length);
          },
        ),
        { numRuns: 200 },
      );
    });
  }
});

describe('kafka: topics and encodings', () => {
  it('finds topics by patterns', () => {
    const names = ['logs-a', 'logs-b', 'my-logs', 'x'];
    assert.deepEqual(matching(names, ['^logs-', 'x$'], ['-b$']), ['logs-a', 'x']);
  });

  it('refuses what a signal does not have, and what it cannot read', () => {
    assert.throws(() => decoder('traces', 'raw'), /unrecognized traces encoding "raw"/);
    assert.throws(() => decoder('logs', 'text_klingon'), /unsupported encoding 'klingon'/);
    const read = (encoding: string, text: string) =>
      decoder('logs', encoding)(Buffer.from(text), 1);
    assert.throws(() => read('json', '[1]'), /expected a JSON object/);
    assert.throws(() => read('json', '{'), /JSON/);
    assert.throws(() => read('otlp_proto', 'no'));
    assert.throws(() => read('otlp_json', 'no'));
  });

  it('never throws anything but errors on bytes from anywhere', () => {
    const encodings = ['otlp_proto', 'otlp_json', 'json', 'text', 'raw'];
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom(...encodings),
        (bytes, name) => {
          try {
            assert.ok(decoder('logs', name)(Buffer.from(bytes), 1).itemCount >= 0);
          } catch (error) {
            assert.ok(error instanceof Error && !error.message.startsWith('BUG'));
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
