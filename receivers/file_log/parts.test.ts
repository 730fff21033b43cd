import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lookUpEncoding } from '../../stanza/encoding.ts';
import { splitterMaker } from '../../stanza/split.ts';
import { testGates } from '../../testing/settings.ts';
import { config } from './config.ts';
import { type CutState, Cutter } from './cutter.ts';
import { continues } from './fingerprint.ts';
import { gateFaults } from './gates.ts';
import { Glob } from './glob.ts';

test('globs match as those of the Go collector', () => {
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['/var/log/*.log', ['/var/log/a.log', '/var/log/.log'], ['/var/log/b/a.log', '/var/log/a.txt']],
    ['/var/**/*.log', ['/var/a.log', '/var/x/y/a.log'], ['/var.log', '/a.log']],
    ['/var/**', ['/var/a', '/var/a/b'], ['/vara']],
    ['/a/{b,c}/?.txt', ['/a/b/1.txt', '/a/c/2.txt'], ['/a/d/1.txt', '/a/b/12.txt']],
    ['/a/[x-z].log', ['/a/y.log'], ['/a/a.log']],
    ['/a/[^x-z].log', ['/a/a.log'], ['/a/y.log']],
    ['/a/[!x].log', ['/a/a.log'], ['/a/x.log']],
    ['/a/\\*.log', ['/a/*.log'], ['/a/b.log']],
    ['/a/x**y', ['/a/xzzy', '/a/xy'], ['/a/x/y']],
    ['/a/{b,c{d,e}}.log', ['/a/b.log', '/a/ce.log'], ['/a/c.log']],
    ['a(b)+.log', ['a(b)+.log'], ['abb.log']],
  ];
  for (const [pattern, yes, no] of cases) {
    const glob = new Glob(pattern);
    for (const path of yes) assert.ok(glob.matches(path), `${pattern} ${path}`);
    for (const path of no) assert.ok(!glob.matches(path), `${pattern} ${path}`);
  }
});

test('patterns that are none are refused', () => {
  for (const pattern of ['[', '[]a', '{a', 'a\\', '[a', '{a,{b}']) {
    assert.throws(() => new Glob(pattern), /parse glob: syntax error in pattern/, pattern);
  }
  assert.throws(() => new Glob('{a,b}'.repeat(12)), /alternatives/);
});

test('any pattern makes a glob or is refused', () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab/*?[]{}-,\\!^.'), maxLength: 14 });
  fc.assert(
    fc.property(text, text, (pattern, path) => {
      try {
        new Glob(pattern).matches(path);
      } catch (error) {
        assert.match((error as Error).message, /^parse glob: /);
      }
    }),
    { numRuns: 1000 },
  );
});

const noMultiline = { line_start_pattern: '', line_end_pattern: '', omit_pattern: false };
const options = {
  maxSize: 50,
  truncate: false,
  flushMs: 500,
  keepLeading: false,
  keepTrailing: false,
};

/** Cuts a text that comes in pieces. */
function cutPieces(pieces: readonly Buffer[], multiline = noMultiline, truncate = false): string[] {
  const encoding = lookUpEncoding('utf-8');
  const make = splitterMaker({ encoding, multiline, flushAtEnd: false, maxSize: options.maxSize });
  const cutter = new Cutter(make(), { ...options, truncate });
  const state: CutState = { flush: { length: 0, changedMs: 0 }, skipping: false };
  const out: string[] = [];
  let rest = Buffer.alloc(0);
  const drain = (whole: boolean, nowMs: number) => {
    for (;;) {
      const found = cutter.next(rest, 0, rest.length, whole, state, nowMs);
      if (found && cutter.to > cutter.from) out.push(rest.toString('utf8', cutter.from, cutter.to));
      const used = cutter.end;
      rest = Buffer.from(rest.subarray(used));
      if (!found || used === 0) return;
    }
  };
  for (const piece of pieces) {
    rest = Buffer.concat([rest, piece]);
    drain(false, 0);
  }
  drain(true, 1000);
  drain(true, 2000);
  return out;
}

const line = fc.string({ unit: fc.constantFrom('a', 'b', 'ü', '1', '\t', '\r'), maxLength: 20 });

test('lines are the same however the bytes come', () => {
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 12 }),
      fc.array(fc.nat(30), { maxLength: 8 }),
      fc.boolean(),
      (lines, sizes, truncate) => {
        const bytes = Buffer.from(lines.map((one) => `${one}\n`).join(''));
        const pieces: Buffer[] = [];
        let at = 0;
        for (const size of sizes) {
          pieces.push(bytes.subarray(at, at + size));
          at += size;
        }
        pieces.push(bytes.subarray(at));
        const trimmed = lines.map((one) => one.replace(/^[\t\r ]+|[\t\r ]+$/g, ''));
        const wanted = trimmed.filter((one) => one !== '');
        assert.deepEqual(cutPieces(pieces, noMultiline, truncate), wanted);
      },
    ),
    { numRuns: 400 },
  );
});

test('entries by patterns cover the text, whatever it is', () => {
  const multiline = { ...noMultiline, line_start_pattern: '^[ab]' };
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const text = lines.join('\n').slice(0, 24);
      const out = cutPieces([Buffer.from(text)], multiline);
      const squeeze = (s: string) => s.replace(/[\s]/g, '');
      assert.equal(squeeze(out.join('')), squeeze(text));
    }),
    { numRuns: 300 },
  );
});

test('an entry that is too long is split, or loses its end', () => {
  const long = Buffer.from(`${'x'.repeat(120)}\nnext\n`);
  assert.deepEqual(
    cutPieces([long]).map((one) => one.length),
    [50, 50, 20, 4],
  );
  assert.deepEqual(
    cutPieces([long], noMultiline, true).map((one) => one.length),
    [50, 4],
  );
  const pieces = [long.subarray(0, 70), long.subarray(70, 100), long.subarray(100)];
  assert.deepEqual(
    cutPieces(pieces, noMultiline, true).map((one) => one.length),
    [50, 4],
  );
});

test('a fingerprint goes on another that is its beginning', () => {
  const bytes = (text: string) => Buffer.from(text);
  assert.ok(continues(bytes('abcdef'), bytes('abc')));
  assert.ok(!continues(bytes('abc'), bytes('abcdef')));
  assert.ok(!continues(bytes('abc'), bytes('')));
  assert.ok(!continues(bytes('xbc'), bytes('ab')));
});

test('configurations that cannot work are refused by key', () => {
  const base = { include: ['*.log'] };
  const cases: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{}, /'include' must be specified/],
    [{ include: ['['] }, /syntax error in pattern/],
    [{ ...base, start_at: 'middle' }, /invalid start_at location 'middle'/],
    [{ ...base, fingerprint_size: 10 }, /'fingerprint_size' must be at least 16/],
    [{ ...base, max_log_size: 0 }, /'max_log_size' must be positive/],
    [{ ...base, max_concurrent_files: 0 }, /'max_concurrent_files' must be positive/],
    [{ ...base, max_batches: -1 }, /'max_batches' must not be negative/],
    [{ ...base, max_log_size_behavior: 'x' }, /'max_log_size_behavior' must be one of/],
    [{ ...base, encoding: 'klingon' }, /unsupported encoding 'klingon'/],
    [
      { ...base, delete_after_read: true },
      /'delete_after_read' cannot be used with 'start_at: end'/,
    ],
    [{ ...base, multiline: { line_start_pattern: '(' } }, /compile line start regex/],
    [{ ...base, multiline: { line_start_pattern: 'a', line_end_pattern: 'b' } }, /only one of/],
    [{ ...base, encoding: 'nop', multiline: { line_end_pattern: 'b' } }, /nop encoding/],
    [{ ...base, operators: [{ type: 'nope' }] }, /unsupported type 'nope'/],
    [{ ...base, attributes: { a: 'EXPR(1 +)' } }, /unexpected end/],
    [{ ...base, header: { pattern: 'x', metadata_operators: [] } }, /at least one operator/],
    [{ ...base, ordering_criteria: { sort_by: [{ sort_type: 'numeric' }] } }, /'regex' must be/],
    [{ ...base, fingerprint_size: '1zb' }, /invalid byte size/],
  ];
  for (const [given, message] of cases) {
    const result = config.safeParse(given);
    assert.ok(!result.success, JSON.stringify(given));
    assert.match(JSON.stringify(result.error.issues), message);
  }
});

test('what needs a feature gate', () => {
  const gated: readonly (readonly [Record<string, unknown>, string, RegExp])[] = [
    [
      { start_at: 'beginning', delete_after_read: true },
      'filelog.allowFileDeletion',
      /^delete_after_read: 'delete_after_read' requires feature gate 'filelog.allowFileDeletion'$/,
    ],
    [
      { ordering_criteria: { sort_by: [{ sort_type: 'mtime' }] } },
      'filelog.mtimeSortType',
      /^ordering_criteria.sort_by.0.sort_type: the "filelog.mtimeSortType" feature gate must/,
    ],
  ];
  const faults = (given: Record<string, unknown>, ...set: string[]) =>
    gateFaults(config.parse({ include: ['a'], ...given }), testGates(...set)).map(
      ({ path, message }) => `${path.join('.')}: ${message}`,
    );
  for (const [given, gate, text] of gated) {
    assert.deepEqual(faults(given, gate), []);
    assert.match(faults(given).join('\n'), text);
  }
  const header = {
    pattern: '^#',
    metadata_operators: [{ type: 'regex_parser', regex: '(?P<a>.)' }],
  };
  assert.deepEqual(faults({ start_at: 'beginning', header }), []);
  assert.deepEqual(
    faults({ start_at: 'beginning', header }, '-filelog.allowHeaderMetadataParsing'),
    ["header: 'header' requires feature gate 'filelog.allowHeaderMetadataParsing'"],
  );
  const operators = [{ type: 'noop' }, { type: 'json_array_parser' }];
  assert.deepEqual(faults({ operators }, '-logs.jsonParserArray'), [
    `operators.1.type: unsupported type 'json_array_parser': it needs the feature gate "logs.jsonParserArray"`,
  ]);
});
