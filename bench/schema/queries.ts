import type { Session } from 'chdb';
import { literals } from '../../storage/traces/bind.ts';
import { locatedCondition, projectionLocator } from '../../storage/traces/locate.ts';
import {
  nextWindow,
  searchBranches,
  searchStatement,
  type TagSets,
  timeCondition,
} from '../../storage/traces/search.ts';
import { spanColumns } from '../../storage/traces/span-row.ts';
import type { Candidate } from './candidates.ts';

export interface Timing {
  readonly first: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  /** CPU of the process for one, median, ms. */
  readonly cpu: number;
  /** Results of a query on average. */
  readonly found: number;
}

/** Queries of each kind, each with another value. */
const repeats = 25;
const limit = 20;

/** Runs every kind of query and gives wall-clock milliseconds. */
export async function queryAll(
  session: Session,
  candidate: Candidate,
): Promise<Record<string, Timing>> {
  session.query('SET max_threads = 2, use_query_condition_cache = 0');
  const lines = (sql: string) => session.query(sql, 'TSV').trim().split('\n').filter(Boolean);
  const range = rangeOf(lines);
  const values = sampleValues(lines);
  const search = (where: SearchWhere) => searchNewest(session, candidate, range, where);
  const results: Record<string, Timing> = {};
  const measure = async (kind: string, query: (i: number) => Promise<number>) => {
    results[kind] = await timing(query);
  };
  const pick = (list: readonly string[], i: number) => list[i % list.length]!;
  const tag = (key: string, value: string): SearchWhere => ({ tags: [[key, value]] });
  await measure('trace by id', (i) => traceById(session, candidate, pick(values.traces, i)));
  await measure('service', (i) => search({ service: pick(values.services, i) }));
  await measure('service + operation', (i) => {
    const [service, operation] = pick(values.operations, i).split('\t');
    return search({ service: service!, operation: operation! });
  });
  await measure('service absent', (i) => search({ service: `none-${i}` }));
  await measure('tag common', () => search(tag('http.request.method', 'POST')));
  await measure('tag common int', () => search(tag('http.response.status_code', '404')));
  await measure('tag 1 in 3,300 spans', (i) => search(tag('app.tenant', `tenant-${i}`)));
  await measure('tag in 14 traces', (i) => search(tag('enduser.id', pick(values.users, i))));
  await measure('tag in 1 trace', (i) => search(tag('app.order.id', pick(values.orders, i))));
  await measure('tag absent', (i) => search(tag('app.order.id', `o-none-${i}`)));
  await measure('service + tag 500', (i) => {
    return search({
      service: pick(values.services, i),
      ...tag('http.response.status_code', '500'),
    });
  });
  return results;
}

interface SearchWhere {
  readonly service?: string;
  readonly operation?: string;
  readonly tags?: readonly (readonly [string, string])[];
}

interface Range {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

function rangeOf(lines: (sql: string) => string[]): Range {
  const nano = 'toUnixTimestamp64Nano';
  const [row] = lines(`SELECT ${nano}(min(time)), ${nano}(max(time)) FROM c.spans`);
  const [fromNs, toNs] = row!.split('\t').map(BigInt);
  return { fromNs: fromNs!, toNs: toNs! };
}

function sampleValues(lines: (sql: string) => string[]) {
  const sample = 'cityHash64(span_id) % 20011 = 1';
  const attribute = (key: string) =>
    lines(`SELECT attributes_string['${key}'] AS v FROM c.spans
      WHERE ${sample} AND v != '' LIMIT ${repeats}`);
  return {
    traces: lines(`SELECT lower(hex(trace_id)) FROM c.spans WHERE ${sample} LIMIT ${repeats}`),
    services: lines('SELECT DISTINCT service FROM c.spans ORDER BY service LIMIT 50'),
    operations: lines(
      `SELECT DISTINCT service, name FROM c.spans WHERE ${sample} LIMIT ${repeats}`,
    ),
    users: attribute('enduser.id'),
    orders: attribute('app.order.id'),
  };
}

async function traceById(session: Session, candidate: Candidate, id: string): Promise<number> {
  let where = `trace_id = unhex('${id}')`;
  if (candidate.locator) where = locatedCondition(projectionLocator('c'), [id], literals);
  const sql = `SELECT ${spanColumns} FROM c.spans WHERE ${where}`;
  const rows = await session.queryAsync(sql, { format: 'RowBinary' });
  return rows.rowsRead === 0 ? 0 : 1;
}

async function searchNewest(
  session: Session,
  candidate: Candidate,
  range: Range,
  where: SearchWhere,
): Promise<number> {
  const query = { ...where, startMinNs: range.fromNs, startMaxNs: range.toNs, limit };
  const tags: TagSets[] = (where.tags ?? []).map((tag) => ({ tag, resources: [], scopes: [] }));
  const branches = candidate.text
    ? textBranches(query, where)
    : searchBranches(query, tags, literals);
  const found = new Set<string>();
  let done = range.toNs + 1n;
  while (found.size <= limit) {
    const window = nextWindow(range, done, found.size, limit + 1);
    if (window === undefined) break;
    done = window.fromNs;
    const time = timeCondition(window, window.toNs, literals);
    const sql = searchStatement('c.spans', branches, time, limit + 1);
    const ids = `SELECT hex(trace_id) FROM (${sql})`;
    const answer = (await session.queryAsync(ids, { format: 'TSV' })).text().trim();
    for (const id of answer === '' ? [] : answer.split('\n')) found.add(id);
  }
  return Math.min(found.size, limit);
}

function textBranches(query: Parameters<typeof searchBranches>[0], where: SearchWhere): string[] {
  const own = (where.tags ?? []).map(([k, v]) => `hasAllTokens(tokens, ['${k}=${v}'])`);
  return searchBranches(query, [], literals).map((branch) => [branch, ...own].join(' AND '));
}

async function timing(query: (i: number) => Promise<number>): Promise<Timing> {
  const times: number[] = [];
  const cpus: number[] = [];
  let found = 0;
  for (let i = 0; i < repeats; i++) {
    const cpu = process.cpuUsage();
    const start = performance.now();
    found += await query(i);
    times.push(performance.now() - start);
    const { user, system } = process.cpuUsage(cpu);
    cpus.push((user + system) / 1000);
  }
  const sorted = [...times].sort((a, b) => a - b);
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
  const cpu = cpus.sort((a, b) => a - b)[repeats >> 1]!;
  const [first] = times;
  return { first: first!, p50: at(0.5), p95: at(0.95), max: at(1), cpu, found: found / repeats };
}
