import { placesProjection, redProjection, spans, tagIndexes } from '../../storage/schema/spans.ts';
import { createTable, type TableSpec } from '../../storage/schema/table.ts';

/** A way to lay out the same columns. */
export interface Candidate {
  readonly spec: TableSpec;
  /** The condition that finds all rows of one trace, given the answer of the locator if any. */
  readonly locator: boolean;
  /** True when the index over tags is a text index over `key=value`. */
  readonly text?: boolean;
}

const columns = spans.columns.filter((c) => !c.startsWith('INDEX') && !c.startsWith('PROJECTION'));
const time = 'INDEX time_range time TYPE minmax GRANULARITY 4';
const traceBloom = 'INDEX trace trace_id TYPE bloom_filter(0.001) GRANULARITY 4';
const red = `PROJECTION red (${redProjection})`;
const locator = placesProjection;
const offsets = 'PROJECTION locator (SELECT trace_id, _part_offset ORDER BY trace_id)';
const tokens = `tokens Array(String) ALIAS arrayConcat(${['string', 'int', 'float', 'bool']
  .map((t) => `attributes_${t}`)
  .map((m) => `arrayMap((k, v) -> concat(k, '=', toString(v)), mapKeys(${m}), mapValues(${m}))`)
  .join(', ')})`;
const tokenIndex = "INDEX tags tokens TYPE text(tokenizer = 'array')";

function sorted(orderBy: string, more: readonly string[], settings = spans.settings!): TableSpec {
  return { ...spans, orderBy, settings, columns: [...columns, ...more] };
}

/** All that were tried at full length with the same indexes, so that only the layout differs. */
export const candidates: Readonly<Record<string, Candidate>> = {
  /** What the schema has. */
  smart: { spec: spans, locator: true },
  /** The usual layout of trace tables: by service, name, time. */
  service: {
    spec: sorted('(service, name, toStartOfMinute(time), time)', [
      time,
      ...tagIndexes,
      traceBloom,
      red,
    ]),
    locator: false,
  },
  /** The same with a projection of row offsets by trace id. */
  service_offsets: {
    spec: sorted('(service, name, toStartOfMinute(time), time)', [
      time,
      ...tagIndexes,
      offsets,
      red,
    ]),
    locator: false,
  },
  bucket_service: {
    spec: sorted('(bucket, service, name, trace_id)', [time, ...tagIndexes, traceBloom, red]),
    locator: false,
  },
  hour_resource: {
    spec: sorted('(toStartOfHour(time), resource_id, name, time)', [
      time,
      ...tagIndexes,
      traceBloom,
      red,
    ]),
    locator: false,
  },
  trace_only: { spec: sorted('(trace_id, time)', [time, ...tagIndexes, red]), locator: false },
  hour_trace: {
    spec: sorted('(toStartOfHour(bucket), trace_id, time)', [time, ...tagIndexes, traceBloom, red]),
    locator: false,
  },
  /** smart with a text index over `key=value` in place of the bloom filter over hashes. */
  smart_text: {
    spec: sorted('(bucket, trace_id, time)', [tokens, tokenIndex, time, locator, red]),
    locator: true,
    text: true,
  },
  /** smart without any index or projection: what the rows alone take. */
  smart_bare: { spec: sorted('(bucket, trace_id, time)', []), locator: false },
  /** smart with lengths of strings in a stream of their own, the engine's default. */
  smart_sizes: {
    spec: sorted(
      '(bucket, trace_id, time)',
      [time, ...tagIndexes, locator, red],
      'index_granularity = 2048',
    ),
    locator: true,
  },
};

export function candidateTable(candidate: Candidate): string {
  return createTable(candidate.spec, { database: 'c', ttlDays: 0 })[0]!;
}
