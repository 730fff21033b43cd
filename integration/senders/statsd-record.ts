// PEERS_DIR=... node integration/senders/statsd-record.ts
// Sends the cases of receivers/statsd/testdata/cases.json to the Go collector, a receiver for each, and
// keeps what came out in golden.json beside them. Needs otelcol-dropin with the statsd receiver.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../testing/ports.ts';
import { stopProcess } from '../../testing/process.ts';
import { shortPoints } from '../../testing/short-points.ts';
import { scratch } from '../lib/program.ts';

const data = join(import.meta.dirname, '../../receivers/statsd/testdata');
const cases = JSON.parse(readFileSync(join(data, 'cases.json'), 'utf8')) as {
  name: string;
  config: object;
  lines: string[];
}[];
const peer = join(process.env.PEERS_DIR ?? '', 'bin/otelcol-dropin');
const folder = scratch();
const ports = await freePorts(cases.length);
const config = {
  receivers: Object.fromEntries(
    cases.map((one, i) => [
      `statsd/${i}`,
      { ...one.config, endpoint: `127.0.0.1:${ports[i]}`, aggregation_interval: '2s' },
    ]),
  ),
  exporters: Object.fromEntries(
    cases.map((_, i) => [`file/${i}`, { path: join(folder.path, `${i}.json`) }]),
  ),
  service: {
    telemetry: { metrics: { level: 'none' } },
    pipelines: Object.fromEntries(
      cases.map((_, i) => [
        `metrics/${i}`,
        { receivers: [`statsd/${i}`], exporters: [`file/${i}`] },
      ]),
    ),
  },
};
const file = join(folder.path, 'config.json');
writeFileSync(file, JSON.stringify(config));
const child = spawn(peer, ['--config', file], { stdio: ['ignore', 'inherit', 'pipe'] });
let log = '';
child.stderr.on('data', (chunk: Buffer) => {
  log += chunk.toString();
});
while (!log.includes('Everything is ready')) {
  if (child.exitCode !== null) throw new Error(`the Go collector ended:\n${log}`);
  await sleep(20);
}
const socket = createSocket('udp4');
for (const [i, { lines }] of cases.entries()) socket.send(lines.join('\n'), ports[i]!, '127.0.0.1');
await sleep(4500);
socket.close();
await stopProcess(child);
const golden = Object.fromEntries(
  cases.map(({ name }, i) => {
    const text = readFileSync(join(folder.path, `${i}.json`), 'utf8').trim();
    return [name, shortPoints(text.split('\n').map((line) => JSON.parse(line)))];
  }),
);
writeFileSync(join(data, 'golden.json'), `${JSON.stringify(golden, null, 1)}\n`);
folder.remove();
