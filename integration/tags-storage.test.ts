import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { hostEntity, processEntity, service } from '../agent/entities/entity.ts';
import { EntityReporter } from '../agent/entities/reporter.ts';
import { FlowLogWriter } from '../agent/flow/log-writer.ts';
import { emptyRecord } from '../agent/flow/record.ts';
import type { Logs } from '../pdata/batch.ts';
import { LogsBuilder } from '../pdata/builder.ts';
import { freePorts } from '../testing/ports.ts';
import { until } from '../testing/until.ts';
import { engineOf, killNow } from './crash/processes.ts';
import { eventually } from './lib/all-in-one.ts';
import { Program, scratch } from './lib/program.ts';

/** Log records, flows and entities through the started program into the engine. */

const folder = scratch();
const password = 'integration';
let ports: number[];
let program: Program;

function config(): string {
  const [http, clickhouse] = ports;
  return `receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${http}"}}}
exporters:
  clickhouse:
    engine: embedded_clickhouse
    database: wirestitch
    schema: smart
    retry_on_failure: {max_elapsed_time: 0}
    sending_queue: {storage: file_storage, batch: {flush_timeout: 100ms, min_size: 100}}
extensions:
  file_storage: {directory: "${folder.path}/queue", create_directory: true}
  embedded_clickhouse: {path: "${folder.path}/clickhouse", listen: "127.0.0.1:${clickhouse}"}
service:
  extensions: [file_storage, embedded_clickhouse]
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [otlp], exporters: [clickhouse]}
    traces: {receivers: [otlp], exporters: [clickhouse]}
`;
}

async function start(): Promise<void> {
  const env = { WIRESTITCH_ENGINE_PASSWORD: password };
  program = await Program.startWith(config(), folder.path, { env });
}

before(async () => {
  ports = await freePorts(2);
  await start();
});

after(async () => {
  await program.stop();
  folder.remove();
});

async function rows(sql: string): Promise<Record<string, unknown>[]> {
  const headers = { 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': password };
  const body = `${sql} FORMAT JSONEachRow`;
  const response = await fetch(`http://127.0.0.1:${ports[1]}/?database=wirestitch`, {
    ...{ method: 'POST', body, headers },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`cannot run ${sql}: ${text}`);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** @returns whether the program accepted it */
async function post(batch: Logs): Promise<boolean> {
  const ranges = [...batch.ranges()].map((range) => Buffer.from(range));
  try {
    const response = await fetch(`http://127.0.0.1:${ports[0]}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: Buffer.concat(ranges),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

test('flows are named by the entities of their own time', async () => {
  const nowS = Math.floor(Date.now() / 1000);
  const now = BigInt(nowS) * 1_000_000_000n;
  const host = { id: '3d1219c7c4c5404aaa1f6d2a48adfda4', name: 'h1' };
  const reporter = new EntityReporter({ host, intervalSeconds: 300, limit: 100 });
  const place = { service: 'shop', serviceNamespace: '', containerId: '' };
  const shop = (version: string) =>
    processEntity(host, 42, now - 3_600_000_000_000n, place, { 'service.version': version });
  reporter.seen(hostEntity(host, ['10.0.0.2']), now);
  reporter.seen(service('shop', '', { team: 'blue' }), now);
  reporter.seen(shop('1'), now - 900_000_000_000n);
  assert.equal(await post(reporter.flush(now - 900_000_000_000n)!), true);
  reporter.seen(shop('2'), now - 300_000_000_000n);
  assert.equal(await post(reporter.flush(now - 300_000_000_000n)!), true);

  const writer = new FlowLogWriter({
    resource: { 'host.id': host.id },
    scope: 'wirestitch/packet',
    pointOf: () => 'server_nic',
  });
  for (const ago of [600, 60]) {
    const record = emptyRecord();
    record.baseSeconds = nowS - ago;
    record.ends = { ...record.ends, serverAddress: '10.0.0.2', clientAddress: '10.0.0.1' };
    record.server.bytes = ago;
    writer.add(record);
  }
  assert.equal(await post(writer.flush()!), true);
  await eventually('two flows', async () => {
    return (await rows('SELECT count() AS n FROM flows')).every(({ n }) => Number(n) === 2);
  });

  // No span or flow carries the id here: the address leads to the host, the host to its processes.
  const found = await rows(`
    SELECT bytes_received AS bytes, host.name AS host, p.tags['service.version'] AS version,
      s.name AS service, s.tags['team'] AS team
    FROM flows
    ANY LEFT JOIN (SELECT * FROM entity_addresses FINAL) AS a ON a.address = flows.server_address
    ANY LEFT JOIN (SELECT * FROM entities FINAL) AS host ON host.id = a.entity
    ASOF LEFT JOIN (SELECT * FROM entities FINAL WHERE type = 'process') AS p
      ON p.node = host.id AND p.valid_from <= flows.time
    ANY LEFT JOIN (SELECT * FROM entities FINAL) AS s ON s.id = p.service
    ORDER BY bytes`);
  const rest = { host: 'h1', service: 'shop', team: 'blue' };
  assert.deepEqual(
    found.map(({ bytes, ...row }) => ({ ...row, bytes: Number(bytes) })),
    [
      { bytes: 60, version: '2', ...rest },
      { bytes: 600, version: '1', ...rest },
    ],
  );
});

test('log records that were accepted are there once after kills', {
  timeout: 300_000,
}, async () => {
  const accepted: number[] = [];
  let sent = 0;
  let sending = true;
  const send = async (): Promise<void> => {
    while (sending) {
      const builder = new LogsBuilder();
      builder.resource({ 'service.name': 'numbered' });
      builder.scope('');
      const numbers = Array.from({ length: 20 }, () => sent++);
      for (const number of numbers) {
        builder.record({
          timeUnixNano: BigInt(Date.now()) * 1_000_000n,
          body: 'numbered record',
          attributes: { number },
        });
      }
      if (await post(builder.finish())) accepted.push(...numbers);
      else await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const senders = [send(), send()];
  for (const victim of ['engine', 'gateway', 'engine', 'gateway'] as const) {
    await new Promise((resolve) => setTimeout(resolve, 600));
    if (victim === 'engine') {
      await until(() => engineOf(program.pid) !== 0, 'an engine');
      assert.equal(killNow(engineOf(program.pid)), true);
      continue;
    }
    const gone = new Promise((resolve) => program.process.once('exit', resolve));
    program.kill('SIGKILL');
    await gone;
    await start();
  }
  await until(() => accepted.length > 1000, 'a thousand records are accepted');
  sending = false;
  await Promise.all(senders);
  const number = "attributes_int['number']";
  const where = "service = 'numbered'";
  const stored = async (): Promise<Map<number, number>> => {
    const sql = `SELECT ${number} AS number, count() AS n FROM logs WHERE ${where} GROUP BY number`;
    try {
      const list = await rows(sql);
      return new Map(list.map((row) => [Number(row.number), Number(row.n)]));
    } catch {
      return new Map();
    }
  };
  await eventually('all accepted records', async () => {
    const there = await stored();
    return accepted.every((one) => there.has(one));
  });
  const there = await stored();
  const doubled = [...there].filter(([, n]) => n !== 1);
  assert.deepEqual(doubled, []);
});
