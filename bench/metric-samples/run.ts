/**
 * Bytes a sample of each way to store samples, over the same samples: half counters, 30 %
 * random-walk gauges of two decimals, 20 % histogram buckets, every 15 s with 5 ms of jitter a
 * target of 100 series. `run.ts [--series 2000] [--scrapes 960]`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Session } from 'chdb';

const { values } = parseArgs({
  options: {
    series: { type: 'string', default: '2000' },
    scrapes: { type: 'string', default: '960' },
  },
});
const series = Number(values.series);
const samples = series * Number(values.scrapes);

const head = 'series UInt32 CODEC(Delta, ZSTD(1)), time DateTime64(3) CODEC(DoubleDelta, ZSTD(1))';
const decimal = (codec: string): string =>
  `${head}, mantissa Int64 CODEC(${codec}), scale Int8 CODEC(ZSTD(1))`;

/** Columns of each candidate; a value is `mantissa / 10^scale` where there is no column for it. */
const candidates: Readonly<Record<string, string>> = {
  'value, Gorilla + ZSTD': `${head}, value Float64 CODEC(Gorilla, ZSTD(1))`,
  'value, FPC + ZSTD': `${head}, value Float64 CODEC(FPC, ZSTD(1))`,
  'value, ZSTD': `${head}, value Float64 CODEC(ZSTD(1))`,
  'mantissa, Delta + ZSTD': decimal('Delta, ZSTD(1)'),
  'mantissa, Delta + ZSTD(3)': decimal('Delta, ZSTD(3)'),
  'mantissa, DoubleDelta + ZSTD': decimal('DoubleDelta, ZSTD(1)'),
  'mantissa, Delta + T64 + LZ4': decimal('Delta, T64, LZ4'),
  'mantissa, Delta + T64 + ZSTD': decimal('Delta, T64, ZSTD(1)'),
  'mantissa, Delta + T64 by bits + ZSTD': decimal("Delta, T64('bit'), ZSTD(1)"),
};

/** What a counter, a gauge and a bucket grow by from one scrape to the next. */
const generator = `INSERT INTO raw SELECT series, fromUnixTimestamp64Milli(1700000000000 +
    scrape * 15000 + toInt64(cityHash64(intDiv(series, 100), scrape) % 11)) AS time,
  sum(step) OVER (PARTITION BY series ORDER BY scrape ROWS UNBOUNDED PRECEDING) AS mantissa,
  if(kind = 1, 2, 0) AS scale
FROM (
  SELECT number % ${series} AS series, intDiv(number, ${series}) AS scrape,
    multiIf(series % 10 < 5, 0, series % 10 < 8, 1, 2) AS kind,
    cityHash64(series, scrape, 7) AS random,
    multiIf(
      kind = 0, toInt64(if(series % 3 = 0, random % 2, random % 50)),
      kind = 1, toInt64(random % 201) - 100,
      toInt64(if(random % 4 = 0, random % 3, 0))) AS step
  FROM numbers(${samples}))`;

const dir = mkdtempSync(join(tmpdir(), 'wirestitch-bench-samples-'));
const session = new Session(dir);
const run = (sql: string): string => session.query(sql, 'TSV').toString().trim();

try {
  run('CREATE DATABASE bench ENGINE = Atomic');
  run('USE bench');
  run('SET allow_suspicious_codecs = 1');
  run(`CREATE TABLE raw (series UInt32, time DateTime64(3), mantissa Int64, scale Int8)
    ENGINE = MergeTree ORDER BY (series, time)`);
  run(generator);
  console.log(`${samples} samples; bytes a sample on disk, of those series, time and value`);
  for (const [name, columns] of Object.entries(candidates)) {
    run(`CREATE TABLE t (${columns}) ENGINE = MergeTree ORDER BY (series, time)`);
    const value = columns.includes(' value ') ? 'mantissa / exp10(scale)' : 'mantissa, scale';
    run(`INSERT INTO t SELECT series, time, ${value} FROM raw`);
    run('OPTIMIZE TABLE t FINAL');
    const whole = `SELECT sum(bytes_on_disk) / ${samples} FROM system.parts WHERE table = 't' AND active`;
    const of = (list: string): number =>
      Number(
        run(`SELECT sum(data_compressed_bytes) / ${samples} FROM system.columns
          WHERE table = 't' AND database = 'bench' AND name IN (${list})`),
      );
    const parts = ["'series'", "'time'", "'value', 'mantissa', 'scale'"].map((p) =>
      of(p).toFixed(2),
    );
    console.log(`${name.padEnd(38)} ${Number(run(whole)).toFixed(2)}   ${parts.join(' ')}`);
    run('DROP TABLE t SYNC');
  }
} finally {
  session.cleanup();
  rmSync(dir, { recursive: true, force: true });
}
