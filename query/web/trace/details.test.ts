import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyValue, StoredSpan } from '../../../storage/traces/model.ts';
import type { SpanDetails } from '../contract/trace.ts';
import { detailsOf } from './details.ts';
import { OpenTrace } from './open-trace.ts';
import { toRow } from './rows.ts';
import { sketches, traceId } from './testing/spans.ts';

async function details(span: StoredSpan): Promise<SpanDetails> {
  const trace = new OpenTrace({ traceId, spans: [span], truncated: false }, false);
  const packed = await trace.packed();
  const row = toRow(trace.layout, trace.critical, 0, { shut: false, match: false });
  const { version } = trace;
  const [json, group] = [packed.json(0), packed.group(0)];
  return detailsOf({ version, row, parentIndex: null, json, group });
}

const [plain] = sketches([{ id: 1, from: 0, to: 100, service: 'web' }]);
const text = (value: string) => ({ type: 'string', value }) as const;

test('values of every type', async () => {
  const attributes: KeyValue[] = [
    { key: 's', value: text('a "quoted"\n\u202e text') },
    { key: 'i', value: { type: 'int', value: 9_223_372_036_854_775_807n } },
    { key: 'd', value: { type: 'double', value: Number.NaN } },
    { key: 'b', value: { type: 'bool', value: false } },
    { key: 'raw', value: { type: 'bytes', value: Buffer.from('hi') } },
    { key: 'none', value: { type: 'empty' } },
    {
      key: 'list',
      value: { type: 'array', value: [text('x'), { type: 'int', value: 2n }, { type: 'empty' }] },
    },
    { key: 'map', value: { type: 'kvlist', value: [{ key: '__proto__', value: text('y') }] } },
    { key: 's', value: text('twice') },
    { key: 'long', value: text('x'.repeat(40_000)) },
  ];
  const shown = await details({ ...plain!, attributes });
  const [group, ...more] = shown.attributes;
  assert.deepEqual(more, []);
  assert.equal(group?.meaning, 'other');
  assert.deepEqual(
    group?.attributes.slice(0, 9).map(({ key, value }) => [key, value.type, value.text]),
    [
      ['s', 'string', 'a "quoted"\n\u202e text'],
      ['i', 'int', '9223372036854775807'],
      ['d', 'double', 'NaN'],
      ['b', 'bool', 'false'],
      ['raw', 'bytes', 'aGk='],
      ['none', 'empty', ''],
      ['list', 'array', '["x",2,null]'],
      ['map', 'map', '{"__proto__":"y"}'],
      ['s', 'string', 'twice'],
    ],
  );
  const long = group!.attributes[9]!.value;
  assert.deepEqual([long.text.length, long.cut], [32_768, 7_232]);
});

test('attributes stand where they belong', async () => {
  const keys = [
    ['wirestitch.flow.id', 'stitching'],
    ['wirestitch.dns.id', 'network'],
    ['wirestitch.mysql.command', 'database'],
    ['gen_ai.system', 'genai'],
    ['messaging.system', 'messaging'],
    ['rpc.method', 'rpc'],
    ['exception.type', 'exception'],
    ['k8s.pod.name', 'process'],
    ['http.route', 'http'],
    ['httpx', 'other'],
  ] as const;
  const attributes = keys.map(([key]) => ({ key, value: text('v') }));
  const shown = await details({ ...plain!, attributes });
  const found = shown.attributes.flatMap(({ meaning, attributes: own }) =>
    own.map(({ key }) => [key, meaning]),
  );
  assert.deepEqual(found.toSorted(), keys.map((pair) => [...pair]).toSorted());
  assert.deepEqual(
    shown.attributes.map(({ meaning }) => meaning),
    [
      ...['http', 'rpc', 'database', 'messaging', 'genai', 'exception', 'network', 'process'],
      ...['stitching', 'other'],
    ],
  );
});

test('events, links, what was dropped, and where a stitched span was', async () => {
  const startUnixNano = plain!.startUnixNano;
  const shown = await details({
    ...plain!,
    parentSpanId: '00000000000000aa',
    statusCode: 2,
    statusMessage: 'no',
    droppedAttributesCount: 3,
    events: [
      {
        timeUnixNano: startUnixNano + 5n,
        name: 'boom',
        attributes: [{ key: 'k', value: text('v') }],
        droppedAttributesCount: 1,
      },
      { timeUnixNano: startUnixNano - 5n, name: '', attributes: [], droppedAttributesCount: 0 },
    ],
    links: [
      {
        traceId: 'b'.repeat(32),
        spanId: 'c'.repeat(16),
        traceState: 's=1',
        attributes: [],
        droppedAttributesCount: 0,
        flags: 1,
      },
    ],
    attributes: [
      { key: 'wirestitch.stitch.unlinked', value: text('ambiguous') },
      { key: 'wirestitch.stitch.trace_id', value: text('d'.repeat(32)) },
    ],
  });
  assert.deepEqual(
    shown.events.map(({ name, sinceStartNs, dropped }) => [name, sinceStartNs, dropped]),
    [
      ['boom', 5, 1],
      ['', -5, 0],
    ],
  );
  assert.equal(shown.links[0]?.traceId, 'b'.repeat(32));
  assert.deepEqual(shown.dropped, { attributes: 3, events: 0, links: 0 });
  assert.equal(shown.statusMessage, 'no');
  assert.deepEqual(shown.stitching, {
    rule: '',
    evidence: '',
    unlinked: 'ambiguous',
    storedTraceId: 'd'.repeat(32),
    storedParentSpanId: '',
  });
  assert.equal((await details(plain!)).stitching, null);
});
