/**
 * node bench/file-log/run.ts [--lines 2000000] [--repeats 3]
 *
 * CPU seconds per million lines of the receiver `file_log`: a file that is there is read from its
 * beginning to the exporter `nop`, until the receiver's own counter has all lines. There is no Go
 * collector beside it: its receiver cannot be built from modules (integration/drop-in/peer).
 */
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../../testing/ports.ts';
import { cpuSeconds, peakRssMb, sleep, start } from '../lib/process.ts';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '2000000' },
    repeats: { type: 'string', default: '3' },
  },
});
const lines = Number(values.lines);
const root = join(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'wirestitch-file-log-'));
const text = 'GET /api/v1/items/4711 200 17ms order placed, payment accepted by provider';

interface Row {
  readonly name: string;
  /** Path below the scratch folder. */
  readonly file: string;
  readonly line: (i: number) => string;
  readonly keys: string;
}

const pod = 'shop_web-1_0b1c2d3e-0000-0000-0000-000000000000/main/0.log';
const regex = '^(?P<method>\\\\w+) (?P<path>\\\\S+) (?P<status>\\\\d+) (?P<took>\\\\d+)ms';

const rows: readonly Row[] = [
  { name: 'plain lines', file: 'plain.log', line: () => text, keys: '' },
  {
    name: 'container (containerd)',
    file: pod,
    line: (i) => `2026-03-01T10:00:00.${String(i % 1e9).padStart(9, '0')}Z stdout F ${text}`,
    keys: ', include_file_path: true, operators: [{type: container}]',
  },
  {
    name: 'regex_parser',
    file: 'regex.log',
    line: () => text,
    keys: `, operators: [{type: regex_parser, regex: "${regex}"}]`,
  },
  {
    name: 'json_parser',
    file: 'json.log',
    line: (i) => JSON.stringify({ level: 'info', id: i, message: text }),
    keys: ', operators: [{type: json_parser}]',
  },
];

function writeLines(path: string, line: (i: number) => string): void {
  const file = openSync(path, 'w');
  for (let i = 0; i < lines; ) {
    const chunk: string[] = [];
    for (const end = Math.min(lines, i + 10_000); i < end; i += 1) chunk.push(line(i));
    writeSync(file, `${chunk.join('\n')}\n`);
  }
  closeSync(file);
}

async function accepted(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
  const found = /^otelcol_receiver_accepted_log_records\S* (\S+)$/m.exec(
    (await answer?.text()) ?? '',
  );
  return Number(found?.[1] ?? 0);
}

async function measure(path: string, keys: string): Promise<{ cpu: number; rssMb: number }> {
  const port = await freePort();
  const config = join(scratch, 'config.yaml');
  writeFileSync(
    config,
    `receivers: {file_log: {include: ["${path}"], start_at: beginning${keys}}}
exporters: {nop: }
service:
  telemetry:
    logs: {level: error}
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${port}}}}}]}
  pipelines: {logs: {receivers: [file_log], exporters: [nop]}}
`,
  );
  const main = join(root, 'gateway/main.ts');
  const child = start(process.execPath, [...process.execArgv, main, '--config', config], {
    core: 0,
  });
  while ((await accepted(port)) < lines) await sleep(100);
  const result = { cpu: cpuSeconds(child.pid), rssMb: peakRssMb(child.pid) };
  await child.stop();
  return result;
}

try {
  for (const { name, file, line, keys } of rows) {
    const path = join(scratch, file);
    mkdirSync(join(path, '..'), { recursive: true });
    writeLines(path, line);
    const megabytes = statSync(path).size / 1e6;
    const runs: { cpu: number; rssMb: number }[] = [];
    for (let i = 0; i < Number(values.repeats); i += 1) runs.push(await measure(path, keys));
    const cpu = runs.map((run) => run.cpu).sort((a, b) => a - b)[Math.floor(runs.length / 2)]!;
    const rss = Math.max(...runs.map((run) => run.rssMb));
    const perMillion = ((cpu / lines) * 1e6).toFixed(2);
    const speed = (megabytes / cpu).toFixed(0);
    console.log(
      `${name}: ${perMillion} CPU-s per million lines, ${speed} MB per CPU-s, ${rss.toFixed(0)} MB`,
    );
    rmSync(path);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`load average ${loadavg()[0]!.toFixed(1)}`);
