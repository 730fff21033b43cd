/**
 * Line protocol to OTLP: CPU of one core, megabytes of lines a second.
 *
 *   node bench/influx/parse.ts [FILE]
 *
 * The text is what Telegraf wrote (wire/influx/testdata/telegraf.lp unless given), said again with
 * other hosts and later times until it has 8 MB, in requests of 512 KB.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LineMetrics } from '../../wire/influx/line-metrics.ts';
import { LineReader } from '../../wire/influx/line-reader.ts';

const recorded = join(import.meta.dirname, '../../wire/influx/testdata/telegraf.lp');
const requestBytes = 512 * 1024;
const totalBytes = 8 * 1024 * 1024;

/** Requests of whole lines. */
function payload(text: string): Buffer[] {
  const requests: Buffer[] = [];
  let lines: string[] = [];
  let size = 0;
  let total = 0;
  for (let round = 0; total < totalBytes; round += 1) {
    const host = `host=node-${round % 20}`;
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const moved = line
        .replace(/host=node-1/, host)
        .replace(/\d{19}$/, (time) => String(BigInt(time) + BigInt(round) * 10_000_000_000n));
      lines.push(moved);
      size += moved.length + 1;
      total += moved.length + 1;
      if (size < requestBytes) continue;
      requests.push(Buffer.from(`${lines.join('\n')}\n`));
      lines = [];
      size = 0;
    }
  }
  return requests;
}

const requests = payload(readFileSync(process.argv[2] ?? recorded, 'utf8'));
const bytes = requests.reduce((sum, request) => sum + request.length, 0);

function run(name: string, each: (request: Buffer) => void): void {
  const rates: number[] = [];
  for (let repeat = 0; repeat < 7; repeat += 1) {
    const before = process.cpuUsage();
    for (const request of requests) each(request);
    const { user, system } = process.cpuUsage(before);
    if (repeat >= 2) rates.push(bytes / (user + system));
  }
  rates.sort((a, b) => a - b);
  const median = rates[2]!;
  const spread = `${rates[0]!.toFixed(1)}-${rates[4]!.toFixed(1)}`;
  const minute = ((median * 60) / 1000).toFixed(2);
  console.log(
    `${name.padEnd(24)} ${median.toFixed(1).padStart(7)} MB/s (${spread}), ${minute} GB/min`,
  );
}

const metrics = new LineMetrics();
let points = 0;
let lines = 0;
let out = 0;
run('lines split', (request) => {
  const reader = new LineReader(request, 1);
  while (reader.next()) lines += 1;
});
const request = { unitNs: 1, nowMs: 0, reserve: () => true };
run('lines to OTLP metrics', (body) => {
  const { batch, badLines } = metrics.convert(body, request);
  if (batch === undefined || badLines > 0) throw new Error('a recorded line is refused');
  points += batch.itemCount;
  out += batch.byteLength;
});
console.log(
  `${requests.length} requests, ${bytes} bytes; a run: ${lines / 7} lines, ${points / 7} points, ` +
    `${Math.round(out / 7)} bytes of OTLP`,
);
