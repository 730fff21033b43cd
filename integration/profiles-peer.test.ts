// Profiles through the Go collector and through this program: the same configuration and data.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import type { Profiles } from '../pdata/batch.ts';
import { ProfilesBuilder } from '../pdata/builder.ts';
import { parseJson, toJson } from '../pdata/json.ts';
import { mergeBatches } from '../pdata/merge.ts';
import { parseRequest } from '../pdata/parse.ts';
import { resolvedProfiles } from '../pdata/testing/resolved-profiles.ts';
import { freePorts } from '../testing/ports.ts';
import { stopProcess } from '../testing/process.ts';
import { until } from '../testing/until.ts';
import { peerMissing, peerPath } from './lib/peer.ts';
import { Program, scratch } from './lib/program.ts';

const gate = '--feature-gates=service.profilesSupport';
const collector = peerPath('otelcol-dropin');
const protobuf = 'application/x-protobuf';
const json = 'application/json';

const keyOf = (value: unknown): string => (value as { key?: string }).key ?? '';

/** Without what says nothing: zeros, messages without fields, the order of attributes. */
function meaning(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => meaning(item) ?? null);
    const areAttributes = items.length > 0 && items.every((item) => item !== null && keyOf(item));
    return areAttributes ? items.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) : items;
  }
  if (typeof value !== 'object' || value === null) {
    return value === '' || value === 0 || value === '0' || value === false ? undefined : value;
  }
  const fields = Object.entries(value)
    .map(([key, inner]) => [key, meaning(inner)] as const)
    .filter(([, inner]) => inner !== undefined && !(Array.isArray(inner) && inner.length === 0));
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}

/** Takes requests and keeps what they mean. */
class Sink {
  readonly batches: Profiles[] = [];
  readonly #server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const type = request.headers['content-type'] ?? '';
      const body = Buffer.concat(chunks);
      const read = type === json ? parseJson : parseRequest;
      this.batches.push(read('profiles', body));
      response.writeHead(200, { 'content-type': type }).end(type === json ? '{}' : '');
    });
  });

  async start(): Promise<string> {
    // A request that comes as an idle connection is closed would fail: none is closed.
    this.#server.keepAliveTimeout = 0;
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  get items(): number {
    return this.batches.reduce((sum, batch) => sum + batch.itemCount, 0);
  }

  /** Waits for so many samples. @returns what came, and forgets it */
  async take(items: number): Promise<Profiles[]> {
    await until(() => this.items >= items, `${items} samples`);
    assert.equal(this.items, items);
    return this.batches.splice(0);
  }
}

function yaml(ports: readonly number[], sink: string, encoding: string): string {
  const to = `endpoint: "${sink}", compression: none, encoding: ${encoding}`;
  return `receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${ports[0]}"}}}
  otlp/edited: {protocols: {http: {endpoint: "127.0.0.1:${ports[1]}"}}}
  otlp/merged: {protocols: {http: {endpoint: "127.0.0.1:${ports[2]}"}}}
  otlp/cut: {protocols: {http: {endpoint: "127.0.0.1:${ports[3]}"}}}
processors:
  resource:
    attributes:
      - {key: service.name, value: edited, action: update}
      - {key: zone, value: z, action: insert}
      - {key: host.name, action: delete}
exporters:
  otlp_http: {${to}, sending_queue: {enabled: false}}
  otlp_http/merged:
    {${to}, sending_queue: {num_consumers: 1, batch: {flush_timeout: 1s, min_size: 100}}}
  otlp_http/cut:
    {${to}, sending_queue: {num_consumers: 1, batch: {flush_timeout: 1s, min_size: 1, max_size: 2}}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    profiles: {receivers: [otlp], exporters: [otlp_http]}
    profiles/edited: {receivers: [otlp/edited], processors: [resource], exporters: [otlp_http]}
    profiles/merged: {receivers: [otlp/merged], exporters: [otlp_http/merged]}
    profiles/cut: {receivers: [otlp/cut], exporters: [otlp_http/cut]}
`;
}

const id = (size: number, from: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => (from + i) & 255);

/** Profiles as a profiler writes them; `seed` changes names and counts. */
function sample(seed: number): Profiles {
  const b = new ProfilesBuilder();
  // the Go collector takes entry 0 for the zero value, as the format says
  b.resource({ 'service.name': `shop${seed % 2}`, 'host.name': 'box', list: ['a', 1, true] });
  b.scope('profiler', '1.0', { kind: 'cpu' });
  const mapping = b.mappingOf({ memoryStart: 4096n, memoryLimit: 8192n, filename: 'shop' });
  for (let profile = 0; profile < 2; profile += 1) {
    b.profile({
      sampleType: { type: 'cpu', unit: 'nanoseconds' },
      timeUnixNano: 1_700_000_000_000_000_000n + BigInt(seed),
      durationNano: 10n ** 9n,
      periodType: { type: 'wall', unit: 'ms' },
      period: 19n,
      profileId: id(16, seed),
      originalPayloadFormat: 'pprof',
      originalPayload: id(5, seed),
      attributes: [b.attributeOf('profile', seed)],
    });
    for (let i = 0; i < 3; i += 1) {
      const name = b.functionOf({ name: `f${(seed + i) % 5}`, filename: 'main.c', startLine: 3 });
      const lines = [{ function: name, line: 10 + i, column: 2 }];
      const location = b.locationOf({ mapping, address: BigInt(64 * i + 1), lines });
      b.sample({
        stack: b.stackOf([location, b.locationOf({ mapping, address: 9n })]),
        attributes: [b.attributeOf('thread', `t${i}`), b.attributeOf('cost', 2, 'By')],
        link: b.linkOf(id(16, i), id(8, i)),
        values: [i + 1, -seed],
        timestampsUnixNano: [1_700_000_000_000_000_000n + BigInt(i)],
      });
    }
  }
  return b.finish();
}

interface Side {
  readonly ports: readonly number[];
  readonly sink: Sink;
}

async function listens(child: ChildProcess): Promise<void> {
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const said = (): boolean => child.exitCode !== null || log.includes('Everything is ready');
  await until(said, 'the collector is ready');
  if (child.exitCode !== null) throw new Error(`no collector:\n${log}`);
}

async function startSide(t: TestContext, encoding: string, isOurs: boolean): Promise<Side> {
  const sink = new Sink();
  const folder = scratch();
  t.after(() => {
    sink.stop();
    folder.remove();
  });
  const ports = await freePorts(4);
  const file = join(folder.path, 'config.yaml');
  writeFileSync(file, yaml(ports, await sink.start(), encoding));
  const args = ['--config', file, gate];
  if (isOurs) {
    const program = await Program.start(args);
    t.after(() => program.stop());
    return { ports, sink };
  }
  const child = spawn(collector, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  t.after(() => stopProcess(child));
  await listens(child);
  return { ports, sink };
}

async function send(port: number, batch: Profiles, type: string): Promise<void> {
  const body = type === json ? toJson(batch) : Buffer.concat([...batch.ranges()]);
  const url = `http://127.0.0.1:${port}/v1development/profiles`;
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body });
  assert.equal(response.status, 200, await response.text());
}

/** What batches mean: groups with their indices spelled out, in order. */
const groups = (batches: readonly Profiles[]): unknown =>
  batches.flatMap(resolvedProfiles).map(meaning);

/** Samples with what holds them: the same however requests are cut. */
function samples(batches: readonly Profiles[]): unknown[] {
  return batches.flatMap((batch) =>
    batch.split({ maxItems: 1 }).map((piece) => meaning(resolvedProfiles(piece))),
  );
}

for (const encoding of ['proto', 'json']) {
  test(`profiles through both programs, out as ${encoding}`, async (t) => {
    if (collector === '') return t.skip(peerMissing('otelcol-dropin'));
    const ours = await startSide(t, encoding, true);
    const peer = await startSide(t, encoding, false);
    for (const type of [protobuf, json]) {
      const batch = sample(3);
      for (const side of [ours, peer]) {
        await send(side.ports[0]!, batch, type);
        const got = await side.sink.take(6);
        assert.deepEqual(groups(got), groups([batch]), `${type} ${side === ours}`);
      }
      const edited = [];
      for (const side of [ours, peer]) {
        await send(side.ports[1]!, batch, type);
        edited.push(groups(await side.sink.take(6)));
      }
      assert.deepEqual(edited[0], edited[1]);
      assert.match(JSON.stringify(edited[0]), /"edited"/);
    }
    const three = [1, 2, 3].map(sample);
    for (const side of [ours, peer]) {
      for (const batch of three) await send(side.ports[2]!, batch, protobuf);
      const merged = await side.sink.take(18);
      assert.equal(merged.length, 1);
      assert.deepEqual(groups(merged), groups(three));
      for (const batch of three) await send(side.ports[3]!, batch, protobuf);
      const cut = await side.sink.take(18);
      const sizes = cut.map((piece) => piece.itemCount);
      // the Go collector 0.155 sends what came as it came
      if (side === ours) assert.ok(Math.max(...sizes) <= 2, sizes.join());
      assert.deepEqual(samples(cut), samples([mergeBatches(three)]));
    }
  });
}
