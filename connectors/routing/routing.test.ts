import assert from 'node:assert/strict';
import { test } from 'node:test';
import { background } from '../../component/consumer.ts';
import { LogsBuilder } from '../../pdata/builder.ts';
import { toJson } from '../../pdata/json.ts';
import { startConnector } from '../../testing/connector.ts';
import { permanent, retryable } from '../../testing/sinks.ts';
import { factory } from './index.ts';
import { matchesRequest, parseRequestCondition } from './request-condition.ts';

const pipelines = ['logs/a', 'logs/b', 'logs/other'];

/** Three services with records 0 to 5: two each. */
function sixRecords() {
  const builder = new LogsBuilder();
  for (let i = 0; i < 6; i += 1) {
    if (i % 2 === 0) {
      builder.resource({ 'service.name': `s${i / 2}` });
      builder.scope('l');
    }
    builder.record({ timeUnixNano: 1n, body: `${i}`, severityNumber: i });
  }
  return builder.finish();
}

const start = (given: unknown) =>
  startConnector(factory, ['logs', 'logs'] as const, given, { pipelines });

type Started = Awaited<ReturnType<typeof start>>;

const got = ({ pipelines: sinks }: Started) =>
  Object.fromEntries(
    [...sinks].map(([id, { batches }]) => [
      id.slice(5),
      batches.map((b) =>
        [...toJson(b).matchAll(/"stringValue":"(\d)"/g)].map((m) => m[1]).join(''),
      ),
    ]),
  );

async function finish(started: Started): Promise<void> {
  await started.stop();
  assert.deepEqual(started.settings.book.check(), []);
}

test('move takes, copy leaves, the rest goes to the default; each pipeline gets one batch', async () => {
  const started = await start({
    default_pipelines: ['logs/other'],
    table: [
      { context: 'log', condition: 'severity_number > 3', action: 'copy', pipelines: ['logs/b'] },
      { condition: 'attributes["service.name"] == "s0"', pipelines: ['logs/a'] },
      { context: 'log', condition: 'body == "4"', pipelines: ['logs/a', 'logs/b'] },
    ],
  });
  await started.send(sixRecords());
  assert.deepEqual(got(started), { a: ['014'], b: ['454'], other: ['235'] });
  await finish(started);
});

test('without a default what no route took is dropped and counted', async () => {
  const started = await start({
    table: [{ condition: 'attributes["service.name"] == "s1"', pipelines: ['logs/a'] }],
  });
  await started.send(sixRecords());
  assert.deepEqual(got(started), { a: ['23'], b: [], other: [] });
  const node = started.settings.book.snapshot().nodes.find((one) => one.node === 'test')!;
  assert.deepEqual(node.dropped, { no_route: 4 });
  await finish(started);
});

test('a batch that goes to one pipeline as a whole is not copied', async () => {
  const started = await start({ table: [{ condition: 'true', pipelines: ['logs/a'] }] });
  const batch = sixRecords();
  await started.send(batch);
  assert.equal(started.pipelines.get('logs/a')!.batches[0], batch);
  await finish(started);
});

test('a refusing pipeline refuses the batch; what the others took is accounted for', async () => {
  const started = await start({
    default_pipelines: ['logs/other'],
    table: [{ condition: 'attributes["service.name"] == "s1"', pipelines: ['logs/a'] }],
  });
  started.pipelines.get('logs/a')!.failures.push(permanent('never'), retryable('later'));
  await assert.rejects(started.send(sixRecords()), { message: 'never', retryable: false });
  await assert.rejects(started.send(sixRecords()), { message: 'later', retryable: true });
  assert.deepEqual(got(started).other, ['0145', '0145']);
  await finish(started);
});

test('a failing condition refuses the batch, or only does not take the route', async () => {
  const table = [{ context: 'log', condition: 'ParseJSON(body) != nil', pipelines: ['logs/a'] }];
  const strict = await start({ default_pipelines: ['logs/other'], table });
  const builder = new LogsBuilder();
  builder.record({ timeUnixNano: 1n, body: '{' });
  builder.record({ timeUnixNano: 1n, body: '{}' });
  const batch = builder.finish();
  await assert.rejects(strict.send(batch), { retryable: true });
  await finish(strict);
  const lax = await start({ error_mode: 'ignore', default_pipelines: ['logs/other'], table });
  await lax.send(batch);
  const counts = [...lax.pipelines.values()].map(({ items }) => items);
  assert.deepEqual(counts, [1, 0, 1]);
  await finish(lax);
});

test('statements that edit leave the shared batch as it was', async () => {
  const statement =
    'delete_key(attributes, "service.name") where attributes["service.name"] == "s0"';
  const started = await start({ table: [{ statement, pipelines: ['logs/a'] }] });
  const batch = sixRecords();
  const before = Buffer.concat(batch.ranges());
  await started.send(batch);
  assert.deepEqual(Buffer.concat(batch.ranges()), before);
  const [routed] = started.pipelines.get('logs/a')!.batches;
  assert.doesNotMatch(toJson(routed!), /service\.name/);
  assert.equal(routed!.itemCount, 2);
  await finish(started);
});

test('requests are told apart by their metadata', async () => {
  const table = [
    { context: 'request', condition: 'request["X-Tenant"] == "acme"', pipelines: ['logs/a'] },
  ];
  const started = await start({ default_pipelines: ['logs/other'], table });
  const of = (tenant: string) => ({
    ...background,
    client: { address: '', metadata: new Map([['x-tenant', [tenant]]]) },
  });
  await started.send(sixRecords(), of('acme'));
  await started.send(sixRecords(), of('ecorp'));
  await started.send(sixRecords());
  assert.deepEqual(got(started), { a: ['012345'], b: [], other: ['012345', '012345'] });
  await finish(started);
});

test('conditions on requests', () => {
  const of = (text: string) => {
    const { key, equal, value } = parseRequestCondition(text);
    return `${key} ${equal} ${value}`;
  };
  assert.equal(of('request["X-A"] == "b c"'), 'x-a true b c');
  assert.equal(of('request["a"]!="b"'), 'a false b');
  const bad = (text: string, message: RegExp) =>
    assert.throws(() => parseRequestCondition(text), message);
  bad('', /is empty/);
  bad('request["a"]', /does not contain a valid comparator/);
  bad('request["a"] == "b" != "c"', /multiple comparators/);
  bad('request.a == "b"', /must have format/);
  bad('request["a"] == b', /must have format/);
  const none = parseRequestCondition('request["a"] != "b"');
  assert.equal(matchesRequest(none, new Map()), false);
  assert.equal(matchesRequest(none, new Map([['a', ['b', 'c']]])), true);
});

test('a route that is there already is told and left out', async () => {
  const item = { condition: 'true', pipelines: ['logs/a'] };
  const started = await start({ table: [item, { ...item, pipelines: ['logs/b'] }] });
  await started.send(sixRecords());
  assert.deepEqual(got(started).b, []);
  assert.match(started.settings.logger.lines[0]!.message, /already exists in the routing table/);
  await finish(started);
});
