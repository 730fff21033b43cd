/** Requests out of captured spans: one request is seen at several places, and counted once. */
import { observationPoints } from '../../wire/observation/points.ts';
import { tableName } from '../schema/table.ts';
import { RowBinaryReader } from '../traces/row-binary.ts';
import { RedSum } from './bands.ts';
import { SteppedRed, stepOf } from './red-rows.ts';
import { type Sample, sampleCondition } from './sample.ts';
import {
  band,
  figuresBy,
  firstText,
  has,
  hostPort,
  int,
  isCaptured,
  protocolOfSpan,
  readFigures,
  text,
  timeCondition,
  type Where,
} from './statement.ts';
import type { StepWindow } from './window.ts';

/** Rows that one statement gives, those with most requests first. */
const maxCapturedRows = 30_000;

const hop = `indexOf([${observationPoints.map((name) => `'${name}'`).join(', ')}],
      ${text('wirestitch.observation_point')})`;

/**
 * What is equal at all places where one request is seen, translated addresses or not: its TCP
 * sequence number and the hash of its first bytes; of UDP that hash, the ports and the addresses.
 * A span that has none of these is a request of its own.
 */
const requestKey = `multiIf(
      ${has('attributes_int', 'wirestitch.tcp.request_sequence')},
      sipHash64(${int('wirestitch.tcp.request_sequence')},
        ${text('wirestitch.request.head')}),
      ${text('wirestitch.request.head')} != '',
      sipHash64(${text('wirestitch.request.head')}, ${int('client.port')},
        ${text('client.address')}, ${text('server.address')}),
      reinterpretAsUInt64(span_id))`;

/** Sightings with who is at the ends: a service's name where it is known, else the address. */
function sightings(where: Where, window: StepWindow, sample: Sample): string {
  const address = hostPort(text('server.address'), int('server.port'));
  return `SELECT time, duration, status_code, name, ${hop} AS hop, ${requestKey} AS request,
      ${text('client.address')} AS client_at, ${address} AS server_at,
      multiIf(${text('wirestitch.client.service')} != '', ${text('wirestitch.client.service')},
        kind = 3, service, client_at) AS client_name,
      multiIf(${text('wirestitch.server.service')} != '', ${text('wirestitch.server.service')},
        kind != 3, service, server_at) AS server_name,
      ${protocolOfSpan} AS spoken, ${firstText(['db.system.name', 'db.system'])} AS db,
      ${text('messaging.system')} AS mq
    FROM ${tableName(where, 'spans')}
    WHERE ${timeCondition(window.fromS, window.toS)}
      AND ${isCaptured(where)}
      AND ${sampleCondition(sample, [], requestKey)}`;
}

/** One row a request: the ends as the place that knows most names them; what the server's side saw. */
function requests(where: Where, window: StepWindow, sample: Sample): string {
  return `SELECT request, min(time) AS time, argMax(duration, hop) AS duration, ${band},
      argMax(name, hop) AS name, argMax(status_code, hop) = 2 AS failed, any(spoken) AS protocol,
      any(db) AS database, any(mq) AS queue,
      argMax(client_name, (client_name != client_at) * 100 - hop) AS client,
      argMax(server_name, (server_name != server_at) * 100 + hop) AS server,
      groupUniqArray(4)(client_at) AS client_addresses,
      groupUniqArray(4)(server_at) AS server_addresses
    FROM (${sightings(where, window, sample)})
    GROUP BY request`;
}

/** How many captured spans a window has: [Float64]. */
export function countCaptured(where: Where, window: StepWindow): string {
  return `SELECT toFloat64(count()) FROM ${tableName(where, 'spans')}
  WHERE ${timeCondition(window.fromS, window.toS)} AND ${isCaptured(where)}`;
}

/** Requests by client, server, protocol and step of a sample: {@link readCaptured}. */
export function capturedRequests(where: Where, window: StepWindow, sample: Sample): string {
  const from = `SELECT client, server, protocol, database != '' AS is_database,
      queue != '' AS is_queue, ${stepOf('toStartOfMinute(time)', window)} AS step, failed, band,
      client_addresses, server_addresses
    FROM (${requests(where, window, sample)})`;
  const addresses = {
    first: `groupUniqArrayArray(8)(client_addresses) AS clients_at,
      groupUniqArrayArray(8)(server_addresses) AS servers_at`,
    outer: 'groupUniqArrayArray(8)(clients_at), groupUniqArrayArray(8)(servers_at)',
  };
  const by = 'client, server, protocol, is_database, is_queue, step';
  const figures = { calls: '1', errors: 'failed' };
  return `${figuresBy(by, figures, from, addresses)} LIMIT ${maxCapturedRows}`;
}

/** Requests between two ends that were seen on the wire; a service's name, or an address. */
export interface CapturedEdge {
  readonly client: string;
  readonly server: string;
  readonly protocol: string;
  readonly type: 'database' | 'queue' | 'service';
  readonly red: RedSum;
  /** Addresses of clients; `host:port` of servers. */
  readonly clientAddresses: Set<string>;
  readonly serverAddresses: Set<string>;
}

/** All requests that were captured in a window. */
export interface Captured {
  readonly edges: readonly CapturedEdge[];
  /** Requests to each server. */
  readonly servers: ReadonlyMap<string, SteppedRed>;
}

interface CapturedRow {
  readonly edge: CapturedEdge;
  readonly step: number;
}

/** @param share every figure stands for so many */
export function readCaptured(bytes: Uint8Array, window: StepWindow, share: number): Captured {
  const edges = new Map<string, CapturedEdge>();
  const servers = new Map<string, RedSum[]>();
  const r = new RowBinaryReader(bytes);
  while (!r.done) {
    const { edge, step } = readRow(r, share);
    const key = JSON.stringify([edge.client, edge.server, edge.protocol]);
    const old = edges.get(key);
    if (old === undefined) edges.set(key, { ...edge, red: copyOf(edge.red) });
    else {
      old.red.add(edge.red);
      for (const address of edge.clientAddresses) old.clientAddresses.add(address);
      for (const address of edge.serverAddresses) old.serverAddresses.add(address);
    }
    const steps = servers.get(edge.server) ?? [];
    servers.set(edge.server, steps);
    steps[step] ??= new RedSum();
    steps[step].add(edge.red);
  }
  const stepped = [...servers].map(([name, steps]) => [name, bySteps(steps, window)] as const);
  return { edges: [...edges.values()], servers: new Map(stepped) };
}

function readRow(r: RowBinaryReader, share: number): CapturedRow {
  const [client, server, protocol] = [r.string(), r.string(), r.string()];
  const [database, queue, step] = [r.uint8(), r.uint8(), r.uint32()];
  const { calls, errors, keys, counts } = readFigures(r, share);
  const red = new RedSum();
  red.addBands(calls, errors, keys, counts);
  const clientAddresses = new Set(r.array(() => r.string()));
  const serverAddresses = new Set(r.array(() => r.string()));
  const type = database === 1 ? 'database' : queue === 1 ? 'queue' : 'service';
  return { edge: { client, server, protocol, type, red, clientAddresses, serverAddresses }, step };
}

function copyOf(red: RedSum): RedSum {
  const copy = new RedSum();
  copy.add(red);
  return copy;
}

function bySteps(steps: readonly (RedSum | undefined)[], window: StepWindow): SteppedRed {
  const stepped = new SteppedRed(window);
  for (const [step, red] of steps.entries()) {
    if (red === undefined) continue;
    stepped.addRed(step, red);
  }
  return stepped;
}

/** Requests to one server (parameter `server`) by operation and step, as `redByOperation`. */
export function capturedOperations(where: Where, window: StepWindow, sample: Sample): string {
  const from = `SELECT name, toUInt8(2) AS kind,
      ${stepOf('toStartOfMinute(time)', window)} AS step, failed, band
    FROM (${requests(where, window, sample)}) WHERE server = {service:String}`;
  const figures = { calls: '1', errors: 'failed' };
  return `${figuresBy('name, kind, step', figures, from)} LIMIT ${maxCapturedRows}`;
}
