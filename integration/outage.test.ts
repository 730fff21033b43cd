// ClickHouse that refuses, hangs, answers too late, dies or has no room: what was accepted is
// there exactly once afterwards, without a new start of the gateway.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../testing/ports.ts';
import { numberedRequest, numberOf } from './crash/numbered.ts';
import { engineOf, killNow } from './crash/processes.ts';
import { eventually } from './lib/all-in-one.ts';
import {
  ClickHouseProxy,
  type Engine,
  enginePassword,
  type Fate,
  queryEngine,
  startEngine,
} from './lib/clickhouse.ts';
import { Program, scratch } from './lib/program.ts';

const SPANS_A_REQUEST = 200;

interface Setup {
  readonly folder: string;
  /** Where the exporter goes: `endpoint: ...` or `engine: ...`. */
  readonly target: string;
  readonly database: string;
  readonly timeout: string;
  /** Lines of extensions, and their ids. */
  readonly extensions?: Readonly<Record<string, string>>;
}

function yaml(setup: Setup, http: number, metrics: number): string {
  const more = Object.entries(setup.extensions ?? {});
  return `extensions:
  file_storage:
    directory: "${setup.folder}/queue-${setup.database}"
    create_directory: true
    segment_size: 2MiB
${more.map(([id, section]) => `  ${id}: ${section}\n`).join('')}receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${http}"}}}
exporters:
  clickhouse:
    ${setup.target}
    database: ${setup.database}
    timeout: ${setup.timeout}
    service_edges: {enabled: false}
    retry_on_failure: {max_elapsed_time: 0, initial_interval: 50ms, max_interval: 500ms}
    sending_queue:
      storage: file_storage
      sizer: bytes
      queue_size: 67108864
      num_consumers: 4
      batch: {flush_timeout: 100ms, min_size: 1000, max_size: 4000, sizer: items}
service:
  extensions: [file_storage${more.map(([id]) => `, ${id}`).join('')}]
  telemetry:
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${metrics}}}}}]}
  pipelines:
    traces: {receivers: [otlp], exporters: [clickhouse]}
`;
}

/** A started gateway and what it accepted. */
class Gateway {
  readonly program: Program;
  readonly accepted: number[] = [];
  refused = 0;
  readonly #http: string;
  #next = 0;

  private constructor(program: Program, http: string) {
    this.program = program;
    this.#http = http;
  }

  static async start(setup: Setup): Promise<Gateway> {
    const [http = 0, metricsPort = 0] = await freePorts(2);
    const env = { WIRESTITCH_ENGINE_PASSWORD: enginePassword };
    const options = { env, metricsPort };
    const program = await Program.startWith(yaml(setup, http, metricsPort), setup.folder, options);
    return new Gateway(program, `http://127.0.0.1:${http}/v1/traces`);
  }

  /** Sends one request; what is refused must be refused for now only. */
  async send(): Promise<boolean> {
    const first = this.#next;
    this.#next += SPANS_A_REQUEST;
    const response = await fetch(this.#http, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: Buffer.from(numberedRequest(first, SPANS_A_REQUEST)),
    });
    const text = await response.text();
    if (response.status === 200) {
      for (let i = 0; i < SPANS_A_REQUEST; i++) this.accepted.push(first + i);
      return true;
    }
    assert.ok([429, 503].includes(response.status), `${response.status} ${text}`);
    this.refused += 1;
    return false;
  }

  /** Three senders at once. */
  async sendMany(count: number): Promise<void> {
    const sender = async (): Promise<void> => {
      for (let i = 0; i < count; i++) await this.send();
    };
    await Promise.all([sender(), sender(), sender()]);
  }

  /** Everything accepted is stored once, nothing else is, and the books say so. */
  async verify(query: (sql: string) => Promise<string>, database: string): Promise<void> {
    const count = (): Promise<number> =>
      query(`SELECT count() FROM ${database}.spans`).then(Number, () => -1);
    await eventually(
      `${this.accepted.length} spans stored, as counted by the exporter`,
      async () =>
        (await count()) >= this.accepted.length &&
        (await this.program.metric('otelcol_exporter_sent_spans')) >= this.accepted.length,
    );
    const text = await query(`SELECT lower(hex(span_id)) FROM ${database}.spans`);
    const stored = text.split('\n').map(numberOf);
    stored.sort((a, b) => a - b);
    assert.deepEqual(
      stored,
      this.accepted.toSorted((a, b) => a - b),
    );
    assert.deepEqual(await this.program.unbalanced(), []);
    assert.equal(
      await this.program.metric('otelcol_exporter_sent_spans'),
      this.accepted.length,
      'counted once',
    );
    assert.equal(await this.program.metric('otelcol_exporter_send_failed_spans'), 0);
    assert.equal(await this.program.metric('otelcol_exporter_queue_size'), 0);
  }

  async retries(): Promise<number> {
    return this.program.metric('wirestitch_exporter_retries');
  }
}

const folder = scratch();
let engine: Engine;
let proxy: ClickHouseProxy;

before(async () => {
  engine = await startEngine(join(folder.path, 'engine'));
  proxy = new ClickHouseProxy(engine.url);
  await proxy.open();
});

after(async () => {
  await proxy?.close();
  await engine?.stop();
  folder.remove();
});

/** Runs a gateway before the proxy through a fault, and looks at what is left of it. */
async function through(
  database: string,
  timeout: string,
  during: (gateway: Gateway) => Promise<void>,
): Promise<void> {
  proxy.fate = () => 'pass';
  proxy.met.clear();
  const login = `username: default\n    password: ${enginePassword}`;
  const target = `endpoint: "${proxy.url}"\n    ${login}`;
  const gateway = await Gateway.start({ folder: folder.path, target, database, timeout });
  try {
    await gateway.sendMany(5);
    await during(gateway);
    await gateway.sendMany(5);
    await gateway.verify(engine.query, database);
    assert.ok((await gateway.retries()) > 0, 'retries are counted');
    assert.equal(gateway.refused, 0, 'the queue took everything');
  } finally {
    await gateway.program.stop();
  }
}

/** Sends until `fate` met the exporter `times` times, then lets everything pass. */
async function meet(
  gateway: Gateway,
  fate: (table: string, sql: string) => Fate,
  name: string,
  times: number,
): Promise<void> {
  proxy.fate = fate;
  for (let i = 0; (proxy.met.get(name) ?? 0) < times; i++) {
    assert.ok(i < 6000, `${name} met ${proxy.met.get(name)} times`);
    if (i < 20 || i % 10 === 0) await gateway.send();
    else await sleep(20);
  }
  proxy.fate = () => 'pass';
}

test('connections are refused for a while', () =>
  through('refused', '2s', async (gateway) => {
    await proxy.close();
    try {
      await gateway.sendMany(15);
      await eventually('retries', async () => (await gateway.retries()) >= 5);
    } finally {
      await proxy.open();
    }
  }));

const errors: readonly (readonly [code: number, text: string])[] = [
  [241, 'Memory limit (total) exceeded: would use 2.00 GiB. (MEMORY_LIMIT_EXCEEDED)'],
  [252, 'Too many parts (3000) in all data parts. Merges are too slow. (TOO_MANY_PARTS)'],
  [999, 'Session expired (Coordination::Exception). (KEEPER_EXCEPTION)'],
  [16, 'No such column attributes_string in table d.spans. (NO_SUCH_COLUMN_IN_TABLE)'],
  [47, 'Unknown expression identifier `band` in scope. (UNKNOWN_IDENTIFIER)'],
  [53, 'Type of column duration does not match: Int64 and UInt64. (TYPE_MISMATCH)'],
  [115, 'Unknown setting async_insert. (UNKNOWN_SETTING)'],
];

for (const [code, text] of errors) {
  test(`INSERTs are refused with code ${code}`, () =>
    through(`code${code}`, '2s', (gateway) => {
      const fate = (table: string): Fate => (table === '' ? 'pass' : { code, text });
      return meet(gateway, fate, String(code), 8);
    }));
}

test('a column is away for a while, as on a replica that a migration has not reached', () =>
  through('behind', '2s', async (gateway) => {
    const rename = (from: string, to: string): Promise<string> =>
      engine.query(`ALTER TABLE behind.spans RENAME COLUMN ${from} TO ${to}`);
    await gateway.verify(engine.query, 'behind');
    await rename('flags', 'flags_of_another_version');
    await gateway.sendMany(5);
    await eventually('retries', async () => (await gateway.retries()) >= 5);
    await rename('flags_of_another_version', 'flags');
  }));

test('every second statement is refused, those that look into an outcome, too', () =>
  through('mixed', '2s', (gateway) => {
    let turn = 0;
    const fate = (table: string): Fate => {
      turn += 1;
      if (turn % 2 === 0) return { code: 999, text: 'Session expired. (KEEPER_EXCEPTION)' };
      return table === 'spans' && turn % 3 === 0 ? 'break' : 'pass';
    };
    return meet(gateway, fate, '999', 12);
  }));

test('INSERTs are taken and never answered', () =>
  through('hang', '1s', (gateway) =>
    meet(gateway, (table) => (table === '' ? 'pass' : 'hang'), 'hang', 6),
  ));

test('INSERTs are stored and not answered in time', () =>
  through('late', '1s', (gateway) =>
    meet(gateway, (table) => (table === 'spans' ? 'no answer' : 'pass'), 'no answer', 6),
  ));

test('INSERTs are stored and the connection breaks', () =>
  through('broken', '2s', (gateway) =>
    meet(gateway, (table) => (table === 'spans' ? 'break' : 'pass'), 'break', 8),
  ));

test('nothing is answered, not even a look into the outcome', () =>
  through('silent', '1s', (gateway) => meet(gateway, () => 'hang', 'hang', 6)));

/** A gateway that owns its engine. */
async function withEngine(
  own: string,
  path: string,
  during: (gateway: Gateway, query: (sql: string) => Promise<string>) => Promise<void>,
): Promise<void> {
  const [port] = await freePorts(1);
  const listen = `127.0.0.1:${port}`;
  const gateway = await Gateway.start({
    ...{ folder: folder.path, target: 'engine: embedded_clickhouse', database: own, timeout: '5s' },
    extensions: { embedded_clickhouse: `{path: "${path}", listen: "${listen}"}` },
  });
  try {
    await during(gateway, (sql) => queryEngine(`http://${listen}`, sql));
  } finally {
    await gateway.program.stop();
  }
}

test('the engine is killed under load, three times', () =>
  withEngine('killed', join(folder.path, 'killed'), async (gateway, query) => {
    for (let kill = 0; kill < 3; kill++) {
      await eventually('the engine runs', async () => {
        const answer = await query('SELECT 1').catch(() => '');
        return answer === '1';
      });
      const before = await gateway.program.metric('otelcol_exporter_sent_spans');
      await eventually('deliveries under way', async () => {
        await gateway.sendMany(5);
        return (await gateway.program.metric('otelcol_exporter_sent_spans')) > before;
      });
      await gateway.sendMany(3);
      assert.ok(killNow(engineOf(gateway.program.pid)), 'there is an engine to kill');
      await gateway.sendMany(10);
    }
    assert.equal(gateway.refused, 0);
    await gateway.verify(query, 'killed');
    assert.ok((await gateway.retries()) > 0, 'retries are counted');
  }));

/** Writes a file until there is no room left. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  const block = Buffer.alloc(16_384, 1);
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  } finally {
    closeSync(file);
  }
}

/**
 * Does what docs/decisions/sealed-batches.md leaves open: at times the engine keeps a part of an
 * INSERT that it refused for want of space, and cannot read it.
 */
async function detachUnreadable(
  log: string,
  query: (sql: string) => Promise<string>,
): Promise<void> {
  const unreadable = /Code: 33\..*?\/(\d+_\d+_\d+_\d+)\/ in table full\.spans/g;
  for (const part of new Set([...log.matchAll(unreadable)].map(([, name]) => name))) {
    await query(`ALTER TABLE full.spans DETACH PART '${part}'`).catch(() => undefined);
  }
}

test('the disk of the engine is full for a while', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('root is needed to mount a tmpfs');
  const disk = join(folder.path, 'disk');
  mkdirSync(disk);
  const size = 'size=160m,mode=755';
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', size, 'wirestitch-test', disk]);
  if (mounted.status !== 0) return t.skip(`cannot mount a tmpfs: ${mounted.stderr}`);
  try {
    await withEngine('full', join(disk, 'clickhouse'), async (gateway, query) => {
      await gateway.sendMany(5);
      const ballast = join(disk, 'ballast');
      fill(ballast);
      await eventually('retries', async () => {
        await gateway.send();
        return (await gateway.retries()) >= 5;
      });
      assert.match(gateway.program.log, /No space left|NOT_ENOUGH_SPACE|Code: 243/i);
      await rm(ballast);
      await gateway.sendMany(5);
      const mending = setInterval(() => void detachUnreadable(gateway.program.log, query), 500);
      await gateway.verify(query, 'full').finally(() => clearInterval(mending));
    });
  } finally {
    spawnSync('umount', ['-l', disk]);
  }
});

test('the disk of the queue is full for a while', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('root is needed to mount a tmpfs');
  const disk = join(folder.path, 'queue-disk');
  mkdirSync(disk);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'wirestitch-test', disk]);
  if (mounted.status !== 0) return t.skip(`cannot mount a tmpfs: ${mounted.stderr}`);
  try {
    const setup = { folder: disk, database: 'fullqueue', timeout: '2s' };
    proxy.fate = () => 'pass';
    const login = `username: default\n    password: ${enginePassword}`;
    const target = `endpoint: "${proxy.url}"\n    ${login}`;
    const gateway = await Gateway.start({ ...setup, target });
    try {
      await proxy.close();
      for (let i = 0; gateway.refused < 5; i++) {
        assert.ok(i < 2000, 'the disk is never full');
        await gateway.send();
      }
      assert.ok(gateway.accepted.length > 0);
      await proxy.open();
      await gateway.verify(engine.query, 'fullqueue');
      assert.ok(await gateway.send(), 'there is room again');
      await gateway.verify(engine.query, 'fullqueue');
    } finally {
      await gateway.program.stop();
    }
  } finally {
    spawnSync('umount', ['-l', disk]);
  }
});
