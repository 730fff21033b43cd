import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { toJson } from '../pdata/json.ts';
import { parseRequest } from '../pdata/parse.ts';
import { fakeClock } from '../testing/clock.ts';
import { seededRandom } from '../testing/random.ts';
import { listLogger } from '../testing/settings.ts';
import { encodeEntries } from './entry/encode.ts';
import { Entry } from './entry/entry.ts';
import { OperatorFault } from './fault.ts';
import { Pipeline, planPipeline } from './pipeline.ts';

const zone = process.env.TZ;
process.env.TZ = 'UTC';
after(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

interface Case {
  readonly name: string;
  readonly operators: unknown[];
  readonly lines: string[];
  readonly preserve?: boolean;
  readonly unordered?: boolean;
  readonly records: unknown[];
}

/** A record as OTLP/JSON, with attributes sorted and without what says when it was read. */
function normal(value: unknown): unknown {
  if (Array.isArray(value)) {
    const list = value.map(normal) as { key?: string }[];
    if (!list.every((one) => one?.key !== undefined)) return list;
    const kept = list.filter(({ key }) => key !== 'log.file.name');
    return kept.sort((a, b) => (a.key! < b.key! ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  const keys = Object.keys(value).filter((key) => key !== 'observedTimeUnixNano');
  return Object.fromEntries(
    keys.sort().map((key) => [key, normal((value as Record<string, unknown>)[key])]),
  );
}

interface Json {
  resourceLogs?: {
    resource?: { attributes?: unknown[] };
    scopeLogs?: { scope?: { name?: string }; logRecords?: Record<string, unknown>[] }[];
  }[];
}

function records(text: string): unknown[] {
  const out: unknown[] = [];
  for (const { resource, scopeLogs } of (JSON.parse(text) as Json).resourceLogs ?? []) {
    const attributes = normal(resource?.attributes ?? []) as unknown[];
    for (const { scope, logRecords } of scopeLogs ?? []) {
      for (const record of logRecords ?? []) {
        const one = normal(record) as Record<string, unknown>;
        if (Array.isArray(one.attributes) && one.attributes.length === 0) delete one.attributes;
        if (attributes.length > 0) one.resource = attributes;
        if (scope?.name) one.scope = scope.name;
        out.push(one);
      }
    }
  }
  return out;
}

function newPipeline(operators: readonly unknown[], out: Entry[]) {
  const clock = fakeClock(Date.UTC(2026, 10, 22, 10));
  const logger = listLogger();
  const around = { clock, logger, random: seededRandom(1) };
  const target = { process: (entries: Entry[]) => void out.push(...entries) };
  return { clock, logger, pipeline: new Pipeline(planPipeline(operators), around, target) };
}

function entryOf(line: string): Entry {
  const entry = new Entry(1n);
  entry.body = line;
  entry.attributes = new Map([['log.file.name', 'x.log']]);
  return entry;
}

const file = new URL('./testdata/operators.json', import.meta.url);
const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[];

for (const { name, operators, lines, preserve, unordered, records: wanted } of cases) {
  test(`as the Go collector: ${name}`, async () => {
    const out: Entry[] = [];
    const { pipeline, clock } = newPipeline(operators, out);
    const trim = preserve ? /[ \t\r\n]+$/ : /^[ \t\r\n]+|[ \t\r\n]+$/g;
    pipeline.process(lines.map((line) => entryOf(line.replace(trim, ''))));
    await clock.advance(6000);
    const sorted = (list: unknown[]) =>
      unordered ? list.map((one) => JSON.stringify(one)).sort() : list;
    const batch = encodeEntries(out);
    assert.deepEqual(sorted(records(toJson(batch))), sorted(wanted));
    for (const range of batch.ranges()) parseRequest('logs', Buffer.from(range));
    pipeline.stop();
  });
}

const bad: readonly (readonly [string, unknown[], RegExp])[] = [
  ['no type', [{}], /missing required field 'type'/],
  ['type of a wrong kind', [{ type: 5 }], /non-string type/],
  ['unknown type', [{ type: 'nope' }], /unsupported type 'nope'/],
  ['an output operator', [{ type: 'stdout' }], /unsupported type 'stdout': /],
  ['on_error', [{ type: 'noop', on_error: 'x' }], /invalid `on_error` field "x"/],
  ['if', [{ type: 'noop', if: 'body ==' }], /unexpected end of expression/],
  ['if of another type', [{ type: 'noop', if: '1 + 1' }], /expected bool, but got int/],
  ['output', [{ type: 'noop', output: 'nope' }], /operator 'nope' does not exist/],
  [
    'ids',
    [
      { type: 'noop', id: 'a' },
      { type: 'noop', id: 'a' },
    ],
    /'a' already exists/,
  ],
  [
    'a cycle',
    [
      { type: 'noop', id: 'a', output: 'b' },
      { type: 'noop', id: 'b', output: 'a' },
    ],
    /circular dependency: \(a -> b -> a\)/,
  ],
  ['a field', [{ type: 'remove', field: 'bogus.x' }], /unrecognized prefix/],
  ['a field without keys', [{ type: 'copy', from: 'attributes', to: 'body' }], /without subfield/],
  ['a bracket', [{ type: 'remove', field: 'attributes["x' }], /unclosed double quote/],
  ['regex', [{ type: 'regex_parser', regex: '(' }], /missing closing \)/],
  ['regex without names', [{ type: 'regex_parser', regex: '(a)' }], /no named capture groups/],
  ['regex missing', [{ type: 'regex_parser' }], /missing required field 'regex'/],
  ['csv header', [{ type: 'csv_parser' }], /'header' or 'header_attribute'/],
  ['csv delimiter', [{ type: 'csv_parser', header: 'a,b', delimiter: 'xx' }], /'delimiter'/],
  ['kv', [{ type: 'key_value_parser', delimiter: ' ' }], /cannot be the same value/],
  ['time layout', [{ type: 'time_parser', parse_from: 'body', layout: '%Q' }], /%Q/],
  ['time without layout', [{ type: 'time_parser', parse_from: 'body' }], /`layout`/],
  [
    'epoch',
    [{ type: 'time_parser', parse_from: 'body', layout_type: 'epoch', layout: 'm' }],
    /invalid `layout` for `epoch`/,
  ],
  [
    'location',
    [{ type: 'time_parser', parse_from: 'body', layout: '%Y', location: 'Moon/Base' }],
    /unknown time zone Moon\/Base/,
  ],
  ['severity', [{ type: 'severity_parser' }], /'parse_from'/],
  [
    'severity mapping',
    [{ type: 'severity_parser', parse_from: 'body', mapping: { error: true } }],
    /cannot be parsed as a severity/,
  ],
  ['recombine', [{ type: 'recombine', combine_field: 'body' }], /must be set/],
  [
    'recombine both',
    [{ type: 'recombine', combine_field: 'body', is_first_entry: 'true', is_last_entry: 'true' }],
    /only one of/,
  ],
  ['recombine field', [{ type: 'recombine', is_first_entry: 'true' }], /'combine_field'/],
  ['container', [{ type: 'container', format: 'rkt' }], /`format` field "rkt"/],
  ['filter', [{ type: 'filter', expr: 'body', drop_ratio: 2 }], /drop_ratio/],
  ['router', [{ type: 'router', routes: [{ expr: 'true', output: 'x' }] }], /'x' does not exist/],
  ['retain', [{ type: 'retain' }], /'fields' is empty/],
  ['move', [{ type: 'move', from: 'body' }], /missing to field/],
  ['assign_keys', [{ type: 'assign_keys', field: 'body' }], /keys/],
  ['regex_replace', [{ type: 'regex_replace', field: 'body' }], /either regex or regex_name/],
  ['syslog protocol', [{ type: 'syslog_parser' }], /missing field 'protocol'/],
  [
    'parse_to',
    [{ type: 'json_parser', parse_to: 'body', body: 'attributes.x' }],
    /`parse_to: body` not allowed/,
  ],
];

test('what cannot work is refused when it is loaded', () => {
  for (const [name, operators, message] of bad) {
    assert.throws(
      () => planPipeline(operators),
      (error) => error instanceof OperatorFault && message.test(error.message),
      name,
    );
  }
});

test('keys that mean nothing are named in a warning', () => {
  const { logger } = newPipeline([{ type: 'noop', colour: 'red' }], []);
  assert.match(JSON.stringify(logger.lines), /colour/);
});

test('recombine says where the oldest text that it holds begins', () => {
  const out: Entry[] = [];
  const { pipeline } = newPipeline(
    [{ type: 'recombine', combine_field: 'body', is_last_entry: 'body == "end"' }],
    out,
  );
  const source = {};
  const entries = ['a', 'b', 'end', 'c', 'd'].map((line, i) => {
    const entry = entryOf(line);
    entry.origin = { source, offset: i * 10 };
    return entry;
  });
  pipeline.process(entries);
  assert.equal(pipeline.held().get(source), 30);
  pipeline.stop();
  assert.equal(pipeline.held().size, 0);
  assert.deepEqual(
    out.map((entry) => entry.body),
    ['a\nb\nend', 'c\nd'],
  );
});

test('no input breaks a parser: it is parsed or the entry is sent as it came', () => {
  const parsers = [
    { type: 'json_parser', parse_ints: true },
    { type: 'json_array_parser', parse_to: 'attributes.x' },
    { type: 'csv_parser', header: 'a,b' },
    { type: 'csv_parser', header: 'a,b', lazy_quotes: true },
    { type: 'key_value_parser' },
    { type: 'uri_parser' },
    { type: 'regex_parser', regex: '^(?P<a>\\w*)' },
    { type: 'unquote', field: 'body' },
    { type: 'syslog_parser', protocol: 'rfc3164' },
    { type: 'syslog_parser', protocol: 'rfc5424' },
    { type: 'syslog_parser', protocol: 'rfc5424', enable_octet_counting: true },
    { type: 'time_parser', parse_from: 'body', layout: '%Y-%m-%d %H:%M:%S.%L %Z' },
    { type: 'time_parser', parse_from: 'body', layout_type: 'epoch', layout: 's.us' },
    { type: 'severity_parser', parse_from: 'body' },
    { type: 'trace_parser', trace_id: { parse_from: 'body' } },
    { type: 'container', add_metadata_from_filepath: false },
  ];
  const heads = ['', '<34>', '<34>1 ', '<34>Oct 11 22:14:15 ', '{"a":', '"', 'a=', '12 <1>', '?a='];
  const text = fc
    .tuple(fc.constantFrom(...heads), fc.string({ unit: 'binary', maxLength: 40 }))
    .map(([head, tail]) => head + tail);
  fc.assert(
    fc.property(fc.constantFrom(...parsers), text, (parser, line) => {
      const out: Entry[] = [];
      const { pipeline } = newPipeline([parser], out);
      pipeline.process([entryOf(line)]);
      pipeline.stop();
      assert.equal(out.length, 1);
      const batch = encodeEntries(out);
      assert.equal(batch.itemCount, 1);
      for (const range of batch.ranges()) parseRequest('logs', Buffer.from(range));
    }),
    { numRuns: 1500 },
  );
});
