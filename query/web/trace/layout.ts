import { captureSource } from '../../../stitch/attributes.ts';
import { atOnce } from '../../../storage/steps.ts';
import {
  type KeyValue,
  type StoredResource,
  type StoredSpan,
  type StoredTrace,
  serviceName,
} from '../../../storage/traces/model.ts';
import { correctClockSkew } from '../../shown/clock-skew.ts';
import { view } from '../../shown/view.ts';
import { stitchAttributes } from '../../stitched/rewrite.ts';
import { axisOf } from './axis.ts';
import { type CriticalPath, criticalPath } from './critical-path.ts';
import { Names } from './names.ts';
import { selfTimes } from './self-time.ts';
import type { RowTimes } from './times.ts';
import { buildTree, type Tree } from './tree.ts';

/** Bits of `marks`; their names are those of SpanMark in this order. */
export const markBits = {
  cycle: 1,
  duplicate_id: 2,
  negative: 4,
  before_parent: 8,
  off_axis: 16,
  adjusted: 32,
} as const;

/** Numbers of `source`. */
export const sources = ['application', 'system_call', 'network'] as const;

/**
 * A trace as columns, a row each: spans in the order of the tree (so that what is below row `r` are
 * the rows `r + 1` to `r + below[r]`), and rows for parents that are not stored.
 */
export interface Layout extends RowTimes {
  /** Nanoseconds since 1970 of offset 0. */
  readonly originNs: bigint;
  /** Last end of what is on the axis, ns. */
  readonly durationNs: number;
  readonly count: number;
  /** Exact copies of spans that were left out. */
  readonly copies: number;
  readonly depth: Int32Array;
  /** All rows below each. */
  readonly below: Int32Array;
  readonly children: Int32Array;
  readonly errorsBelow: Int32Array;
  readonly selfNs: Float64Array;
  /** Number of the span in `spans`, -1 for a parent that is not stored. */
  readonly span: Int32Array;
  readonly spanIds: readonly string[];
  /** Number in `services`, -1 for a parent that is not stored. */
  readonly service: Int32Array;
  readonly services: readonly string[];
  /** Number in `texts`, as are the three after. */
  readonly name: Int32Array;
  readonly point: Int32Array;
  readonly rule: Int32Array;
  readonly unlinked: Int32Array;
  readonly texts: readonly string[];
  readonly kind: Uint8Array;
  readonly status: Uint8Array;
  readonly source: Uint8Array;
  readonly events: Uint16Array;
  readonly links: Uint16Array;
  readonly marks: Uint8Array;
  /** Row that the critical path runs through, -1 where there is no span. */
  readonly root: number;
  readonly critical: CriticalPath;
  /** Time of each row on the critical path. */
  readonly criticalNs: Float64Array;
}

interface LaidOut {
  readonly layout: Layout;
  /** Spans by their number in the layout. */
  readonly spans: readonly StoredSpan[];
}

/** @param adjust moves the times of children that begin outside of their parents on other hosts */
export function layOut(trace: StoredTrace, adjust: boolean): LaidOut {
  let times: Times = { starts: [], ends: [] };
  const tree = buildTree(trace.spans, (unique) => {
    times = adjust ? adjusted(unique) : stored(unique);
    return times.starts;
  });
  const { spans } = tree;
  const { starts, ends } = times;
  const axis = axisOf(starts);
  const rows = newRows(tree);
  fillTimes(rows, tree, { starts, ends, axis });
  fillSpans(rows, tree);
  const n = rows.parent.length;
  const selfNs = selfTimes(rows);
  const root = rootOf(rows);
  const none = { row: new Int32Array(), startNs: new Float64Array(), endNs: new Float64Array() };
  const critical = root === -1 ? none : criticalPath(rows, root);
  const criticalNs = new Float64Array(n);
  for (const [i, row] of critical.row.entries()) {
    criticalNs[row]! += critical.endNs[i]! - critical.startNs[i]!;
  }
  let durationNs = 0;
  for (let i = 0; i < n; i++) {
    if ((rows.marks[i]! & markBits.off_axis) === 0)
      durationNs = Math.max(durationNs, rows.endNs[i]!);
  }
  const { serviceNames, textNames, ...columns } = rows;
  const named = { services: serviceNames.list, texts: textNames.list };
  const facts = { originNs: axis.originNs, durationNs, count: n, copies: tree.copies };
  const layout = { ...columns, ...named, ...facts, selfNs, root, critical, criticalNs };
  return { layout, spans };
}

interface Times {
  readonly starts: readonly bigint[];
  readonly ends: readonly bigint[];
}

function stored(spans: readonly StoredSpan[]): Times {
  return {
    starts: spans.map((span) => span.startUnixNano),
    ends: spans.map((span) => span.endUnixNano),
  };
}

/** A day: clocks that are further apart are wrong by more than drawing can mend. */
const mostSkewNs = 86_400n * 1_000_000_000n;

function adjusted(spans: readonly StoredSpan[]): Times {
  const views = spans.map(view);
  atOnce(correctClockSkew(views, { maxClockSkewNs: mostSkewNs, missingParentText: '' }));
  return {
    starts: views.map((span) => span.startUnixNano),
    ends: views.map((span) => span.endUnixNano),
  };
}

type Rows = ReturnType<typeof newRows>;

function newRows({ order, parent, spans, missing }: Tree) {
  const n = order.length;
  const rowOf = new Int32Array(n);
  for (const [row, node] of order.entries()) rowOf[node] = row;
  const above = Int32Array.from(order, (node) =>
    parent[node] === -1 ? -1 : rowOf[parent[node]!]!,
  );
  const ints = () => new Int32Array(n);
  const depth = ints();
  const below = ints();
  const children = ints();
  for (let i = 0; i < n; i++) {
    const row = above[i]!;
    if (row === -1) continue;
    depth[i] = depth[row]! + 1;
    children[row]! += 1;
  }
  for (let i = n - 1; i >= 0; i--) if (above[i] !== -1) below[above[i]!]! += below[i]! + 1;
  return {
    parent: above,
    depth,
    below,
    children,
    errorsBelow: ints(),
    startNs: new Float64Array(n),
    endNs: new Float64Array(n),
    missing: Uint8Array.from(order, (node) => (node >= spans.length ? 1 : 0)),
    span: Int32Array.from(order, (node) => (node >= spans.length ? -1 : node)),
    spanIds: Array.from(order, (node) =>
      node >= spans.length ? missing[node - spans.length]! : spans[node]!.spanId,
    ),
    service: ints(),
    name: ints(),
    point: ints(),
    rule: ints(),
    unlinked: ints(),
    kind: new Uint8Array(n),
    status: new Uint8Array(n),
    source: new Uint8Array(n),
    events: new Uint16Array(n),
    links: new Uint16Array(n),
    marks: new Uint8Array(n),
    serviceNames: new Names(),
    textNames: new Names(),
  };
}

interface Clock extends Times {
  readonly axis: ReturnType<typeof axisOf>;
}

function fillTimes(rows: Rows, { spans, cut, sharing }: Tree, { starts, ends, axis }: Clock): void {
  const { startNs, endNs, marks, parent, missing } = rows;
  const n = parent.length;
  for (let i = 0; i < n; i++) {
    const span = rows.span[i]!;
    if (span === -1) continue;
    const start = Number(BigInt.asIntN(64, starts[span]! - axis.originNs));
    const lasted = Number(BigInt.asIntN(64, ends[span]! - starts[span]!));
    startNs[i] = start;
    endNs[i] = start + Math.max(lasted, 0);
    let mark =
      (cut.has(span) ? markBits.cycle : 0) | (sharing.has(span) ? markBits.duplicate_id : 0);
    if (lasted < 0) mark |= markBits.negative;
    if (start < axis.minNs || endNs[i]! > axis.maxNs) mark |= markBits.off_axis;
    if (starts[span] !== spans[span]!.startUnixNano) mark |= markBits.adjusted;
    marks[i] = mark;
  }
  spanMissing(rows);
  for (let i = 0; i < n; i++) {
    const row = parent[i]!;
    if (row === -1 || missing[row] === 1 || startNs[i]! >= startNs[row]!) continue;
    if (((marks[i]! | marks[row]!) & markBits.off_axis) !== 0) continue;
    marks[i]! |= markBits.before_parent;
  }
}

/** A parent that is not stored covers the times of its children that are on the axis. */
function spanMissing({ startNs, endNs, marks, parent, missing }: Rows): void {
  const seen = new Uint8Array(parent.length);
  for (const onAxis of [true, false]) {
    for (let i = 0; i < parent.length; i++) {
      const row = parent[i]!;
      if (row === -1 || missing[row] === 0) continue;
      if (((marks[i]! & markBits.off_axis) === 0) !== onAxis) continue;
      if (!onAxis && seen[row] === 1) continue;
      startNs[row] = seen[row] === 1 ? Math.min(startNs[row]!, startNs[i]!) : startNs[i]!;
      endNs[row] = seen[row] === 1 ? Math.max(endNs[row]!, endNs[i]!) : endNs[i]!;
      if (!onAxis) marks[row]! |= markBits.off_axis;
      seen[row] = 1;
    }
  }
}

function fillSpans(rows: Rows, { spans }: Tree): void {
  const { serviceNames, textNames } = rows;
  const ofResource = new Map<StoredResource, { service: number; source: number }>();
  const empty = textNames.number('');
  for (let i = rows.parent.length - 1; i >= 0; i--) {
    const at = rows.span[i]!;
    const above = rows.parent[i]!;
    if (at === -1) {
      rows.service[i] = -1;
      rows.name[i] = empty;
      continue;
    }
    const span = spans[at]!;
    let known = ofResource.get(span.resource);
    if (known === undefined) {
      const service = serviceNames.number(serviceName(span.resource));
      known = { service, source: sourceOf(span.resource) };
      ofResource.set(span.resource, known);
    }
    rows.service[i] = known.service;
    rows.source[i] = known.source;
    rows.name[i] = textNames.number(span.name);
    rows.kind[i] = span.kind;
    rows.status[i] = span.statusCode;
    rows.events[i] = Math.min(span.events.length, 65_535);
    rows.links[i] = Math.min(span.links.length, 65_535);
    const error = span.statusCode === 2 ? 1 : 0;
    if (above !== -1) rows.errorsBelow[above]! += rows.errorsBelow[i]! + error;
    for (const { key, value } of span.attributes) fillAttribute(rows, i, key, value);
  }
}

function fillAttribute(rows: Rows, row: number, key: string, value: KeyValue['value']): void {
  if (!key.startsWith('wirestitch.') || value.type !== 'string') return;
  const column =
    key === 'wirestitch.observation_point'
      ? rows.point
      : key === stitchAttributes.rule
        ? rows.rule
        : key === stitchAttributes.unlinked
          ? rows.unlinked
          : undefined;
  if (column !== undefined) column[row] = rows.textNames.number(value.value);
}

function sourceOf(resource: StoredResource): number {
  const value = resource.attributes.find((a) => a.key === captureSource)?.value;
  if (value?.type !== 'string') return 0;
  return value.value === 'ebpf' ? 1 : 2;
}

/** The longest of the spans that have no stored parent, those off the axis last. */
function rootOf({ parent, missing, startNs, endNs, marks }: Rows): number {
  let best = -1;
  let length = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < parent.length; i++) {
    if (missing[i] === 1 || (parent[i] !== -1 && missing[parent[i]!] === 0)) continue;
    const off = (marks[i]! & markBits.off_axis) !== 0;
    const own = off ? -1 : endNs[i]! - startNs[i]!;
    if (own <= length) continue;
    best = i;
    length = own;
  }
  return best;
}
