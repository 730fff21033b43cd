/**
 * Scraping: CPU of receiver prometheus with exporter nop, here and in the Go collector, in turn.
 *
 *   PEERS_DIR=... node scripts/launch.mjs bench/scrape/run.ts [--repeats 3] [--seconds 6]
 *       [--targets 20] [--interval 500ms] [--only TEXT]
 *
 * This process serves pages that were written before, on the other core; user and system time of
 * the program over the samples that it fetched in that time.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cpuSeconds, peakRssMb, sleep, start } from '../lib/process.ts';
import { type Format, formats, page, samplesOfPage } from './pages.ts';

const { values } = parseArgs({
  options: {
    repeats: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '6' },
    targets: { type: 'string', default: '20' },
    interval: { type: 'string', default: '500ms' },
    only: { type: 'string', default: '' },
  },
});
const repeats = Number(values.repeats);
const targets = Number(values.targets);
const main = join(import.meta.dirname, '../../gateway/main.ts');
const scratch = mkdtempSync(join(tmpdir(), 'wirestitch-bench-'));

/** Rounds of pages that are served over and over. */
const rounds = 8;

const protocols: Readonly<Record<Format, string>> = {
  'text 0.0.4': 'PrometheusText0.0.4',
  'OpenMetrics 1.0': 'OpenMetricsText1.0.0',
  protobuf: 'PrometheusProto',
};

/** Serves pages of one format; path /metrics/N is target N. */
class Targets {
  fetched = 0;
  readonly #server: Server;

  constructor(format: Format) {
    const pages = Array.from({ length: rounds }, (_, round) => page(format, round));
    const next = new Map<string, number>();
    this.#server = createServer((request, response) => {
      const path = request.url ?? '';
      const round = next.get(path) ?? 0;
      next.set(path, (round + 1) % rounds);
      response.writeHead(200, {
        'Content-Type': formats[format],
        'Content-Length': pages[round]!.length,
      });
      response.end(pages[round]);
      this.fetched += 1;
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function configuration(format: Format, port: number): string {
  const jobs = Array.from(
    { length: targets },
    (_, n) => `        - {job_name: job${n}, metrics_path: /metrics/${n},
           scrape_interval: ${values.interval},
           scrape_timeout: ${values.interval}, scrape_protocols: [${protocols[format]}],
           static_configs: [{targets: ["127.0.0.1:${port}"]}]}`,
  );
  return `receivers:
  prometheus:
    config:
      scrape_configs:
${jobs.join('\n')}
exporters: {nop: }
service:
  telemetry: {metrics: {level: none}}
  pipelines: {metrics: {receivers: [prometheus], exporters: [nop]}}
`;
}

interface Measured {
  /** Samples a CPU second. */
  readonly rate: number;
  readonly rssMb: number;
}

/** @param command and arguments before `--config FILE` */
async function measure(format: Format, command: readonly string[]): Promise<Measured> {
  const served = new Targets(format);
  const file = join(scratch, 'config.yaml');
  writeFileSync(file, configuration(format, await served.listen()));
  const [program = '', ...args] = command;
  const child = start(program, [...args, '--config', file], {
    core: 0,
    log: false,
    env: { GOMAXPROCS: '1' },
  });
  try {
    for (let i = 0; served.fetched < 6 * targets; i += 1) {
      if (i > 600) throw new Error(`${program} does not scrape`);
      await sleep(50);
    }
    const [before, cpuBefore] = [served.fetched, cpuSeconds(child.pid)];
    await sleep(Number(values.seconds) * 1000);
    const samples = (served.fetched - before) * samplesOfPage;
    const rate = samples / (cpuSeconds(child.pid) - cpuBefore);
    return { rate, rssMb: peakRssMb(child.pid) };
  } finally {
    await child.stop();
    served.close();
  }
}

const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[list.length >> 1]!;

function column(list: readonly Measured[]): string {
  const rate = median(list.map((one) => one.rate)) / 1000;
  const rss = Math.max(...list.map(({ rssMb }) => rssMb));
  return `${rate.toFixed(0)} k/CPU-s, ${rss.toFixed(0)} MB`.padEnd(24);
}

const peer = join(process.env.PEERS_DIR ?? '', 'bin/otelcol-prometheus');
const hasPeer = process.env.PEERS_DIR !== undefined && existsSync(peer);
const ours = [process.execPath, ...process.execArgv, main];

console.log(
  `load ${loadavg()[0]?.toFixed(2)}; ${targets} targets every ${values.interval}, ${samplesOfPage} samples each`,
);
console.log(
  'format            bytes/sample  program                 otelcol                 ratio',
);
try {
  for (const format of Object.keys(formats) as Format[]) {
    if (!format.includes(values.only)) continue;
    const mine: Measured[] = [];
    const theirs: Measured[] = [];
    for (let i = 0; i < repeats; i += 1) {
      mine.push(await measure(format, ours));
      if (hasPeer) theirs.push(await measure(format, [peer]));
    }
    const ratio = median(mine.map((one) => one.rate)) / median(theirs.map((one) => one.rate));
    const columns = [
      format.padEnd(17),
      (page(format, 1).length / samplesOfPage).toFixed(0).padEnd(13),
      column(mine),
      hasPeer ? column(theirs) : '-'.padEnd(24),
      hasPeer ? ratio.toFixed(2) : '-',
    ];
    console.log(columns.join(' '));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
