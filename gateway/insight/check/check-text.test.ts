import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { FeatureGates } from '../../config/gates.ts';
import { checkText } from './check-text.ts';
import { ConfigChecker } from './checker.ts';

const gates = new FeatureGates();
const check = (text: string) => checkText(text, gates);

const good = `
receivers:
  otlp: {protocols: {grpc: }}
processors:
  batch:
exporters:
  debug:
  nop:
service:
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [debug, nop]}
`;

test('a good text has no faults and its graph', async () => {
  const { faults, warnings, unchecked, graph } = await check(good);
  assert.deepEqual([faults, warnings, unchecked], [[], [], []]);
  const names = graph!.nodes.map(({ name }) => name);
  const first = 'processor/batch@traces';
  assert.deepEqual(names, ['exporter/debug@traces', 'exporter/nop@traces', first, 'receiver/otlp']);
  assert.deepEqual(graph!.edges, [
    { from: first, to: 'exporter/debug@traces' },
    { from: first, to: 'exporter/nop@traces' },
    { from: 'receiver/otlp', to: first },
  ]);
  assert.deepEqual(graph!.lanes, [
    {
      id: 'traces',
      signal: 'traces',
      receivers: ['receiver/otlp'],
      processors: [first],
      exporters: ['exporter/debug@traces', 'exporter/nop@traces'],
    },
  ]);
});

test('a batch processor whose queue does the work is told of', async () => {
  const text = good.replaceAll('debug:', 'otlp_grpc: {endpoint: "localhost:1"}');
  const { graph } = await check(text.replaceAll('[debug, nop]', '[otlp_grpc]'));
  const folded = { id: 'batch', into: ['exporter/otlp_grpc@traces'] };
  assert.deepEqual(graph!.lanes[0]!.processors, [folded]);
});

test('every fault has its place and what was probably meant', async () => {
  const text = `receivers:
  otlp: {protocols: {grpc: , htpp: }}
exporters:
  debug: {verbosity: loud}
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [debgu]}
`;
  const { faults, graph } = await check(text);
  assert.equal(graph, undefined);
  const places = faults.map(({ line, column, path }) => [line, column, path]);
  assert.deepEqual(places, [
    [2, 30, 'receivers::otlp::protocols'],
    [4, 11, 'exporters::debug::verbosity'],
    [7, 45, 'service::pipelines::traces'],
  ]);
  assert.deepEqual([faults[0]!.suggestion, faults[2]!.suggestion], ['http', 'debug']);
});

test('text that is no YAML, or no configuration', async () => {
  const broken = await check('receivers:\n  otlp: [');
  assert.equal(broken.faults.length, 1);
  assert.match(broken.faults[0]!.message, /invalid YAML/);
  assert.match((await check('')).faults[0]!.message, /empty configuration/);
  assert.match((await check('[1]')).faults[0]!.message, /expected a map/);
  assert.match((await check('receivers: ${page:}')).faults[0]!.message, /cannot contain itself/);
});

test('no reference is followed: what hangs on its value is not checked', async (t) => {
  process.env.WIRESTITCH_TEST_SECRET = 'hunter2';
  t.after(() => delete process.env.WIRESTITCH_TEST_SECRET);
  const text = `receivers:
  otlp: {protocols: {grpc: {endpoint: "\${env:HOST}:4317"}}}
exporters:
  otlp_grpc:
    endpoint: \${file:package.json}
    timeout: \${env:WIRESTITCH_TEST_SECRET}
    sending_queue: {queue_size: "\${env:SIZE:-7}", num_consumers: "\${https://localhost:1/x}"}
    compression: \${env:WIRESTITCH_TEST_SECRET}
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [otlp_grpc]}
`;
  const found = await check(text);
  assert.deepEqual(found.faults, []);
  const paths = found.unchecked.map(({ line, path }) => `${line} ${path}`);
  assert.ok(paths.includes('6 exporters::otlp_grpc::timeout'), paths.join(', '));
  assert.ok(paths.includes('7 exporters::otlp_grpc::sending_queue::num_consumers'));
  assert.ok(paths.includes('8 exporters::otlp_grpc::compression'));
  assert.ok(found.graph !== undefined, 'the graph hangs on none of them');
  assert.doesNotMatch(JSON.stringify(found), /hunter2|"name": "wirestitch"/);
});

test('faults beside unknown values are found, defaults of variables are checked', async () => {
  const text = good
    .replace('debug:', 'debug: {verbosity: "${env:V}", loud: true}')
    .replace('nop:', 'otlp_http: {endpoint: "http://localhost", timeout: "${env:T:-soon}"}')
    .replace('[debug, nop]', '[debug, otlp_http]');
  const { faults, unchecked } = await check(text);
  assert.deepEqual(
    faults.map(({ path }) => path),
    ['exporters::debug', 'exporters::otlp_http::timeout'],
  );
  assert.match(faults[1]!.message, /soon/);
  assert.deepEqual(
    unchecked.map(({ path }) => path),
    ['exporters::debug::verbosity'],
  );
});

test('a section that comes from elsewhere makes no false faults', async () => {
  const text = good.replace(/receivers:\n {2}otlp:.*\n/, 'receivers: ${file:receivers.yaml}\n');
  const { faults, unchecked, graph } = await check(text);
  assert.deepEqual(faults, []);
  assert.ok(unchecked.some(({ path }) => path === 'receivers'));
  assert.equal(graph, undefined);
});

test('a masked secret of the running configuration is no fault', async () => {
  const text = good.replace('nop:', 'nop:\nextensions:\n  oauth2client: {timeout: "[REDACTED]"}');
  const { unchecked } = await check(text);
  assert.ok(unchecked.some(({ path }) => path === 'extensions::oauth2client::timeout'));
});

test('any text has an answer', async () => {
  const piece = fc.constantFrom(...good.split(/(?=[\s:{[])/), '${env:X}', '${file:x}', '[', '- ');
  const texts = fc.oneof(
    fc.string(),
    fc.array(piece).map((pieces) => pieces.join('')),
  );
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      const { faults, graph } = await check(text);
      assert.ok(faults.length === 0 || graph === undefined);
      for (const { line, column } of faults) assert.ok(line >= 1 && column >= 1);
    }),
    { numRuns: 200 },
  );
});

test('the check runs in a thread of its own, one at a time, within a limit of size', async (t) => {
  const checker = new ConfigChecker(() => '');
  t.after(() => checker.close());
  const first = checker.check(good);
  await assert.rejects(checker.check(good), { reason: 'busy' });
  assert.equal((await first).graph!.nodes.length, 4);
  assert.equal((await checker.check('x: 1')).faults.length > 0, true);
  await assert.rejects(checker.check(' '.repeat(262_145)), { reason: 'too_large' });
});

test('a check that takes too long or too much memory is ended; the next one works', async (t) => {
  const small = new ConfigChecker(() => '', { ms: 60_000, mebibytes: 24 });
  const quick = new ConfigChecker(() => '', { ms: 1, mebibytes: 64 });
  t.after(() => {
    small.close();
    quick.close();
  });
  await assert.rejects(quick.check(good), { reason: 'timeout' });
  await assert.rejects(quick.check(good), { reason: 'timeout' });
  const list = Array.from({ length: 9000 }, (_none, i) => `  otlp/${i}: {a: {b: }}`).join('\n');
  await assert.rejects(small.check(`receivers:\n${list}`), { reason: 'too_large' });
  assert.equal((await small.check('x: 1')).faults.length > 0, true);
});
