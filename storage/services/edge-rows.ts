/** Calls between services: a span whose parent is a span of another service. */
import { parentLookbackS } from '../schema/edges.ts';
import { bucketSlackS } from '../schema/spans.ts';
import { tableName } from '../schema/table.ts';
import { RowBinaryReader } from '../traces/row-binary.ts';
import { RedSum } from './bands.ts';
import { type Sample, sampleCondition } from './sample.ts';
import {
  band,
  figuresBy,
  hostPort,
  int,
  isCaptured,
  protocolOfSpan,
  readFigures,
  text,
  timeCondition,
  type Where,
} from './statement.ts';

/** Edges that one statement gives, those with most calls first. */
const maxEdges = 20_000;

/** Calls of one service to another, by spans of both. */
export interface CallEdge {
  readonly client: string;
  readonly server: string;
  readonly red: RedSum;
  /** Calls by protocol; '' = not known. */
  readonly protocols: ReadonlyMap<string, number>;
  /** `host:port` at which capture saw the server. */
  readonly addresses: readonly string[];
}

/**
 * Calls out of `service_edges` with the minutes in [fromS, toS):
 * [client, server, calls, errors, bands].
 */
export function computedEdges(where: Where, fromS: number, toS: number): string {
  return `SELECT client, server, toFloat64(sum(calls)) AS n, toFloat64(sum(errors)) AS failed,
    mapKeys(sumMap(duration_bands) AS bands), arrayMap(n -> toFloat64(n), mapValues(bands))
  FROM ${tableName(where, 'service_edges')} FINAL
  WHERE minute >= toDateTime(${fromS}, 'UTC') AND minute < toDateTime(${toS}, 'UTC')
  GROUP BY client, server HAVING n > 0 ORDER BY n DESC LIMIT ${maxEdges}`;
}

/** Reads RowBinary of {@link computedEdges}. @throws RangeError when the bytes end within a row */
export function readComputedEdges(bytes: Uint8Array): CallEdge[] {
  const edges: CallEdge[] = [];
  const r = new RowBinaryReader(bytes);
  while (!r.done) {
    const [client, server] = [r.string(), r.string()];
    const { calls, errors, keys, counts } = readFigures(r);
    const red = new RedSum();
    red.addBands(calls, errors, keys, counts);
    edges.push({ client, server, red, protocols: new Map(), addresses: [] });
  }
  return edges;
}

/** The last minute in a window that is computed, seconds since 1970; 0 when none is. */
export function lastComputed(where: Where, fromS: number, toS: number): string {
  return `SELECT toUnixTimestamp(max(minute)) AS last FROM ${tableName(where, 'service_edges')}
  WHERE minute >= toDateTime(${fromS}, 'UTC') AND minute < toDateTime(${toS}, 'UTC')`;
}

/**
 * Calls counted on the spans themselves, of a sample, with protocols. A call whose parent is a
 * CLIENT or PRODUCER span and that was captured too is counted once, as in `service_edges`: by the
 * spans of SDKs where there are any, else as one call however often it was seen.
 */
export function spanEdges(where: Where, fromS: number, toS: number, sample: Sample): string {
  const spans = tableName(where, 'spans');
  const address = hostPort(text('server.address'), int('server.port'));
  const from = `
    SELECT client, server, protocol, 1 AS n, toUInt64(status_code = 2) AS failed, band, seen_at
    FROM (
      SELECT parent.client AS client, child.service AS server, child.protocol AS protocol,
        child.status_code AS status_code, child.band AS band,
        NOT child.captured AS sdk, (child.captured, child.child_id) AS sighting,
        min(sighting) OVER same_call AS first,
        groupUniqArrayIf(4)(child.address, child.address != '') OVER same_call AS seen_at
      FROM (
        SELECT trace_id, span_id, service AS client, kind AS caller FROM ${spans}
        WHERE bucket >= toDateTime(${Math.max(0, fromS - parentLookbackS)}, 'UTC')
          AND bucket < toDateTime(${toS}, 'UTC') AND ${sampleCondition(sample, [-1])}
      ) AS parent
      GLOBAL INNER JOIN (
        SELECT trace_id, parent_span_id, span_id AS child_id, service, status_code, ${band},
          ${isCaptured(where)} AS captured,
          if(captured, ${address}, '') AS address, ${protocolOfSpan} AS protocol
        FROM ${spans}
        WHERE ${timeCondition(fromS, toS, bucketSlackS)} AND parent_span_id != toFixedString('', 8)
          AND kind != 1 AND NOT (captured AND kind = 3) AND ${sampleCondition(sample)}
      ) AS child
      ON child.trace_id = parent.trace_id AND child.parent_span_id = parent.span_id
      WHERE parent.client != child.service
      WINDOW same_call AS (PARTITION BY parent.trace_id, parent.span_id,
        if(parent.caller IN (3, 4), toFixedString('', 8), child.child_id))
    )
    WHERE sdk OR first = sighting`;
  const addresses = {
    first: 'groupUniqArrayArray(8)(seen_at) AS addresses',
    outer: 'groupUniqArrayArray(8)(addresses)',
  };
  const figures = { calls: 'n', errors: 'failed' };
  return `${figuresBy('client, server, protocol', figures, from, addresses)} LIMIT ${maxEdges}`;
}

/** @param share every figure stands for so many */
export function readSpanEdges(bytes: Uint8Array, share: number): CallEdge[] {
  const edges = new Map<string, CallEdge & { protocols: Map<string, number> }>();
  const r = new RowBinaryReader(bytes);
  while (!r.done) {
    const [client, server, protocol] = [r.string(), r.string(), r.string()];
    const { calls, errors, keys, counts } = readFigures(r, share);
    const addresses = r.array(() => r.string());
    const key = JSON.stringify([client, server]);
    const edge = edges.get(key);
    const own = edge ?? { client, server, red: new RedSum(), protocols: new Map(), addresses };
    if (edge === undefined) edges.set(key, own);
    own.red.addBands(calls, errors, keys, counts);
    own.protocols.set(protocol, calls);
  }
  return [...edges.values()];
}
