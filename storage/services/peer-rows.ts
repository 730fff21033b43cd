/** The other ends of calls that have no span there: databases, queues, other people's services. */
import { tableName } from '../schema/table.ts';
import { RowBinaryReader } from '../traces/row-binary.ts';
import { RedSum } from './bands.ts';
import { type Sample, sampleCondition } from './sample.ts';
import {
  band,
  figuresBy,
  firstInt,
  firstText,
  isCaptured,
  protocolOfSpan,
  readFigures,
  text,
  timeCondition,
  type Where,
} from './statement.ts';

/** Rows that the statement gives, those with most calls first. */
const maxPeers = 5_000;

const url = firstText(['url.full', 'http.url']);

/** Where the other end is, as the span says it. */
const host = `multiIf(
      ${text('server.address')} != '', ${text('server.address')},
      ${text('net.peer.name')} != '', ${text('net.peer.name')},
      ${text('network.peer.address')} != '', ${text('network.peer.address')},
      ${text('net.peer.ip')} != '', ${text('net.peer.ip')},
      ${text('net.sock.peer.addr')} != '', ${text('net.sock.peer.addr')},
      ${text('http.host')} != '', ${text('http.host')},
      domain(${url}))`;

const port = firstInt(['server.port', 'net.peer.port', 'network.peer.port', 'net.sock.peer.port']);

const zero = "toFixedString('', 8)";

/**
 * Spans of kind CLIENT and PRODUCER that no span other than an INTERNAL one has as its parent, and
 * spans of kind CONSUMER whose parent is no PRODUCER, of a sample, captured ones left
 * out; by what they say of the other end. Read by {@link readPeers}.
 */
export function peerCalls(where: Where, fromS: number, toS: number, sample: Sample): string {
  const spans = tableName(where, 'spans');
  const time = timeCondition(fromS, toS);
  const from = `SELECT service, toUInt8(kind = 5) AS consumes, status_code, ${band},
      ${firstText(['db.system.name', 'db.system'])} AS db, ${text('messaging.system')} AS mq,
      ${protocolOfSpan} AS protocol,
      ${firstText(['peer.service', 'service.peer.name'])} AS peer_service,
      ${host} AS host, toUInt32(if(${port} BETWEEN 1 AND 65535, ${port}, 0)) AS port,
      ${firstText(['db.namespace', 'db.name'])} AS namespace,
      ${firstText(['messaging.destination.name', 'messaging.destination'])} AS destination
    FROM ${spans}
    WHERE ${time} AND ${sampleCondition(sample)} AND NOT ${isCaptured(where)}
      AND (kind IN (3, 4) AND (trace_id, span_id) GLOBAL NOT IN (
          SELECT trace_id, parent_span_id FROM ${spans}
          WHERE ${timeCondition(fromS, toS + 600)} AND ${sampleCondition(sample, [1])}
            AND kind != 1 AND parent_span_id != ${zero})
        OR kind = 5 AND ${text('messaging.system')} != ''
          AND (trace_id, parent_span_id) GLOBAL NOT IN (
          SELECT trace_id, span_id FROM ${spans}
          WHERE ${timeCondition(Math.max(0, fromS - 600), toS)} AND ${sampleCondition(sample, [-1])}
            AND kind = 4))`;
  const by = `service, consumes, db, mq, protocol, peer_service, host, port, namespace,
    destination`;
  const figures = { calls: '1', errors: 'status_code = 2' };
  return `${figuresBy(by, figures, from)} LIMIT ${maxPeers}`;
}

/** Calls of a service to, or messages it had from, something that sends no spans. */
export interface PeerCalls {
  readonly service: string;
  /** True: the service received. */
  readonly consumes: boolean;
  /** What the spans say of the other end; '' and 0 where they say nothing. */
  readonly db: string;
  readonly mq: string;
  readonly protocol: string;
  readonly peerService: string;
  readonly host: string;
  readonly port: number;
  readonly namespace: string;
  readonly destination: string;
  readonly red: RedSum;
}

/** @param share every figure stands for so many */
export function readPeers(bytes: Uint8Array, share: number): PeerCalls[] {
  const peers: PeerCalls[] = [];
  const r = new RowBinaryReader(bytes);
  while (!r.done) {
    const service = r.string();
    const consumes = r.uint8() === 1;
    const [db, mq, protocol] = [r.string(), r.string(), r.string()];
    const [peerService, host, port] = [r.string(), r.string(), r.uint32()];
    const [namespace, destination] = [r.string(), r.string()];
    const { calls, errors, keys, counts } = readFigures(r, share);
    const red = new RedSum();
    red.addBands(calls, errors, keys, counts);
    const ends = { peerService, host, port, namespace, destination };
    peers.push({ service, consumes, db, mq, protocol, ...ends, red });
  }
  return peers;
}
