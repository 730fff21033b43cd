/**
 * Telegraf itself reads lines from a file and sends them by each of its
 * outputs; each value is found again in the store with its tags and its time.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePorts } from '../../testing/ports.ts';
import { stopProcess } from '../../testing/process.ts';
import { peerMissing, peerPath } from '../lib/peer.ts';
import { type StoredReceiver, startStored } from '../lib/stored.ts';
import { pointKey, storedPoints, type Texts, valuesOf } from '../lib/stored-points.ts';

const telegraf = peerPath('telegraf');
const count = 500;

/** A kind of output, and what it points at. */
interface Output {
  /** Type of the receiver. */
  readonly receiver: 'influxdb' | 'telegraf' | 'otlp' | 'prometheus_remote_write';
  /** Telegraf's section, for a receiver at `port`. */
  section(port: number): string;
  /** A metric's name and tags as they come out; the tag host.name makes the resource elsewhere. */
  readonly renamed?: (name: string, tags: Texts) => readonly [name: string, tags: Texts];
  /** OTLP of Telegraf's own has no truth values. */
  readonly lacksTruths?: boolean;
  /** Remote write has milliseconds. */
  readonly isMillis?: boolean;
}

const sanitized = (text: string): string => text.replaceAll(/[^a-zA-Z0-9_]/g, '_');

const outputs: Readonly<Record<string, Output>> = {
  influxdb: {
    receiver: 'influxdb',
    section: (port) => `[[outputs.influxdb]]
  urls = ["http://127.0.0.1:${port}"]
  database = "telegraf"`,
  },
  influxdb_v2: {
    receiver: 'influxdb',
    section: (port) => `[[outputs.influxdb_v2]]
  urls = ["http://127.0.0.1:${port}"]
  token = "secret"
  organization = "o"
  bucket = "b"
  influx_uint_support = true`,
  },
  http: {
    receiver: 'influxdb',
    section: (port) => `[[outputs.http]]
  url = "http://127.0.0.1:${port}/write"
  data_format = "influx"`,
  },
  deepflow: {
    receiver: 'telegraf',
    section: (port) => `[[outputs.http]]
  url = "http://127.0.0.1:${port}/api/v1/telegraf"
  data_format = "influx"
  content_encoding = "gzip"`,
  },
  otlp: {
    receiver: 'otlp',
    section: (port) => `[[outputs.opentelemetry]]
  service_address = "127.0.0.1:${port}"`,
    lacksTruths: true,
  },
  remote_write: {
    receiver: 'prometheus_remote_write',
    section: (port) => `[[outputs.http]]
  url = "http://127.0.0.1:${port}/api/v1/write"
  data_format = "prometheusremotewrite"
  [outputs.http.headers]
    Content-Type = "application/x-protobuf"
    Content-Encoding = "snappy"
    X-Prometheus-Remote-Write-Version = "0.1.0"`,
    renamed: (name, tags) => [
      sanitized(name),
      Object.fromEntries(Object.entries(tags).map(([key, value]) => [sanitized(key), value])),
    ],
    isMillis: true,
  },
};

function receiverOf({ receiver }: Output, port: number): StoredReceiver {
  const endpoint = `{endpoint: "127.0.0.1:${port}"}`;
  const config = receiver === 'otlp' ? `{protocols: {grpc: ${endpoint}}}` : endpoint;
  return { config, signals: ['metrics'] };
}

/** Each output puts its own name before that of a measurement. */
function telegrafConfig(source: string, ports: Readonly<Record<string, number>>): string {
  const sections = Object.entries(outputs).map(([name, { section }]) => {
    const [first, ...rest] = section(ports[name]!).split('\n');
    return [first, `  name_prefix = "${name} "`, ...rest].join('\n');
  });
  return `[agent]
  interval = "1s"
  flush_interval = "1s"
  omit_hostname = true
[[inputs.tail]]
  files = ["${source}"]
  from_beginning = true
  data_format = "influx"
  path_tag = ""
${sections.join('\n')}
`;
}

const lines = Array.from({ length: count }, (_, i) => {
  const time = 1_700_000_000_000_000_000n + BigInt(i) * 1_001n;
  return (
    `room\\,\\ up,id=${i},odd\\ tag=a\\=b\\,\\ c,host.name=h${i % 3} ` +
    `t=${i / 7},n=${i - 5}i,on=${i % 2 === 0},text="say \\"${i}\\"" ${time}`
  );
});

/** What the lines stand for, sent by an output. */
function wanted(output: string): Map<string, number> {
  const { renamed, lacksTruths = false, isMillis = false } = outputs[output]!;
  const want = new Map<string, number>();
  for (let i = 0; i < count; i += 1) {
    const exact = 1_700_000_000_000_000_000n + BigInt(i) * 1_001n;
    const time = isMillis ? (exact / 1_000_000n) * 1_000_000n : exact;
    const own = { id: String(i), 'odd tag': 'a=b, c' };
    const values = { t: i / 7, n: i - 5, ...(lacksTruths ? {} : { on: i % 2 === 0 ? 1 : 0 }) };
    for (const [field, value] of Object.entries(values)) {
      const name = `${output} room, up_${field}`;
      const all = { ...own, 'host.name': `h${i % 3}` };
      const [to, tags] = renamed?.(name, all) ?? [name, own];
      want.set(pointKey(to, tags, time), value);
    }
  }
  return want;
}

test("every output of Telegraf's", { timeout: 300_000 }, async (t) => {
  if (telegraf === '') return t.skip(peerMissing('telegraf'));
  const names = Object.keys(outputs);
  const free = await freePorts(names.length);
  const ports = Object.fromEntries(names.map((name, i) => [name, free[i]!]));
  const receivers = Object.entries(outputs).map(([name, output]) => {
    return [`${output.receiver}/${name}`, receiverOf(output, ports[name]!)] as const;
  });
  const stored = await startStored(Object.fromEntries(receivers));
  t.after(() => stored.stop());
  const source = join(stored.folder, 'lines.txt');
  writeFileSync(source, `${lines.join('\n')}\n`);
  const config = join(stored.folder, 'telegraf.conf');
  writeFileSync(config, telegrafConfig(source, ports));
  const child = spawn(telegraf, ['--config', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  t.after(() => stopProcess(child));
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  for (const name of names) {
    await t.test(name, async () => {
      const want = wanted(name);
      assert.ok(want.size >= 1000);
      const renamed = outputs[name]!.renamed !== undefined;
      const pattern = renamed ? `${sanitized(`${name} room`)}_.*` : `${name} room, .*`;
      const points = await storedPoints(stored, pattern, want.size);
      assert.deepEqual(valuesOf(points), want, log);
      if (renamed) return;
      const hosts = points.map((p) => `${p.attributes.id} ${p.resource['host.name']}`);
      assert.deepEqual(new Set(hosts), new Set(lines.map((_, i) => `${i} h${i % 3}`)));
    });
  }
  await stopProcess(child);
  assert.doesNotMatch(log, / E! /);
});
