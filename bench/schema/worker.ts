/**
 * One step of the benchmark in a process of its own, so that each starts cold and its CPU time is
 * its own: `worker.ts input|load|query <dir> <candidate> <spans>`. Prints one JSON line.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Session as ChdbSession } from 'chdb';
import { candidates, candidateTable } from './candidates.ts';
import { generatorSelect, spansPerTrace } from './generator.ts';
import { queryAll } from './queries.ts';

const require = createRequire(import.meta.url);
const { Session } = require('chdb') as { Session: typeof ChdbSession };

const [, , step, dir, name, count] = process.argv as [...string[]];
const spanCount = Number(count);
const inputDir = join(dir!, `input-${spanCount}`);
const dataDir = join(dir!, `${name}-${spanCount}`);

/** Columns that the generator fills; the rest stay empty. */
const generated = `bucket, batch, trace_id, span_id, parent_span_id, time, duration, service, name,
  kind, status_code, status_message, flags, resource_id, scope_id, attributes_string,
  attributes_int, attributes_float, attributes_bool, \`events.time\`, \`events.name\`,
  \`events.attributes\``;
/** Without the input's `events.*` group complete, equal lengths have to be made. */
const eventRest = '`events.attributes_other`, `events.dropped_attributes`';

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** The input: one compressed Native file for each arrival (5 s of spans of all instances). */
function makeInput(): void {
  if (existsSync(inputDir)) return;
  const work = `${inputDir}.part`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const session = new Session(join(dir!, 'generate'));
  session.query('CREATE DATABASE IF NOT EXISTS g');
  session.query('DROP TABLE IF EXISTS g.spans');
  const traces = Math.ceil(spanCount / spansPerTrace);
  const step = 70_000;
  session.query(`CREATE TABLE g.spans ENGINE = MergeTree ORDER BY arrival
    SETTINGS allow_nullable_key = 1 AS ${generatorSelect(0, 1)} LIMIT 0`);
  for (let from = 0; from < traces; from += step) {
    session.query(`INSERT INTO g.spans ${generatorSelect(from, Math.min(step, traces - from))}`);
  }
  const arrivals = session
    .query('SELECT DISTINCT arrival FROM g.spans ORDER BY arrival', 'TSV')
    .trim()
    .split('\n');
  arrivals.forEach((arrival, i) => {
    const file = join(work, `${String(i).padStart(5, '0')}.native.lz4`);
    session.query(`SELECT ${generated},
        arrayMap(e -> CAST(map(), 'Map(String, String)'), \`events.time\`)
          AS \`events.attributes_other\`,
        arrayMap(e -> toUInt32(0), \`events.time\`) AS \`events.dropped_attributes\`
      FROM g.spans WHERE arrival = ${arrival} INTO OUTFILE '${file}' FORMAT Native
      SETTINGS max_block_size = 1000000`);
  });
  session.query('DROP TABLE g.spans SYNC');
  session.close();
  renameSync(work, inputDir);
}

async function load(): Promise<object> {
  rmSync(dataDir, { recursive: true, force: true });
  const session = new Session(dataDir);
  session.query('CREATE DATABASE c');
  session.query('SET allow_suspicious_low_cardinality_types = 1');
  session.query(candidateTable(candidates[name!]!));
  const files = readdirSync(inputDir).sort();
  const read = (file: string) => `SELECT * FROM file('${join(inputDir, file)}', 'Native')`;
  const settings = `SETTINGS max_threads = 1, max_insert_threads = 1, max_block_size = 1000000,
    min_insert_block_size_rows = 1000000, input_format_parallel_parsing = 0`;
  const readStart = cpuUs();
  for (const file of files.slice(0, 20)) session.query(`${read(file)} FORMAT Null ${settings}`);
  const readUs = ((cpuUs() - readStart) * files.length) / Math.min(20, files.length);
  const start = cpuUs();
  for (const file of files) {
    session.query(`INSERT INTO c.spans (${generated}, ${eventRest}) ${read(file)} ${settings}`);
  }
  const inserted = cpuUs() - start;
  const merging = () => session.query('SELECT count() FROM system.merges', 'TSV').trim() !== '0';
  while (merging()) await new Promise((resolve) => setTimeout(resolve, 500));
  const settled = cpuUs() - start;
  const one = (sql: string) => Number(session.query(sql, 'TSV').trim());
  const rows = one('SELECT count() FROM c.spans');
  const active = "active AND database = 'c'";
  const bytes = one(`SELECT sum(bytes_on_disk) FROM system.parts WHERE ${active}`);
  const index = one(
    `SELECT sum(secondary_indices_compressed_bytes) FROM system.parts WHERE ${active}`,
  );
  const projections = one(`SELECT sum(bytes_on_disk) FROM system.projection_parts WHERE ${active}`);
  const parts = one(`SELECT count() FROM system.parts WHERE ${active}`);
  const perColumn = session.query(
    `SELECT column, round(sum(column_bytes_on_disk) / ${rows}, 2) AS b
      FROM system.parts_columns WHERE ${active} GROUP BY column HAVING b >= 0.02 ORDER BY b DESC`,
    'TSV',
  );
  session.close();
  return {
    rows,
    bytesPerSpan: bytes / rows,
    indexBytes: index / rows,
    projectionBytes: projections / rows,
    parts,
    insertUs: (inserted - readUs) / rows,
    settledUs: (settled - readUs) / rows,
    columns: perColumn.trim().replaceAll('\t', ' ').split('\n').join(', '),
  };
}

async function main(): Promise<void> {
  if (step === 'input') makeInput();
  let result: object = {};
  if (step === 'load') result = await load();
  if (step === 'query') {
    const session = new Session(dataDir);
    result = await queryAll(session, candidates[name!]!);
    session.close();
  }
  console.log(JSON.stringify(result));
}

await main();
