/**
 * What a sample costs in the tables of schema `smart`: CPU of the encoder and of the engine,
 * bytes on disk by column. Half counters, 30 % random-walk gauges of two decimals, 20 %
 * histogram buckets, every 15 s with 10 ms of jitter a target of 100 series; each part is one
 * request's worth of scrapes. `tables.ts [--series 2000] [--scrapes 960] [--batch 48]`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Session } from 'chdb';
import type { Metrics } from '../../pdata/batch.ts';
import { MetricsBuilder } from '../../pdata/builder.ts';
import { metricSamples, metricSeries } from '../../storage/schema/metrics.ts';
import { createTable } from '../../storage/schema/table.ts';
import type { Block } from '../../wire/clickhouse/block.ts';
import { WrittenRows } from '../../wire/clickhouse/smart/written-rows.ts';
import { SmartMetricsEncoder } from '../../wire/clickhouse/smart-metrics/encoder.ts';

const { values: given } = parseArgs({
  options: {
    series: { type: 'string', default: '2000' },
    scrapes: { type: 'string', default: '960' },
    batch: { type: 'string', default: '48' },
  },
});
const series = Number(given.series);
const scrapes = Number(given.scrapes);
const START = 1_790_000_000;
const PER_TARGET = 100;

const dir = mkdtempSync(join(tmpdir(), 'wirestitch-bench-tables-'));
const session = new Session(join(dir, 'data'));
const run = (sql: string): string => session.query(sql, 'TSV').toString().trim();

const current = new Float64Array(series);
let seed = 1;

function random(below: number): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
  return (seed >>> 8) % below;
}

/** What the value of kind `m`, 0 to 9, grows by. */
function step(m: number, of: number): number {
  if (m < 5) return of % 3 === 0 ? random(2) : random(50);
  if (m < 8) return random(201) - 100;
  return random(4) === 0 ? random(3) : 0;
}

function scrape(k: number): Metrics {
  const builder = new MetricsBuilder();
  for (let first = 0; first < series; first += PER_TARGET) {
    const instance = `host-${first / PER_TARGET}:9100`;
    builder.resource({ 'service.name': 'job', 'service.instance.id': instance });
    builder.scope('');
    const timeUnixNano = BigInt((START + k * 15) * 1000 + random(11)) * 1_000_000n;
    for (let m = 0; m < 10; m++) {
      builder.metric(`node_metric_number_${m}`);
      if (m >= 5 && m < 8) builder.gauge();
      else builder.sum(2, true);
      for (let i = 0; i < PER_TARGET / 10; i++) {
        const at = first + (m * PER_TARGET) / 10 + i;
        current[at]! += step(m, i);
        const value = m >= 5 && m < 8 ? current[at]! / 100 : current[at]!;
        const attributes = { device: `disk-${i}`, mode: 'user', cpu: String(i) };
        builder.numberPoint({ timeUnixNano, value, attributes });
      }
    }
  }
  return builder.finish();
}

function insert(blocks: readonly Block[]): void {
  for (const { table, columns, body } of blocks) {
    if (!table.startsWith('metric')) continue;
    const file = join(dir, 'block');
    writeFileSync(file, body);
    run(`INSERT INTO bench.${table} (${columns.join(', ')}) FROM INFILE '${file}' FORMAT Native`);
  }
}

/** Microseconds of CPU since `before`. */
function since(before: NodeJS.CpuUsage, now: NodeJS.CpuUsage): number {
  return now.user - before.user + now.system - before.system;
}

function measure(): void {
  const written = new WrittenRows();
  const encoder = new SmartMetricsEncoder(new Uint8Array(16), written);
  let encoding = 0;
  let engine = 0;
  for (let k = 0; k < scrapes; k++) {
    const ranges = [...scrape(k).ranges()];
    const before = process.threadCpuUsage();
    for (const range of ranges) encoder.append(range, START + k * 15);
    const last = (k + 1) % Number(given.batch) === 0 || k === scrapes - 1;
    const sealed = last ? encoder.seal(1n) : undefined;
    encoding += since(before, process.threadCpuUsage());
    if (sealed === undefined) continue;
    written.add(sealed.dictionaryKeys);
    const begin = process.cpuUsage();
    insert(sealed.blocks);
    engine += since(begin, process.cpuUsage());
  }
  const begin = process.cpuUsage();
  run('OPTIMIZE TABLE bench.metric_samples FINAL');
  engine += since(begin, process.cpuUsage());
  const samples = series * scrapes;
  const each = (micros: number): string => (micros / samples).toFixed(3);
  console.log(
    `${samples} samples; us of CPU a sample: encoder ${each(encoding)}, engine ${each(engine)}`,
  );
  console.log(
    run(`SELECT concat('bytes a sample in ', table), round(sum(bytes_on_disk) / ${samples}, 3)
      FROM system.parts WHERE database = 'bench' AND active GROUP BY table ORDER BY table`),
  );
  console.log(
    run(`SELECT concat('of those ', name), round(data_compressed_bytes / ${samples}, 3) AS b
      FROM system.columns WHERE database = 'bench' AND table = 'metric_samples' AND b > 0
      ORDER BY b DESC`),
  );
}

try {
  run('CREATE DATABASE bench ENGINE = Atomic');
  run('SET allow_suspicious_codecs = 1, allow_suspicious_low_cardinality_types = 1');
  for (const table of [metricSeries, metricSamples]) {
    for (const sql of createTable(table, { database: 'bench', ttlDays: 0 })) run(sql);
  }
  measure();
} finally {
  session.cleanup();
  rmSync(dir, { recursive: true, force: true });
}
