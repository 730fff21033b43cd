/** Pieces of the statements over `spans` that several files of this folder need. */
import { bucketSlackS, durationBand } from '../schema/spans.ts';
import { tableName } from '../schema/table.ts';
import { quoteString } from '../sql.ts';
import type { RowBinaryReader } from '../traces/row-binary.ts';

export interface Where {
  readonly database: string;
}

/** Resources of captured spans: those with the attribute that every capture sets. */
export function capturedResources(where: Where): string {
  return `(SELECT id FROM ${tableName(where, 'resources')}
    WHERE mapContains(attributes, 'wirestitch.capture.source'))`;
}

/** Spans that begin within [fromS, toS); their buckets are read, not all of the table. */
export function timeCondition(fromS: number, toS: number, slackS: number = bucketSlackS): string {
  return `bucket >= toDateTime(${Math.max(0, fromS - slackS)}, 'UTC')
      AND bucket < toDateTime(${toS}, 'UTC')
      AND time >= toDateTime64(${fromS}, 9, 'UTC') AND time < toDateTime64(${toS}, 9, 'UTC')`;
}

/** One trace of `share`, the same ones in every statement. */
export function sampleCondition(share: number): string {
  return share <= 1 ? '1' : `sipHash64(trace_id) % ${share} = 0`;
}

/** The first of some string attributes that is not empty. */
export function firstText(keys: readonly string[]): string {
  const values = keys.map((key) => text(key));
  if (values.length === 1) return values[0]!;
  const cases = values.slice(0, -1).map((value) => `${value} != '', ${value}`);
  return `multiIf(${cases.join(', ')}, ${values.at(-1)})`;
}

/** The first of some int attributes that is not 0; 0 when none is. */
export function firstInt(keys: readonly string[]): string {
  const values = keys.map((key) => int(key));
  return `coalesce(${values.map((value) => `nullIf(${value}, 0)`).join(', ')}, 0)`;
}

/**
 * A string attribute of a span, '' when it is not there. Written over the map's two columns: to
 * look up a constant in the keys costs a sixth of what `map[key]` does.
 */
export function text(key: string): string {
  return lookUp('attributes_string', key);
}

/** An int attribute of a span, 0 when it is not there. */
export function int(key: string): string {
  return lookUp('attributes_int', key);
}

function lookUp(map: string, key: string): string {
  return `${map}.values[indexOf(${map}.keys, ${quoteString(key)})]`;
}

export function has(map: 'attributes_string' | 'attributes_int', key: string): string {
  return `has(${map}.keys, ${quoteString(key)})`;
}

/** How a request was made, by the attributes of its span: `grpc`, `http`, `postgresql`, or ''. */
export const protocolOfSpan = `multiIf(
      ${text('db.system.name')} != '', ${text('db.system.name')},
      ${text('db.system')} != '', ${text('db.system')},
      ${text('messaging.system')} != '', ${text('messaging.system')},
      ${text('rpc.system')} != '', ${text('rpc.system')},
      ${text('rpc.system.name')} != '', ${text('rpc.system.name')},
      ${text('network.protocol.name')} != '', lower(${text('network.protocol.name')}),
      ${text('http.request.method')} != '' OR ${text('http.method')} != '', 'http', '')`;

/** `host:port` as services of captured spans are named; `host` where there is no port. */
export function hostPort(host: string, port: string): string {
  const bracketed = `if(position(${host}, ':') > 0, concat('[', ${host}, ']'), ${host})`;
  return `if(${port} = 0, ${host}, concat(${bracketed}, ':', toString(${port})))`;
}

/** Column of the durations' band. */
export const band = `${durationBand} AS band`;

/** Two columns, calls by `band`, of an aggregation; see {@link readBands}. @param calls of a row */
export function bandColumns(calls: string): string {
  return `mapKeys(sumMap(map(band, toUInt64(${calls}))) AS bands),
    arrayMap(n -> toFloat64(n), mapValues(bands))`;
}

export interface SparseBands {
  readonly keys: readonly number[];
  readonly counts: readonly number[];
}

export function readBands(r: RowBinaryReader): SparseBands {
  const keys = r.array(() => r.uint8());
  const counts = r.array(() => r.float64());
  return { keys, counts };
}
