import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lane, NodeState, PipelinesState } from '../../../../query/web/contract/pipelines.ts';
import { alerts, findings, healthOf } from './health.ts';
import { columnsOf, layoutLane, widthsFor } from './layout.ts';
import { edgeKey, type Readings, rateOf, withState } from './rates.ts';
import { matches, rowsOf } from './sample-rows.ts';
import {
  lineCount,
  nextPlace,
  offsetOf,
  shownColumn,
  withSuggestion,
  wordAt,
} from './text-marks.ts';

const node: NodeState = {
  name: 'exporter/x@traces',
  status: 'OK',
  statusError: '',
  statusSinceUnixNano: '0',
  in: 0,
  out: 0,
  created: 0,
  delivered: 0,
  held: 0,
  dropped: [],
  queue: null,
  failing: null,
};

function state(atMs: number, items: number, given: Partial<NodeState> = {}): PipelinesState {
  return {
    version: 1,
    startedUnixNano: '0',
    nowUnixNano: `${atMs}000000`,
    memory: { budgetUsed: 0, budgetLimit: 1, rss: 1, heapUsed: 1 },
    nodes: [{ ...node, ...given }],
    edges: [{ from: 'a', to: 'b', items, refused: [] }],
  };
}

const ab = edgeKey({ from: 'a', to: 'b' });

test('rates are taken over five seconds', () => {
  let readings: Readings = [];
  readings = withState(readings, state(1000, 100));
  assert.equal(rateOf(readings, ab), undefined);
  readings = withState(readings, state(2000, 150));
  assert.equal(rateOf(readings, ab), 50);
  for (let s = 3; s < 60; s++) readings = withState(readings, state(s * 1000, 150));
  assert.equal(rateOf(readings, ab), 0);
  assert.ok(readings.length <= 7);
  const again = withState(readings, state(59_000, 150));
  assert.equal(again, readings, 'the same answer twice');
});

test('a program that was started anew has no rate yet', () => {
  let readings = withState([], state(1000, 100));
  readings = withState(readings, state(2000, 7));
  assert.equal(rateOf(readings, ab), undefined);
});

test('a failing exporter is bad, and what was filtered is not', () => {
  assert.equal(healthOf(node, []), 'ok');
  assert.equal(healthOf(undefined, []), 'idle');
  assert.equal(healthOf({ ...node, dropped: [{ reason: 'filtered', items: 5 }] }, []), 'ok');
  const failing = { error: 'refused', atUnixNano: '1', attempts: 3 };
  const [first] = findings({ ...node, failing }, []);
  assert.deepEqual(first, {
    health: 'bad',
    short: 'refused',
    text: 'the last 3 attempts to deliver failed: refused',
  });
});

test('losses are bad while they go on, and worth a word afterwards', () => {
  const lost = (items: number) => ({ dropped: [{ reason: 'retries_exhausted', items }] });
  let readings = withState([], state(1000, 0, lost(5)));
  readings = withState(readings, state(2000, 0, lost(9)));
  assert.equal(healthOf({ ...node, ...lost(9) }, readings), 'bad');
  assert.equal(alerts(state(2000, 0, lost(9)), readings).length, 1);
  for (let s = 3; s < 12; s++) readings = withState(readings, state(s * 1000, 0, lost(9)));
  assert.equal(healthOf({ ...node, ...lost(9) }, readings), 'warn');
});

test('a queue that is nearly full is worth a word', () => {
  const queue = (size: number) => ({
    ...node,
    queue: { size, capacity: 10, unit: 'items' } as const,
  });
  assert.deepEqual(
    [7, 8, 10].map((size) => healthOf(queue(size), [])),
    ['ok', 'warn', 'bad'],
  );
});

const lane: Lane = {
  id: 'traces',
  signal: 'traces',
  receivers: ['r1', 'r2'],
  processors: ['p', { id: 'batch', into: ['e1'] }],
  exporters: ['e1', 'e2', 'e3'],
};

const sizes = {
  cardWidth: 100,
  chipWidth: 50,
  chipHeight: 20,
  bend: 10,
  gap: 8,
  cardHeight: () => 40,
};

test('columns of a lane, cards and chips that do not overlap', () => {
  assert.deepEqual(columnsOf(lane), [['r1', 'r2'], ['p'], ['e1', 'e2', 'e3']]);
  const edges = [
    { from: 'r1', to: 'p' },
    { from: 'r2', to: 'p' },
    { from: 'p', to: 'e1' },
    { from: 'p', to: 'e2' },
    { from: 'p', to: 'e3' },
    { from: 'r1', to: 'elsewhere' },
  ];
  const placed = layoutLane(lane, edges, sizes);
  assert.equal(placed.cards.length, 6);
  assert.equal(placed.edges.length, 5);
  assert.deepEqual([placed.width, placed.height], [440, 136]);
  const boxes = [...placed.cards, ...placed.edges.map(({ chip }) => chip!)];
  for (const [i, a] of boxes.entries()) {
    assert.ok(a.x >= 0 && a.y >= 0 && a.x + a.width <= 440 && a.y + a.height <= 136);
    for (const b of boxes.slice(i + 1)) {
      const apart =
        a.x + a.width <= b.x ||
        b.x + b.width <= a.x ||
        a.y + a.height <= b.y ||
        b.y + b.height <= a.y;
      assert.ok(apart, `${JSON.stringify(a)} and ${JSON.stringify(b)}`);
    }
  }
});

test('columns fill the room that there is', () => {
  const width = (columns: number, room: number, chips: boolean) => {
    const { cardWidth, chipWidth, bend } = widthsFor(columns, room, chips);
    return columns * cardWidth + (columns - 1) * (chipWidth + 2 * bend);
  };
  assert.equal(widthsFor(2, 1200, true).cardWidth, 240);
  for (const [columns, room] of [
    [5, 1230],
    [5, 1050],
    [3, 700],
  ] as const) {
    const filled = width(columns, room, true);
    assert.ok(filled <= room && filled > room - columns, `${filled} of ${room}`);
  }
  assert.equal(widthsFor(9, 500, false).cardWidth, 128, 'then it scrolls');
});

test('every receiver to every exporter: each edge has its place', () => {
  const direct: Lane = { ...lane, processors: [] };
  const edges = ['r1', 'r2'].flatMap((from) => ['e1', 'e2', 'e3'].map((to) => ({ from, to })));
  const { edges: placed, height } = layoutLane(direct, edges, sizes);
  const ys = placed.map(({ chip }) => chip!.y);
  assert.equal(new Set(ys).size, 6);
  assert.equal(height, 6 * 28 - 8);
  const plain = layoutLane(direct, edges, { ...sizes, chipWidth: 0 });
  assert.ok(plain.edges.every(({ chip }) => chip === undefined));
});

const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });

test('spans, records and points as rows', () => {
  const resource = { attributes: [attribute('service.name', 'shop')] };
  const span = {
    name: 'GET /',
    kind: 2,
    startTimeUnixNano: '1000000',
    endTimeUnixNano: '3500000',
    status: { code: 2, message: 'boom' },
    attributes: [attribute('password', '[REDACTED]')],
  };
  const resourceSpans = [{ resource, scopeSpans: [{ spans: [span] }] }];
  const [row] = rowsOf({ signal: 'traces', otlp: { resourceSpans } });
  assert.deepEqual([row!.title, row!.service, row!.isError], ['GET /', 'shop', true]);
  assert.deepEqual(row!.notes, ['server', '2.5 ms', 'error boom']);
  assert.deepEqual(row!.attributes, [{ key: 'password', value: '[REDACTED]', masked: true }]);
  assert.equal(matches(row!, 'service.name=SHOP'), true);
  assert.equal(matches(row!, 'boom'), true);
  assert.equal(matches(row!, 'nothing'), false);
  const dataPoints = [{ asInt: '5' }, { count: '3', sum: 7 }];
  const metrics = [
    { name: 'm', unit: 's', gauge: { dataPoints } },
    { name: 'n', unit: '{item}', gauge: { dataPoints: [{ asInt: '1' }] } },
  ];
  const resourceMetrics = [{ resource, scopeMetrics: [{ metrics }] }];
  const titles = rowsOf({ signal: 'metrics', otlp: { resourceMetrics } }).map((one) => one.title);
  assert.deepEqual(titles, ['m = 5 s', 'm = 3 values, sum 7 s', 'n = 1']);
  const body = { kvlistValue: { values: [attribute('a', 'b')] } };
  const logRecords = [{ body, severityNumber: 17 }];
  const resourceLogs = [{ scopeLogs: [{ logRecords }] }];
  const [record] = rowsOf({ signal: 'logs', otlp: { resourceLogs } });
  assert.deepEqual([record!.title, record!.notes, record!.isError], ['{a: b}', ['error'], true]);
});

test('what is not as OTLP says makes no rows', () => {
  for (const otlp of [null, 5, 'x', [], { resourceSpans: 5 }, { resourceSpans: [null, {}] }]) {
    assert.deepEqual(rowsOf({ signal: 'traces', otlp }), []);
  }
});

const yaml = 'receivers:\n  otlp: {protocols: {htpp: }}\n\texporters:';

test('places in a text', () => {
  assert.equal(offsetOf(yaml, 1, 1), 0);
  assert.equal(yaml.slice(offsetOf(yaml, 2, 3)).slice(0, 4), 'otlp');
  assert.equal(offsetOf(yaml, 99, 1), yaml.length);
  assert.equal(offsetOf(yaml, 1, 99), 10);
  assert.equal(yaml.slice(...wordAt(yaml, 2, 22)), 'htpp');
  assert.equal(lineCount(yaml), 3);
  assert.equal(lineCount(''), 1);
  assert.equal(shownColumn(yaml, offsetOf(yaml, 3, 2)), 2);
});

test('a suggestion takes the place of the wrong word', () => {
  const remark = {
    line: 2,
    column: 22,
    path: '',
    message: 'unknown key "htpp" (did you mean "http"?)',
    suggestion: 'http',
  };
  assert.equal(withSuggestion(yaml, remark), yaml.replace('htpp', 'http'));
  assert.equal(withSuggestion(yaml, { ...remark, line: 1 }), undefined);
  assert.equal(withSuggestion(yaml, { ...remark, suggestion: '' }), undefined);
});

test('from fault to fault, and around', () => {
  const places = [
    { line: 1, column: 1 },
    { line: 2, column: 3 },
  ];
  assert.equal(nextPlace(yaml, places, 0), places[1]);
  assert.equal(nextPlace(yaml, places, 40), places[0]);
  assert.equal(nextPlace(yaml, [], 0), undefined);
});
