import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Exposition } from './exposition.ts';
import { readText } from './testing.ts';

interface Golden {
  readonly Format: 'classic' | 'openmetrics';
  readonly Text: string;
  readonly fails: boolean;
  readonly entries: unknown[][];
}

const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, 'testdata/text.json'), 'utf8'),
) as Golden[];

/** Lines about families first, as the columns have them. */
const ordered = (entries: readonly unknown[][]): unknown[][] => [
  ...entries.filter(([kind]) => kind !== 'sample'),
  ...entries.filter(([kind]) => kind === 'sample'),
];

test("what Prometheus' own parsers make of each text", () => {
  const out = new Exposition(7);
  for (const { Format, Text, fails, entries } of golden) {
    const want = fails ? undefined : ordered(entries);
    assert.deepEqual(readText(Format, Text), want, `${Format}: ${JSON.stringify(Text)}`);
    // once more with what is known by now
    if (Format === 'classic') readText(Format, Text, out);
    if (Format === 'classic' && !fails) assert.deepEqual(readText(Format, Text, out), want, Text);
  }
});

const name = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,8}$/);
const labelName = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/).filter((n) => n !== '__name__');
const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
const sample = fc.record({
  name,
  labels: fc.uniqueArray(fc.tuple(labelName, fc.string({ unit: 'binary', maxLength: 6 })), {
    selector: ([key]) => key,
    maxLength: 4,
  }),
  value: fc.double().map((value) => (value === 0 ? 0 : value)),
  time: fc.option(fc.integer({ min: 0, max: 2 ** 40 })),
});

test('what is written is read again, with and without what is known', () => {
  const known = new Exposition(3);
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 20 }), fc.boolean(), (samples, open) => {
      const lines = samples.map(({ name: metric, labels, value, time }) => {
        const pairs = labels.map(([key, text]) => `${key}="${escaped(text)}"`).join(',');
        const number = String(value).replace('Infinity', 'Inf');
        const at = time === null ? '' : ` ${open ? time / 1000 : time}`;
        return `${metric}{${pairs}} ${number}${at}\n`;
      });
      const format = open ? 'openmetrics' : 'classic';
      const text = lines.join('') + (open ? '# EOF\n' : '');
      const fresh = readText(format, text);
      assert.equal(fresh?.length, samples.length);
      for (const [i, one] of samples.entries()) {
        const [, labels, value, time] = fresh[i]! as [string, string[], unknown, unknown];
        const want = [['__name__', one.name], ...one.labels];
        const sorted = want.sort(([a], [b]) => (a! < b! ? -1 : 1)).flat();
        assert.deepEqual(labels, sorted);
        if (Number.isFinite(one.value)) assert.equal(value, one.value);
        if (one.time !== null) assert.ok(Math.abs(Number(time) - one.time) <= 1);
        else assert.equal(time, null);
      }
      if (!open) assert.deepEqual(readText(format, text, known), fresh);
    }),
    { numRuns: 300 },
  );
});

test('whatever comes is read or refused, and what is known changes nothing', () => {
  const token = fc.constantFrom(
    ...['m', 'a_total', '{', '}', '"', '\\', '=', ',', ' ', '\t', '\n', '1', '-', '.5', 'NaN', '#'],
    ...['# TYPE ', '# HELP ', '# UNIT ', '# EOF', 'histogram', 'le="1"', 'x="y"', ' # {', '\xff'],
  );
  const pieces = fc.array(token, { maxLength: 30 }).map((list) => list.join(''));
  const known = new Exposition(5);
  fc.assert(
    fc.property(pieces, fc.constantFrom('classic', 'openmetrics'), (text, format) => {
      const bytes = Buffer.from(text, 'latin1');
      const fresh = readText(format, bytes);
      // bounds are written by the type that was known when a text came first
      if (format === 'classic' && !text.includes('TYPE')) {
        assert.deepEqual(readText(format, bytes, known), fresh);
      }
    }),
    { numRuns: 1000 },
  );
});
