import { doubleOf } from '../../../pdata/proto/cursor.ts';
import type { Uint32Column } from '../remote-write/columns.ts';
import {
  MetricType,
  staleHi,
  staleLo,
  startOf,
  type WriteRequest,
} from '../remote-write/request.ts';
import { IdTable } from './id-table.ts';
import { type LabelRoles, Role } from './label-roles.ts';

const suffixes = {
  bucket: Buffer.from('_bucket'),
  sum: Buffer.from('_sum'),
  count: Buffer.from('_count'),
} as const;

/** A series of a classic histogram or summary: its bound or quantile, and where it was read to. */
interface Member {
  readonly series: number;
  /** Upper bound or quantile; unused for sum and count. */
  readonly bound: number;
  /** Next sample of it that is looked at. */
  next: number;
}

/** The series of one classic histogram or summary. */
export interface ClassicGroup {
  readonly family: number;
  /** Symbol of label `job`, 0 = none: buckets differ between jobs. */
  readonly job: number;
  readonly summary: boolean;
  /** In the order of their bounds; a histogram's last is +Inf. */
  readonly parts: Member[];
  sum: Member | undefined;
  count: Member | undefined;
  /** Two series claim the same place: the group is left as it is. */
  twice: boolean;
}

/** What series of histograms and summaries were put together to. */
export interface Classics {
  /** Groups that have at least one whole point. */
  readonly groups: readonly ClassicGroup[];
  /** For each sample of the request whether it is part of a whole point; undefined = none is. */
  readonly used: Uint8Array | undefined;
  /** Times of the whole points of each group: samples of its count. */
  readonly points: readonly (readonly number[])[];
}

/** Nothing was put together. */
export const noClassics: Classics = { groups: [], used: undefined, points: [] };

/**
 * Finds the series of classic histograms and summaries that can be put together without guessing:
 * their type is said; count, sum and (histograms) the bucket +Inf are there with samples of the
 * same time; counts grow with the bounds up to the count; and no group of the same family has more
 * buckets, as happens where a request ends in the middle of a scrape. The rest stays as it is.
 */
export function findClassics(request: WriteRequest, roles: LabelRoles): Classics {
  const { types, seriesCount } = request;
  let any = false;
  for (let i = 0; i < seriesCount && !any; i += 1) {
    const type = types.values[i]!;
    any = type === MetricType.histogram || type === MetricType.summary;
  }
  if (!any) return noClassics;
  const groups = gather(request, roles);
  const widest = new Map<string, number>();
  const kin = ({ family, job }: ClassicGroup): string => `${family} ${job}`;
  for (const group of groups) {
    widest.set(kin(group), Math.max(widest.get(kin(group)) ?? 0, group.parts.length));
  }
  const used = new Uint8Array(request.sampleCount);
  const whole: ClassicGroup[] = [];
  const points: number[][] = [];
  for (const group of groups) {
    if (group.twice || group.parts.length < widest.get(kin(group))!) continue;
    const found = wholePoints(request, group, used);
    if (found.length === 0) continue;
    whole.push(group);
    points.push(found);
  }
  return { groups: whole, used, points };
}

function gather(request: WriteRequest, roles: LabelRoles): ClassicGroup[] {
  const groups: ClassicGroup[] = [];
  const table = new IdTable(64, request.symbols.seed);
  for (let i = 0; i < request.seriesCount; i += 1) {
    const type = request.types.values[i]!;
    const summary = type === MetricType.summary;
    if (!summary && type !== MetricType.histogram) continue;
    if (request.sampleEnds.values[i] === startOf(request.sampleEnds, i)) continue;
    place(request, roles, groups, table, i, summary);
  }
  for (const group of groups) {
    const { parts } = group;
    parts.sort((a, b) => (a.bound < b.bound ? -1 : a.bound > b.bound ? 1 : 0));
    for (let i = 1; i < parts.length; i += 1) {
      group.twice ||= parts[i]!.bound === parts[i - 1]!.bound;
    }
  }
  return groups;
}

function place(
  request: WriteRequest,
  roles: LabelRoles,
  groups: ClassicGroup[],
  table: IdTable,
  series: number,
  summary: boolean,
): void {
  const { symbols } = request;
  const name = request.names.values[series]!;
  const special = summary ? roles.quantile : roles.le;
  const bound = boundOf(request, series, special);
  let suffix: Buffer | undefined;
  if (bound === undefined) {
    if (symbols.endsWith(name, suffixes.sum)) suffix = suffixes.sum;
    else if (symbols.endsWith(name, suffixes.count)) suffix = suffixes.count;
    else return;
  } else if (!summary) {
    if (!symbols.endsWith(name, suffixes.bucket)) return;
    suffix = suffixes.bucket;
  }
  if (Number.isNaN(bound ?? 0)) return;
  const start = symbols.starts.values[name]!;
  const end = symbols.ends.values[name]! - (suffix?.length ?? 0);
  const family = symbols.intern(start, end);
  table.key.push(family);
  table.key.push(summary ? 1 : 0);
  pushLabels(request, series, roles, special, table.key);
  const id = table.id();
  const job = roles.job < 0 ? 0 : labelValue(request, series, roles.job);
  groups[id] ??= {
    family,
    job,
    summary,
    parts: [],
    sum: undefined,
    count: undefined,
    twice: false,
  };
  add(groups[id], suffix, {
    series,
    bound: bound ?? 0,
    next: startOf(request.sampleEnds, series),
  });
}

function add(group: ClassicGroup, suffix: Buffer | undefined, member: Member): void {
  if (suffix === suffixes.sum) {
    group.twice ||= group.sum !== undefined;
    group.sum = member;
  } else if (suffix === suffixes.count) {
    group.twice ||= group.count !== undefined;
    group.count = member;
  } else {
    group.parts.push(member);
  }
}

/** The value of a label, 0 = the series has none. */
function labelValue({ labels, labelEnds }: WriteRequest, series: number, label: number): number {
  for (let i = startOf(labelEnds, series); i < labelEnds.values[series]!; i += 2) {
    if (labels.values[i] === label) return labels.values[i + 1]!;
  }
  return 0;
}

/** The number in label `le` or `quantile`; undefined = no such label, NaN = it is no number. */
function boundOf(request: WriteRequest, series: number, label: number): number | undefined {
  const { values } = request.labels;
  for (let i = startOf(request.labelEnds, series); i < request.labelEnds.values[series]!; i += 2) {
    if (values[i] !== label) continue;
    const text = request.symbols.text(values[i + 1]!);
    if (text === '+Inf') return Number.POSITIVE_INFINITY;
    return /^[+-]?[0-9.]+(e[+-]?[0-9]+)?$/i.test(text) ? Number(text) : Number.NaN;
  }
  return undefined;
}

function pushLabels(
  request: WriteRequest,
  series: number,
  roles: LabelRoles,
  special: number,
  key: Uint32Column,
): void {
  const { values } = request.labels;
  for (let i = startOf(request.labelEnds, series); i < request.labelEnds.values[series]!; i += 2) {
    const label = values[i]!;
    if (label === special || roles.of[label] === Role.name) continue;
    key.push(label);
    key.push(values[i + 1]!);
  }
}

/** Samples of the count that begin whole points; all samples of those are marked. */
function wholePoints(request: WriteRequest, group: ClassicGroup, used: Uint8Array): number[] {
  const { count, sum, parts, summary } = group;
  if (count === undefined || sum === undefined) return [];
  if (!summary && parts.at(-1)?.bound !== Number.POSITIVE_INFINITY) return [];
  const members = [...parts, sum, count];
  const found: number[] = [];
  const end = request.sampleEnds.values[count.series]!;
  for (let at = count.next; at < end; at += 1) {
    const time = request.sampleTimes.values[at]!;
    if (!members.every((member) => seek(request, member, time))) continue;
    if (!agrees(request, group, at)) continue;
    for (const member of members) {
      used[member.next] = 1;
      member.next += 1;
    }
    found.push(at);
  }
  return found;
}

/** Moves a member to its sample of a time; samples that are not in the order of times are missed. */
function seek({ sampleEnds, sampleTimes }: WriteRequest, member: Member, time: number): boolean {
  const end = sampleEnds.values[member.series]!;
  let at = member.next;
  while (at < end && sampleTimes.values[at]! < time) at += 1;
  member.next = at;
  return at < end && sampleTimes.values[at] === time;
}

/** Whether a sample is the marker of an end. */
export function isStale({ sampleBits }: WriteRequest, sample: number): boolean {
  return sampleBits.values[2 * sample + 1] === staleHi && sampleBits.values[2 * sample] === staleLo;
}

/** The value of a sample by its index; that of a stale marker is a NaN like others. */
export function sampleValue({ sampleBits }: WriteRequest, sample: number): number {
  return doubleOf(sampleBits.values[2 * sample]!, sampleBits.values[2 * sample + 1]!);
}

/** Whether the values at which the members stand are those of one point. */
function agrees(request: WriteRequest, { parts, summary, sum }: ClassicGroup, at: number): boolean {
  if (isStale(request, at)) {
    return isStale(request, sum!.next) && parts.every(({ next }) => isStale(request, next));
  }
  const count = sampleValue(request, at);
  if (!Number.isSafeInteger(count) || count < 0) return false;
  if (summary) return true;
  let below = 0;
  for (const { next } of parts) {
    const value = sampleValue(request, next);
    if (!(Number.isSafeInteger(value) && value >= below)) return false;
    below = value;
  }
  return below === count;
}
