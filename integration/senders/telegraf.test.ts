/**
 * Telegraf itself, PEERS_DIR/bin/telegraf, reads lines from a file and sends them by each of its
 * outputs; each value is found again with its tags and its time.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePorts } from '../../testing/ports.ts';
import { stopProcess } from '../../testing/process.ts';
import { Program, scratch } from '../lib/program.ts';
import { pointKey, waitForPoints } from './metric-points.ts';

const telegraf = join(process.env.PEERS_DIR ?? '', 'bin/telegraf');
const count = 400;

/** Telegraf's section of each output, for a receiver at `port`. */
const outputs: Readonly<Record<string, (port: number) => string>> = {
  influxdb: (port) => `[[outputs.influxdb]]
  urls = ["http://127.0.0.1:${port}"]
  database = "telegraf"`,
  influxdb_v2: (port) => `[[outputs.influxdb_v2]]
  urls = ["http://127.0.0.1:${port}"]
  token = "secret"
  organization = "o"
  bucket = "b"
  influx_uint_support = true`,
  http: (port) => `[[outputs.http]]
  url = "http://127.0.0.1:${port}/write"
  data_format = "influx"`,
  deepflow: (port) => `[[outputs.http]]
  url = "http://127.0.0.1:${port}/api/v1/telegraf"
  data_format = "influx"
  content_encoding = "gzip"`,
  otlp: (port) => `[[outputs.opentelemetry]]
  service_address = "127.0.0.1:${port}"`,
};

function programConfig(folder: string, ports: Readonly<Record<string, number>>): string {
  const lines = { receivers: '', exporters: '', pipelines: '' };
  for (const [name, port] of Object.entries(ports)) {
    const id =
      name === 'otlp' ? 'otlp' : `${name === 'deepflow' ? 'telegraf' : 'influxdb'}/${name}`;
    const endpoint = `endpoint: "127.0.0.1:${port}"`;
    lines.receivers +=
      name === 'otlp' ? `  otlp: {protocols: {grpc: {${endpoint}}}}\n` : `  ${id}: {${endpoint}}\n`;
    lines.exporters += `  file/${name}: {path: "${join(folder, name)}.json", flush_interval: 50ms}\n`;
    lines.pipelines += `    metrics/${name}: {receivers: [${id}], exporters: [file/${name}]}\n`;
  }
  return `receivers:
${lines.receivers}exporters:
${lines.exporters}service:
  telemetry: {metrics: {level: none}}
  pipelines:
${lines.pipelines}`;
}

function telegrafConfig(source: string, ports: Readonly<Record<string, number>>): string {
  const sections = Object.entries(ports).map(([name, port]) => outputs[name]!(port));
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

/** Lines, and the points that they stand for; OTLP of Telegraf's own has no truth values. */
function sample() {
  const lines: string[] = [];
  const want = new Map<string, string | number>();
  const truths = new Map<string, string>();
  for (let i = 0; i < count; i += 1) {
    const time = 1_700_000_000_000_000_000n + BigInt(i) * 1_001n;
    const tags = { id: String(i), 'odd tag': 'a=b, c', 'host.name': `h${i % 3}` };
    lines.push(
      `room\\,\\ up,id=${i},odd\\ tag=a\\=b\\,\\ c,host.name=h${i % 3} ` +
        `t=${i / 7},n=${i - 5}i,on=${i % 2 === 0},text="say \\"${i}\\"" ${time}`,
    );
    const { 'host.name': _resource, ...own } = tags;
    want.set(pointKey('room, up_t', own, time), i / 7);
    want.set(pointKey('room, up_n', own, time), String(i - 5));
    truths.set(pointKey('room, up_on', own, time), i % 2 === 0 ? '1' : '0');
  }
  return { lines, want, truths };
}

test("every output of Telegraf's", { timeout: 180_000 }, async (t) => {
  if (!existsSync(telegraf)) return t.skip('PEERS_DIR holds no telegraf');
  const folder = scratch();
  t.after(() => folder.remove());
  const names = Object.keys(outputs);
  const free = await freePorts(names.length);
  const ports = Object.fromEntries(names.map((name, i) => [name, free[i]!]));
  const program = await Program.startWith(programConfig(folder.path, ports), folder.path);
  t.after(() => program.stop());
  const { lines, want, truths } = sample();
  const source = join(folder.path, 'lines.txt');
  writeFileSync(source, `${lines.join('\n')}\n`);
  const config = join(folder.path, 'telegraf.conf');
  writeFileSync(config, telegrafConfig(source, ports));
  const child = spawn(telegraf, ['--config', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  t.after(() => stopProcess(child));
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  for (const name of names) {
    await t.test(name, async () => {
      const expected = name === 'otlp' ? want : new Map([...want, ...truths]);
      const got = await waitForPoints(join(folder.path, `${name}.json`), expected.size, true);
      assert.deepEqual(got, expected, log);
    });
  }
  await stopProcess(child);
  assert.doesNotMatch(log, / E! /);
});
