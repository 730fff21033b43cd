/**
 * Searches and completions of the page through its HTTP API, over a store that `bench/query`
 * filled: each kind of search several times with other values, while nothing else runs.
 *
 *   node bench/ui-search/run.ts --keep DIR [--repeats 15] [--limit 20]
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { startAllInOne } from '../../integration/lib/all-in-one.ts';
import { freePort } from '../../testing/ports.ts';
import { generatorStartNs } from '../schema/generator.ts';

const { values } = parseArgs({
  options: {
    keep: { type: 'string' },
    repeats: { type: 'string', default: '15' },
    limit: { type: 'string', default: '20' },
  },
});
if (values.keep === undefined) throw new Error('give --keep DIR: a folder that bench/query filled');
const repeats = Number(values.repeats);

const port = await freePort();
const ui = `{endpoint: "127.0.0.1:${port}", storage: {engine: embedded_clickhouse}}`;
const batch = '{flush_timeout: 1s, min_size: 4194304, max_size: 33554432}';
const program = await startAllInOne(values.keep, { batch, extensions: { ui } });

type Question = readonly [name: string, path: string, ask: (i: number) => readonly string[][]];

const filter = (text: string): string[] => ['filter', text];
const service = (i: number): string[] => ['service', `svc-${(i * 7) % 50}`];

function questions(operations: readonly string[], orders: readonly string[]): Question[] {
  const traces = '/api/v1/traces';
  return [
    ['newest', traces, () => []],
    ['service', traces, (i) => [service(i)]],
    ['two services', traces, (i) => [service(i), service(i + 1)]],
    ['service and operation', traces, (i) => [service(0), ['operation', operations[i] ?? '']]],
    ['service and status', traces, (i) => [service(i), ['status', 'error']]],
    ['minDuration 1s', traces, () => [['minDuration', '1s']]],
    ['minDuration 1min (none)', traces, () => [['minDuration', '1min']]],
    ['= in one trace', traces, (i) => [filter(`app.order.id = ${orders[i]}`)]],
    ['= absent', traces, (i) => [filter(`app.order.id = absent-${i}`)]],
    ['= common number', traces, () => [filter('http.response.status_code = 500')]],
    ['!=', traces, () => [filter('http.response.status_code != 200')]],
    ['>=', traces, () => [filter('http.response.status_code >= 500')]],
    ['=~ of a resource', traces, (i) => [filter(`k8s.pod.name =~ pod-${i % 10}.*`)]],
    ['=~ of spans', traces, (i) => [filter(`app.tenant =~ tenant-${i}[0-9]`)]],
    ['contains', traces, (i) => [filter(`url.path contains ${i}4${i}`)]],
    ['exists', traces, () => [filter('exception.type exists')]],
    ['exists (none)', traces, () => [filter('no.such.key exists')]],
    ['service and =~', traces, (i) => [service(i), filter('app.tenant =~ tenant-1..')]],
    ['keys', '/api/v1/tag-keys', (i) => [service(i)]],
    ['values of spans', '/api/v1/tag-values', (i) => [service(i), ['key', 'url.path']]],
    ['values of resources', '/api/v1/tag-values', (i) => [service(i), ['key', 'k8s.pod.name']]],
    [
      'values, text',
      '/api/v1/tag-values',
      (i) => [
        ['key', 'app.tenant'],
        ['text', `${i}`],
      ],
    ],
    ['services', '/api/v1/services', () => []],
    ['operations', '/api/v1/operations', (i) => [service(i)]],
  ];
}

async function lines(sql: string): Promise<string[]> {
  return (await program.scalar(`${sql} FORMAT TSV`)).split('\n');
}

try {
  const stored = `time < toDateTime64('2026-02-01', 9)`;
  const count = await program.scalar(`SELECT count() FROM wirestitch.spans WHERE ${stored}`);
  const end = await program.scalar(
    `SELECT toUnixTimestamp64Nano(max(time)) FROM wirestitch.spans WHERE ${stored}`,
  );
  const operations = await lines(
    `SELECT DISTINCT name FROM wirestitch.operations WHERE service = 'svc-0' LIMIT ${repeats}`,
  );
  const orders = await lines(
    `SELECT attributes_string['app.order.id'] AS v FROM wirestitch.spans
     WHERE cityHash64(span_id) % 20000 = 0 AND v != '' AND ${stored} LIMIT ${repeats}`,
  );
  console.log(`${count} spans, limit ${values.limit}, ${repeats} of each`);
  for (const [name, path, ask] of questions(operations, orders)) {
    const times: number[] = [];
    let found = 0;
    let cut = '';
    for (let i = 0; i < repeats; i++) {
      const query = new URLSearchParams(ask(i).map(([k = '', v = '']): [string, string] => [k, v]));
      query.set('start', String(generatorStartNs));
      query.set('end', end);
      query.set('limit', values.limit);
      const began = performance.now();
      const response = await fetch(`http://127.0.0.1:${port}${path}?${query}`);
      const answer = (await response.json()) as { traces?: unknown[]; cut?: string };
      times.push(performance.now() - began);
      if (!response.ok) throw new Error(`${path}?${query}: ${JSON.stringify(answer)}`);
      found += answer.traces?.length ?? 0;
      cut = answer.cut ?? cut;
    }
    const sorted = times.toSorted((a, b) => a - b);
    const at = (q: number): string =>
      (sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0).toFixed(0);
    const figures = `first ${times[0]?.toFixed(0)}, p50 ${at(0.5)}, p95 ${at(0.95)} ms`;
    console.log(`${name.padEnd(25)} ${figures.padEnd(36)} found ${found / repeats} ${cut}`);
  }
  console.log(`load average ${loadavg()[0]?.toFixed(1)}`);
} finally {
  await program.stop();
}
