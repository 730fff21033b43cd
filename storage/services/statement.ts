/** Pieces of the statements over `spans` that several files of this folder need. */
import { bucketSlackS, durationBand } from '../schema/spans.ts';
import { tableName } from '../schema/table.ts';
import { quoteString } from '../sql.ts';
import type { RowBinaryReader } from '../traces/row-binary.ts';

/** Where the tables are. */
export interface Where {
  readonly database: string;
}

/**
 * Condition for captured spans: their resource has the attribute that every capture sets. GLOBAL
 * reads the resources once where tables are distributed, and is nothing otherwise.
 */
export function isCaptured(where: Where): string {
  return `resource_id GLOBAL IN (SELECT id FROM ${tableName(where, 'resources')}
    WHERE mapContains(attributes, 'wirestitch.capture.source'))`;
}

/** Spans that begin within [fromS, toS); their buckets are read, not all of the table. */
export function timeCondition(fromS: number, toS: number, slackS: number = bucketSlackS): string {
  return `bucket >= toDateTime(${Math.max(0, fromS - slackS)}, 'UTC')
      AND bucket < toDateTime(${toS}, 'UTC')
      AND time >= toDateTime64(${fromS}, 9, 'UTC') AND time < toDateTime64(${toS}, 9, 'UTC')`;
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

/** Whether a span has an attribute of that type. */
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

/**
 * Calls, errors and calls by band of each group: `n`, `errors`, two arrays; see
 * {@link readFigures}. Two steps, as to sum maps of bands costs a multiple.
 * @param by columns of the groups
 * @param calls, errors of a row of `from`, which has a column `band`
 * @param more aggregates of groups: `first` of the rows of a group and a band, `outer` of these
 */
export function figuresBy(
  by: string,
  { calls, errors }: { readonly calls: string; readonly errors: string },
  from: string,
  more?: { readonly first: string; readonly outer: string },
): string {
  const [first, outer] = more === undefined ? ['', ''] : [`, ${more.first}`, `, ${more.outer}`];
  return `SELECT ${by}, toFloat64(sum(in_band)) AS n, toFloat64(sum(failed_in_band)) AS errors,
    groupArray(band), groupArray(toFloat64(in_band))${outer}
  FROM (SELECT ${by}, band, sum(${calls}) AS in_band, sum(${errors}) AS failed_in_band${first}
    FROM (${from}) GROUP BY ${by}, band)
  GROUP BY ${by} ORDER BY n DESC`;
}

/** Calls and errors in all, and calls by band. */
export interface Figures extends SparseBands {
  readonly calls: number;
  readonly errors: number;
}

/**
 * What {@link figuresBy} gives behind the columns of the group.
 * @param share every figure stands for so many
 */
export function readFigures(r: RowBinaryReader, share = 1): Figures {
  const [calls, errors] = [r.float64() * share, r.float64() * share];
  const { keys, counts } = readBands(r);
  return { calls, errors, keys, counts: share === 1 ? counts : counts.map((n) => n * share) };
}

/** Calls by band of duration: `counts[i]` in band `keys[i]`. */
export interface SparseBands {
  readonly keys: readonly number[];
  readonly counts: readonly number[];
}

function readBands(r: RowBinaryReader): SparseBands {
  const keys = r.array(() => r.uint8());
  const counts = r.array(() => r.float64());
  return { keys, counts };
}
