/** Ten thousand trace ids through the samplers of the Go collector and of this program. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../testing/random.ts';
import { complete, testEnds } from './drop-in/lib/fragment.ts';
import { findPeer } from './drop-in/lib/peer.ts';
import { startInside, startProcess } from './drop-in/lib/run.ts';
import { play, type Scenario } from './drop-in/lib/scenario.ts';

const count = 10_000;
const perRequest = 2500;

const states = [
  '',
  '',
  '',
  'ot=th:8',
  'ot=th:c;rv:d0000000000000',
  'ot=rv:fffffffffffff0',
  'ot=th:1234567890abcd',
  'vendor=a,ot=th:0',
  'ot=th:xyz',
  'not a state',
  'vendor=1,other@sys=2',
  'ot=rv:12;th:8',
  ' a=1 , ot=ab:c;th:4 ,b=2',
];

const priorities = [
  undefined,
  undefined,
  undefined,
  undefined,
  { intValue: '0' },
  { intValue: '5' },
  { stringValue: '1e2' },
  { stringValue: 'none' },
  { doubleValue: 0.5 },
  { intValue: '-1' },
];

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

type Json = Record<string, unknown>;

function item(i: number, random: ReturnType<typeof seededRandom>): { span: Json; record: Json } {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.float() * list.length)]!;
  const traceId = i % 50 === 0 ? '' : hex(random.bytes(16));
  const spanId = hex(random.bytes(8));
  const priority = pick(priorities);
  const key = (name: string, value: unknown) => (value === undefined ? [] : [{ key: name, value }]);
  const th = pick([undefined, undefined, undefined, '8', 'c', '0', 'zz']);
  const rv = pick([undefined, undefined, undefined, 'abcdefabcdefab', 'short']);
  const text = (value: string | undefined) => value && { stringValue: value };
  return {
    span: {
      traceId,
      spanId,
      name: `s${i}`,
      traceState: pick(states),
      attributes: key('sampling.priority', priority),
    },
    record: {
      traceId,
      body: { stringValue: `r${i}` },
      attributes: [
        ...key('prio', priority),
        ...key('unit', pick([undefined, { intValue: String(i) }, { stringValue: `u${i}` }])),
        ...key('sampling.threshold', text(th)),
        ...key('sampling.randomness', text(rv)),
      ],
    },
  };
}

function steps(): Scenario['steps'] {
  const random = seededRandom(7);
  const list: Json[] = [];
  for (let from = 0; from < count; from += perRequest) {
    const items = Array.from({ length: perRequest }, (_, i) => item(from + i, random));
    const spans = items.map(({ span }) => span);
    const logRecords = items.map(({ record }) => record);
    list.push({ traces: { resourceSpans: [{ scopeSpans: [{ spans }] }] } });
    list.push({ logs: { resourceLogs: [{ scopeLogs: [{ logRecords }] }] } });
  }
  return list;
}

const configs = [
  'sampling_percentage: 15.3',
  'sampling_percentage: 30, hash_seed: 4711, fail_closed: false',
  'sampling_percentage: 42, mode: equalizing',
  'sampling_percentage: 42, mode: equalizing, fail_closed: false, sampling_precision: 14',
  'sampling_percentage: 33.3, mode: proportional, sampling_precision: 3',
  'sampling_percentage: 0.01, mode: proportional, fail_closed: false',
  'sampling_percentage: 0, fail_closed: false, sampling_priority: prio',
  'sampling_percentage: 100',
  'sampling_percentage: 50, attribute_source: record, from_attribute: unit, sampling_priority: prio',
  'sampling_percentage: 50, from_attribute: unit, fail_closed: false',
];

for (const keys of configs) {
  test(`probabilistic_sampler: ${keys}`, async (t) => {
    const peer = findPeer();
    if (peer === undefined) {
      t.skip('PEERS_DIR holds no Go collector');
      return;
    }
    const text = `# signals: traces logs\nprocessors: {probabilistic_sampler: {${keys}}}\n`;
    const scenario: Scenario = {
      name: keys,
      folder: '',
      component: 'processor-probabilistic_sampler',
      config: complete(text, testEnds),
      steps: steps(),
      ignored: new Set(),
      settleMs: 100,
      alone: '',
      gates: '',
      env: {},
    };
    const theirs = await play(scenario, (config, env) => startProcess([peer], config, env));
    const ours = await play(scenario, startInside);
    assert.ok(theirs.output.traces.length + theirs.output.logs.length > 0);
    assert.deepEqual(ours.output.traces.length, theirs.output.traces.length);
    assert.deepEqual(ours.output.logs.length, theirs.output.logs.length);
    assert.deepEqual(ours, theirs);
  });
}
