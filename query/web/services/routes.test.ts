import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RedSum } from '../../../storage/services/bands.ts';
import type { ServiceNode, ServiceReader } from '../../../storage/services/model.ts';
import type { StepWindow } from '../../../storage/services/window.ts';
import type {
  ServiceListAnswer,
  ServiceMapAnswer,
  ServiceOperationsAnswer,
} from '../contract/services.ts';
import { findRoute, WebError } from '../route.ts';
import { servicesRoutes } from './routes.ts';

const nowMs = 1_800_000_000_000;
const range = `start=${nowMs - 120_000}000000&end=${nowMs}000000`;

function red(calls: number, errors = 0): RedSum {
  const sum = new RedSum();
  sum.addBands(calls, errors, [40], [calls]);
  return sum;
}

const series = {
  calls: new Float64Array([3, 0]),
  errors: new Float64Array([1, 0]),
  p95Ns: new Float64Array([2e6, Number.NaN]),
};

const nodes: readonly ServiceNode[] = [
  {
    id: 'service:web',
    type: 'service',
    name: 'web',
    system: '',
    instrumented: true,
    measure: 'requests',
    red: red(12, 3),
    series,
  },
  {
    id: 'database:pg',
    type: 'database',
    name: 'pg',
    system: 'postgresql',
    instrumented: false,
    measure: 'callers',
    red: red(6),
  },
  {
    id: 'service:cron',
    type: 'service',
    name: 'cron',
    system: '',
    instrumented: true,
    measure: 'spans',
    red: red(0),
  },
];

function fakeReader() {
  const asked: StepWindow[] = [];
  const network = {
    connections: 1,
    failedConnections: 0,
    packets: 10,
    retransmissions: 1,
    bytesSent: 2,
    bytesReceived: 3,
    rttNs: undefined,
    rttMaxNs: undefined,
  };
  const [from, to] = ['service:web', 'database:pg'];
  const edge = {
    from,
    to,
    source: 'peer',
    red: red(6),
    protocols: ['postgresql'],
    network,
  } as const;
  const reader: ServiceReader = {
    async graph(window) {
      asked.push(window);
      return { window, nodes, edges: [edge], notes: ['a note'] };
    },
    async operations(service, window) {
      asked.push(window);
      const operation = {
        name: `GET ${service}`,
        kind: 2,
        measure: 'requests',
        red: red(12),
      } as const;
      return { window, operations: [{ ...operation, series }], truncated: true, notes: [] };
    },
  };
  return { reader, asked };
}

function page(reader: ServiceReader | undefined = fakeReader().reader) {
  const routes = servicesRoutes({ reader, now: () => nowMs });
  return async <T>(path: string, query: string): Promise<T> => {
    const found = findRoute(routes, 'GET', path);
    assert.ok('route' in found, path);
    const answer = await found.route.handle({
      params: found.params,
      query: new URLSearchParams(query),
      body: undefined,
      onClose: () => {},
    });
    assert.ok('json' in answer);
    return JSON.parse(JSON.stringify(answer.json)) as T;
  };
}

test('the list: figures of every service', async () => {
  const answer = await page()<ServiceListAnswer>('/api/v1/service-list', range);
  assert.deepEqual(answer.window, {
    startUnixNano: `${nowMs - 120_000}000000`,
    endUnixNano: `${nowMs}000000`,
    seconds: 120,
    stepNs: 60e9,
  });
  const [web, pg] = answer.services;
  assert.deepEqual([web?.red.calls, web?.red.errors, web?.red.perSecond], [12, 3, 0.1]);
  assert.ok((web?.red.p95Ns ?? 0) > 2 ** 20);
  assert.deepEqual(web?.series, { calls: [3, 0], errors: [1, 0], p95Ns: [2e6, null] });
  assert.deepEqual(
    [pg?.type, pg?.system, pg?.instrumented, pg?.series],
    ['database', 'postgresql', false, null],
  );
  assert.equal(answer.services[2]?.red.p50Ns, null);
  assert.deepEqual([answer.total, answer.truncated, answer.notes], [3, false, ['a note']]);
});

test('the map: all, around a node, cut off', async () => {
  const get = page();
  const all = await get<ServiceMapAnswer>('/api/v1/service-map', range);
  assert.deepEqual(
    all.nodes.map(({ id, isolated, hidden }) => [id, isolated, hidden]),
    [
      ['service:web', false, 0],
      ['database:pg', false, 0],
      ['service:cron', true, 0],
    ],
  );
  assert.deepEqual([all.totalNodes, all.totalEdges, all.cut, all.truncated], [3, 1, 0, false]);
  assert.equal(all.focus, '');
  const [edge] = all.edges;
  assert.deepEqual([edge?.source, edge?.protocols, edge?.red.calls], ['peer', ['postgresql'], 6]);
  assert.deepEqual([edge?.network?.retransmissions, edge?.network?.rttNs], [1, null]);

  const near = `${range}&focus=database:pg&hops=1&limit=1`;
  const cut = await get<ServiceMapAnswer>('/api/v1/service-map', near);
  assert.deepEqual([cut.nodes[0]?.id, cut.nodes[0]?.hidden], ['database:pg', 1]);
  assert.deepEqual(
    [cut.cut, cut.truncated, cut.focus, cut.edges.length],
    [1, true, 'database:pg', 0],
  );

  const gone = await get<ServiceMapAnswer>('/api/v1/service-map', `${range}&focus=service:gone`);
  assert.deepEqual([gone.focus, gone.nodes.length, gone.totalNodes], [null, 0, 3]);
});

test('operations of a service', async () => {
  const path = '/api/v1/service-operations';
  const answer = await page()<ServiceOperationsAnswer>(path, `${range}&service=web`);
  assert.deepEqual([answer.service, answer.truncated], ['web', true]);
  assert.deepEqual(
    [answer.operations[0]?.name, answer.operations[0]?.series.calls],
    ['GET web', [3, 0]],
  );
});

test('tabs that ask for the same minutes cost one query', async () => {
  const { reader, asked } = fakeReader();
  const get = page(reader);
  const later = `start=${nowMs - 119_000}000000&end=${nowMs - 1_000}000000`;
  await Promise.all([
    get('/api/v1/service-list', range),
    get('/api/v1/service-map', range),
    get('/api/v1/service-map', `${later}&focus=service:web`),
  ]);
  assert.equal(asked.length, 1);
  await get('/api/v1/service-list', `start=${nowMs - 240_000}000000&end=${nowMs}000000`);
  assert.equal(asked.length, 2);
});

test('bad parameters are refused, and quoted', async () => {
  const get = page();
  const refused = async (path: string, query: string, message: RegExp) => {
    await assert.rejects(get(`/api/v1/${path}`, query), (error) => {
      assert.ok(error instanceof WebError && error.reason === 'bad_request', query);
      assert.match(error.message, message);
      return true;
    });
  };
  await refused('service-list', '', /start is missing/);
  await refused('service-list', 'start=1', /end is missing/);
  await refused('service-list', 'start=now&end=2', /start is "now"/);
  await refused('service-list', 'start=-1&end=2', /"-1"/);
  await refused('service-list', 'start=2&end=2', /end is "2": it must be after start, 2/);
  await refused('service-list', `start=0&end=${nowMs}000000`, /longer than 400 days/);
  for (const value of ['0', '4', '1.5', 'x'.repeat(500)]) {
    await refused(
      'service-map',
      `${range}&hops=${value}`,
      /hops is ".{0,101}": it must be a whole number from 1 to 3/,
    );
  }
  await refused('service-map', `${range}&limit=201`, /limit is "201"/);
  await refused('service-map', `${range}&errors=yes`, /errors is "yes"/);
  await refused('service-operations', range, /service is missing/);
});

test('other tables than those of schema smart are said to be so', async () => {
  const routes = servicesRoutes({ reader: undefined, now: () => nowMs });
  for (const { path, handle } of routes) {
    const query = new URLSearchParams(`${range}&service=a`);
    const asking = handle({ params: {}, query, body: undefined, onClose: () => {} });
    await assert.rejects(asking, (error) => {
      assert.ok(error instanceof WebError && error.reason === 'not_found', path);
      assert.match(error.message, /schema smart/);
      return true;
    });
  }
});
