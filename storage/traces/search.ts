import { quoteString } from '../sql.ts';
import type { TraceQuery } from './reader.ts';
import {
  fieldTag,
  nestedHint,
  onNested,
  onSpan,
  type TagForms,
  tagForms,
  tagHint,
} from './tags.ts';

/** Ids of the dictionary rows that have one tag. */
export interface TagSets {
  readonly tag: readonly [key: string, value: string];
  readonly resources: readonly bigint[];
  readonly scopes: readonly bigint[];
}

/** Tags with several places to be found in make this many statements at most, then an OR. */
const maxBranches = 12;

/**
 * The WHERE clauses of a search, without time: a span matches when it fulfils any of them. Each
 * place that a tag can be in (the span, its events, its resource, its scope) is a clause of its
 * own, as an index helps with each alone and with none of them joined by OR.
 */
export function searchBranches(query: TraceQuery, tags: readonly TagSets[]): string[] {
  const always = fieldConditions(query);
  let branches: string[][] = [always];
  for (const sets of tags) {
    const places = tagPlaces(sets);
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

function tagPlaces({ tag, resources, scopes }: TagSets): Place[] {
  const [key, value] = tag;
  const field = fieldTag(key, value);
  if (field !== undefined) return [{ clause: field, exact: field }];
  const forms: TagForms = tagForms(key, value);
  const own = onSpan(forms);
  const nested = onNested(forms);
  const places: Place[] = [
    { clause: `${tagHint(forms)} AND ${own}`, exact: own },
    { clause: `${nestedHint(forms)} AND ${nested}`, exact: nested },
  ];
  const plain = (exact: string) => places.push({ clause: exact, exact });
  if (resources.length > 0) plain(`resource_id IN (${resources.join(', ')})`);
  if (scopes.length > 0) plain(`scope_id IN (${scopes.join(', ')})`);
  if (key === 'event') plain(`has(\`events.name\`, ${quoteString(value)})`);
  return places;
}

function fieldConditions(query: TraceQuery): string[] {
  const conditions: string[] = [];
  if (query.service !== undefined) conditions.push(`service = ${quoteString(query.service)}`);
  if (query.operation !== undefined) conditions.push(`name = ${quoteString(query.operation)}`);
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
const minute = 60n * second;
/** A piece is at most this much longer than all before it. */
const growth = 60;

/**
 * The next piece of a search that looks at the newest minute first and then at longer and longer
 * stretches: as long as the matches so far suggest is needed, much longer where there were none.
 * Pieces begin at full minutes, as buckets do, so that no bucket is read twice.
 * @param done start of what was searched already; at first one past the end of the range
 * @param found traces found so far, of `wanted`
 * @returns undefined when the range is done
 */
export function nextWindow(
  range: Window,
  done: bigint,
  found: number,
  wanted: number,
): Window | undefined {
  const toNs = done - 1n;
  if (toNs < range.fromNs) return undefined;
  const searched = Number((range.toNs - toNs + minute - 1n) / minute);
  const aligned = (toNs / minute - BigInt(pieceMinutes(searched, found, wanted)) + 1n) * minute;
  return { fromNs: aligned < range.fromNs ? range.fromNs : aligned, toNs };
}

function pieceMinutes(searched: number, found: number, wanted: number): number {
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
export function timeCondition(window: Window, nowNs: bigint): string {
  const conditions = [
    `time >= fromUnixTimestamp64Nano(${int64(window.fromNs)}, 'UTC')`,
    `time <= fromUnixTimestamp64Nano(${int64(window.toNs)}, 'UTC')`,
  ];
  if (window.fromNs > nowNs - clampedPastS * second) {
    const from = window.fromNs / second - futureS;
    conditions.push(`bucket >= ${bucketLiteral(from)}`);
    conditions.push(`bucket <= ${bucketLiteral(window.toNs / second)}`);
  }
  return conditions.join(' AND ');
}

function bucketLiteral(seconds: bigint): string {
  const clamped = seconds < 0n ? 0n : seconds > 4_294_967_295n ? 4_294_967_295n : seconds;
  return `toDateTime(${clamped}, 'UTC')`;
}

/** Nanoseconds within what DateTime64(9) compares correctly. */
function int64(ns: bigint): string {
  const max = 2n ** 63n - 1n;
  return `toInt64(${ns > max ? max : ns})`;
}

/** Finds the newest traces of one window: trace id, start of its newest matching span. */
export function searchStatement(
  table: string,
  branches: readonly string[],
  time: string,
  limit: number,
): string {
  const matches = branches.map(
    (branch) => `SELECT trace_id, time FROM ${table}
 WHERE ${time} AND ${branch}`,
  );
  const from = matches.length === 1 ? matches[0] : matches.join('\nUNION ALL\n');
  return `SELECT trace_id, max(time) AS newest FROM (${from})
 GROUP BY trace_id ORDER BY newest DESC, trace_id LIMIT ${limit}`;
}
