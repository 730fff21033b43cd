import assert from 'node:assert/strict';
import test from 'node:test';
import { type Insight, InsightError, type TapSample } from '../../../component/insight.ts';
import type {
  LogAnswer,
  PipelinesAnswer,
  PipelinesState,
} from '../../../query/web/contract/pipelines.ts';
import { findRoute, WebError } from '../../../query/web/route.ts';
import { type FakeClock, fakeClock } from '../../../testing/clock.ts';
import { testHost, testInsight, testView } from '../../../testing/settings.ts';
import { pipelinesRoutes } from './routes.ts';
import { tapSection } from './tap-config.ts';

const node = {
  name: 'exporter/otlp_grpc@traces',
  kind: 'exporter',
  id: 'otlp_grpc',
  type: 'otlp_grpc',
  description: 'd',
  stability: { traces: 'stable' },
  signal: 'traces',
  outputSignal: undefined,
} as const;

function routes(given: Partial<Insight>, clock = fakeClock(1500)) {
  const host = { ...testHost(), view: testView({ insight: testInsight(given) }) };
  const build = { command: 'wirestitch', version: '1.2.3' };
  return pipelinesRoutes({ host, build, tap: tapSection().parse({}), clock });
}

async function ask(
  given: Partial<Insight>,
  path: string,
  body?: unknown,
  onClose: (run: () => void) => void = () => {},
  clock?: FakeClock,
) {
  const [pathname = '', search = ''] = path.split('?');
  const found = findRoute(routes(given, clock), body === undefined ? 'GET' : 'POST', pathname);
  assert.ok('route' in found);
  const query = new URLSearchParams(search);
  return found.route.handle({ params: found.params, query, body, onClose });
}

async function json<T>(given: Partial<Insight>, path: string, body?: unknown): Promise<T> {
  const answer = await ask(given, path, body);
  assert.ok('json' in answer);
  return answer.json as T;
}

test('the graph has the configuration of each node', async () => {
  const answer = await json<PipelinesAnswer>(
    {
      version: () => 3,
      startedUnixMs: 1000,
      graph: () => ({ nodes: [node], edges: [], lanes: [] }),
      componentConfigs: async () => new Map([['exporter/otlp_grpc', 'endpoint: x\n']]),
    },
    '/api/v1/pipelines',
  );
  assert.equal(answer.version, 3);
  assert.equal(answer.programVersion, '1.2.3');
  assert.equal(answer.startedUnixNano, '1000000000');
  assert.deepEqual(answer.graph.nodes, [{ ...node, outputSignal: null, config: 'endpoint: x\n' }]);
});

test('numbers, with times in nanoseconds', async () => {
  const numbers = {
    memory: { budgetUsed: 1, budgetLimit: 2, rss: 3, heapUsed: 4 },
    nodes: [
      {
        name: node.name,
        status: 'StatusRecoverableError',
        statusError: 'e',
        statusSinceUnixMs: 7,
        in: 5,
        out: 0,
        created: 0,
        delivered: 2,
        held: 1,
        dropped: { rejected: 2 },
        queue: { size: 1, capacity: 9, unit: 'requests' },
        failing: { error: 'refused', unixMs: 8.5, attempts: 4 },
      },
    ],
    edges: [],
  } as const;
  const answer = await json<PipelinesState>({ numbers: () => numbers }, '/api/v1/pipelines/state');
  assert.equal(answer.nowUnixNano, '1500000000');
  const [state] = answer.nodes;
  assert.equal(state!.status, 'RecoverableError');
  assert.deepEqual(state!.dropped, [{ reason: 'rejected', items: 2 }]);
  assert.deepEqual(state!.failing, { error: 'refused', atUnixNano: '8500000', attempts: 4 });
});

test('the log after what is known already', async () => {
  const entry = {
    id: 1,
    sequence: 9,
    level: 'error',
    node: node.name,
    message: 'm',
    fields: { error: 'why', dropped_items: 5 },
    count: 2,
    firstUnixMs: 1,
    lastUnixMs: 2,
  } as const;
  const log = (after: number) => (after < 9 ? [entry] : []);
  const answer = await json<LogAnswer>({ log }, '/api/v1/pipelines/log?after=3');
  assert.equal(answer.newest, 9);
  assert.deepEqual(answer.entries[0]!.fields, [
    { key: 'error', value: 'why' },
    { key: 'dropped_items', value: '5' },
  ]);
  const none = await json<LogAnswer>({ log }, '/api/v1/pipelines/log?after=9');
  assert.deepEqual(none, { entries: [], newest: 9 });
  await assert.rejects(ask({}, '/api/v1/pipelines/log?after=x'), {
    message: /^after is "x": it must be a whole number from 0/,
  });
});

const sample: TapSample = {
  unixMs: 1,
  signal: 'logs',
  items: 2,
  bytes: 3,
  otlp: undefined,
  shown: 0,
  masked: 0,
  refused: undefined,
  passedBatches: 0,
  passedItems: 0,
  missed: 0,
};

test('a tap sends samples until the reader is gone', async () => {
  let stopped = false;
  let take: (sample: TapSample) => boolean = () => false;
  const tap: Insight['tap'] = (edge, options, receive) => {
    assert.deepEqual(edge, { from: 'a@b', to: 'c' });
    assert.deepEqual(options, { batchesPerSecond: 2, items: 10, mask: [] });
    take = receive;
    return () => {
      stopped = true;
    };
  };
  const closers: (() => void)[] = [];
  const path = '/api/v1/pipelines/tap?from=a%40b&to=c';
  const clock = fakeClock();
  const answer = await ask({ tap }, path, undefined, (run) => closers.push(run), clock);
  assert.ok('events' in answer);
  assert.equal(take(sample), false, 'the stream has not begun');
  const sent: unknown[] = [];
  answer.events((event, data) => sent.push([event, data]) > 0);
  assert.equal(take(sample), true);
  assert.deepEqual(sent[0], ['opened', { batchesPerSecond: 2, itemsPerBatch: 10 }]);
  const [name, data] = sent[1] as [string, Record<string, unknown>];
  assert.deepEqual(
    [name, data.otlp, data.refused, data.atUnixNano],
    ['sample', null, '', '1000000'],
  );
  await clock.advance(40_000);
  assert.deepEqual(sent.slice(2), [
    ['ping', {}],
    ['ping', {}],
  ]);
  for (const close of closers) close();
  assert.equal(stopped, true);
  assert.equal(clock.pending, 0);
  await assert.rejects(ask({}, '/api/v1/pipelines/tap?from=a'), { reason: 'bad_request' });
});

test('what the program refuses has a reason and a hint', async () => {
  const cases = [
    ['not_found', 'not_found'],
    ['busy', 'unavailable'],
    ['too_large', 'too_broad'],
    ['timeout', 'timeout'],
  ] as const;
  for (const [given, reason] of cases) {
    const checkConfig = async () => {
      throw new InsightError(given, 'said');
    };
    const asked = ask({ checkConfig }, '/api/v1/config/check', { text: 'x' });
    await assert.rejects(asked, (error) => {
      assert.ok(error instanceof WebError);
      assert.deepEqual([error.reason, error.message], [reason, 'said']);
      assert.notEqual(error.hint, '');
      return true;
    });
  }
});

test('a text is checked; a body without one is refused', async () => {
  const asked: string[] = [];
  const checkConfig: Insight['checkConfig'] = async (text) => {
    asked.push(text);
    return { faults: [], warnings: [], unchecked: [], graph: undefined };
  };
  const good = await json({ checkConfig }, '/api/v1/config/check', { text: 'a: 1' });
  assert.deepEqual(good, { faults: [], warnings: [], unchecked: [], graph: null });
  assert.deepEqual(asked, ['a: 1']);
  for (const body of [null, 5, 'x', {}, { text: 5 }, []]) {
    await assert.rejects(ask({ checkConfig }, '/api/v1/config/check', body), {
      reason: 'bad_request',
    });
  }
});

test('the configuration that runs', async () => {
  const answer = await json({ configYaml: async () => 'a: 1\n' }, '/api/v1/config');
  assert.deepEqual(answer, { yaml: 'a: 1\n' });
});
