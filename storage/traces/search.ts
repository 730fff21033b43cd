import { bucketS } from '../schema/spans.ts';
import type { Binder } from './bind.ts';
import { type FilterSets, filterCondition } from './filters.ts';
import type { TraceFilter, TraceQuery } from './reader.ts';
import {
  fieldTag,
  hasString,
  hasTyped,
  type TagForms,
  tagForms,
  withString,
  withTyped,
} from './tags.ts';

/** Ids of the dictionary rows that have one tag. */
export interface TagSets {
  readonly tag: readonly [key: string, value: string];
  readonly resources: readonly bigint[];
  readonly scopes: readonly bigint[];
}

/** A filter and what the dictionaries say of it. */
export interface ResolvedFilter {
  readonly filter: TraceFilter;
  readonly sets: FilterSets;
}

/** Tags with several places to be found in make this many statements at most, then an OR. */
const maxBranches = 12;

/**
 * The WHERE clauses of a search, without time: a span matches when it fulfils any of them. Each
 * place that a tag can be in (strings, other types, resource, scope) is a clause of its own, as an
 * index helps with each alone and with none of them joined by OR. The index that
 * filters have is over keys alone, so each is one condition of every clause.
 */
export function searchBranches(
  query: TraceQuery,
  tags: readonly TagSets[],
  bind: Binder,
  filters: readonly ResolvedFilter[] = [],
): string[] {
  const always = fieldConditions(query, bind);
  for (const { filter, sets } of filters) always.push(filterCondition(filter, sets, bind));
  let branches: string[][] = [always];
  for (const sets of tags) {
    const places = tagPlaces(sets, bind);
    if (places.length === 0) continue;
    const spread = branches.length * places.length <= maxBranches;
    const choices = spread ? places : [`(${places.map((p) => p.exact).join(' OR ')})`];
    branches = branches.flatMap((branch) =>
      choices.map((place) => [...branch, typeof place === 'string' ? place : place.clause]),
    );
  }
  return branches.map((branch) => (branch.length === 0 ? '1' : branch.join('\n AND ')));
}

interface Place {
  /** With the hint for the index. */
  readonly clause: string;
  readonly exact: string;
}

function tagPlaces({ tag, resources, scopes }: TagSets, bind: Binder): Place[] {
  const [key, value] = tag;
  const field = fieldTag(key, value, bind);
  if (field !== undefined) return [{ clause: field, exact: field }];
  const forms: TagForms = tagForms(key, value);
  const places: Place[] = [{ clause: withString(forms, bind), exact: hasString(forms, bind) }];
  if (forms.typed) {
    places.push({ clause: withTyped(forms, bind), exact: hasTyped(forms, bind) });
  }
  const plain = (exact: string) => places.push({ clause: exact, exact });
  if (resources.length > 0) plain(`resource_id IN (${resources.join(', ')})`);
  if (scopes.length > 0) plain(`scope_id IN (${scopes.join(', ')})`);
  if (key === 'event') plain(`has(\`events.name\`, ${bind.text(value)})`);
  return places;
}

function fieldConditions(query: TraceQuery, bind: Binder): string[] {
  const conditions: string[] = [];
  if (query.service !== undefined) conditions.push(`service = ${bind.text(query.service)}`);
  const { services = [] } = query;
  if (services.length > 0) {
    conditions.push(`service IN (${services.map((name) => bind.text(name)).join(', ')})`);
  }
  if (query.operation !== undefined) conditions.push(`name = ${bind.text(query.operation)}`);
  if (query.statusCode !== undefined) {
    conditions.push(`status_code = ${Math.trunc(query.statusCode)}`);
  }
  if (query.minDurationNs !== undefined) conditions.push(`duration >= ${query.minDurationNs}`);
  if (query.maxDurationNs !== undefined) conditions.push(`duration <= ${query.maxDurationNs}`);
  return conditions;
}

/** A stretch of span start times, nanoseconds, both ends inclusive. */
export interface Window {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

const second = 1_000_000_000n;
const bucket = BigInt(bucketS) * second;
const usualGrowth = 32;

/** How pieces of a search grow. */
export interface WindowOptions {
  /** Where the newest spans are, if that is known: the first piece. */
  readonly first?: Window | undefined;
  /** A piece is at most this much longer than all before it; 32 unless given. */
  readonly growth?: number | undefined;
}

/**
 * The next piece of a search that looks at the newest spans first and then at longer and longer
 * stretches: as long as the matches so far suggest is needed, much longer where there were none.
 * Pieces begin where buckets do, so that no bucket is read twice.
 * @param done start of what was searched already; at first one past the end of the range
 * @param found traces found so far, of `wanted`
 * @returns undefined when the range is done
 */
export function nextWindow(
  range: Window,
  done: bigint,
  found: number,
  wanted: number,
  { first, growth = usualGrowth }: WindowOptions = {},
): Window | undefined {
  const toNs = done - 1n;
  if (toNs < range.fromNs) return undefined;
  const newest = first !== undefined && first.toNs < range.toNs ? first.toNs : range.toNs;
  const atStart = done > range.toNs;
  const searched = newest > toNs ? Number((newest - toNs + bucket - 1n) / bucket) : 0;
  const length = BigInt(pieceBuckets(searched, found, wanted, growth));
  const aligned = (toNs / bucket - length + 1n) * bucket;
  const fromNs = atStart && first !== undefined && first.fromNs <= toNs ? first.fromNs : aligned;
  const from = (fromNs / bucket) * bucket;
  return { fromNs: from < range.fromNs ? range.fromNs : from, toNs };
}

function pieceBuckets(searched: number, found: number, wanted: number, growth: number): number {
  if (searched === 0) return 1;
  if (found === 0) return searched * growth;
  const needed = Math.ceil((searched * (wanted - found) * 1.5) / found);
  return Math.min(Math.max(needed, searched), searched * growth);
}

/** Spans of the past whose bucket was clamped were older than this when they arrived, in seconds. */
const clampedPastS = 86_400n;
/** Spans with a start up to this far after their receipt are found by their time, in seconds. */
const futureS = 86_400n;

/**
 * Condition on span start; the index on time does the work. Buckets rule out whole days, but only
 * where no clamped span of the past can hide.
 */
export function timeCondition(window: Window, nowNs: bigint, bind: Binder): string {
  const conditions = [
    `time >= fromUnixTimestamp64Nano(${bind.int(int64(window.fromNs))}, 'UTC')`,
    `time <= fromUnixTimestamp64Nano(${bind.int(int64(window.toNs))}, 'UTC')`,
  ];
  if (window.fromNs > nowNs - clampedPastS * second) {
    const from = window.fromNs / second - futureS;
    conditions.push(`bucket >= ${bind.time(inDateTime(from))}`);
    conditions.push(`bucket <= ${bind.time(inDateTime(window.toNs / second))}`);
  }
  return conditions.join(' AND ');
}

function inDateTime(seconds: bigint): bigint {
  return seconds < 0n ? 0n : seconds > 4_294_967_295n ? 4_294_967_295n : seconds;
}

/** Nanoseconds within what DateTime64(9) compares correctly. */
function int64(ns: bigint): bigint {
  const max = 2n ** 63n - 1n;
  return ns > max ? max : ns;
}

/** Finds the newest traces of one window: trace id, start of its newest matching span. */
export function searchStatement(
  table: string,
  branches: readonly string[],
  time: string,
  limit: number,
): string {
  const rows = branches.map((branch) => `FROM ${table}\n WHERE ${time} AND ${branch}`);
  const [only, ...more] = rows;
  const from =
    more.length === 0
      ? only
      : `FROM (${rows.map((row) => `SELECT trace_id, time ${row}`).join('\nUNION ALL\n')})`;
  return `SELECT trace_id, max(time) AS newest ${from}
 GROUP BY trace_id ORDER BY newest DESC, trace_id LIMIT ${limit}`;
}
