/** Connections out of flow logs. */
import { bucketSlackS } from '../schema/spans.ts';
import { tableName } from '../schema/table.ts';
import { RowBinaryReader } from '../traces/row-binary.ts';
import type { NetworkFigures } from './model.ts';
import type { Where } from './statement.ts';
import type { StepWindow } from './window.ts';

/** Pairs of ends that the statement gives, those with most packets first. */
const maxFlowPairs = 10_000;

/**
 * Flows by their two ends and the place that saw them; the interface makes a place only where the
 * observation point says nothing. Read by {@link readFlows}.
 */
export function flowPairs(where: Where, window: StepWindow): string {
  return `SELECT client_service, server_service,
    replaceOne(toString(client_address), '::ffff:', '') AS client,
    replaceOne(toString(server_address), '::ffff:', '') AS server,
    toUInt32(server_port) AS port,
    concat(observation_point, if(observation_point IN ('rest', 'local'),
      concat(' ', toString(interface)), '')) AS place,
    anyIf(l7_protocol, l7_protocol != '') AS protocol,
    toFloat64(uniqCombined(flow_id)) AS connections,
    toFloat64(uniqCombinedIf(flow_id, status IN ('client_error', 'server_error'))) AS failed,
    toFloat64(sum(packets_sent + packets_received)) AS packets,
    toFloat64(sum(retransmissions_sent + retransmissions_received)) AS retransmissions,
    toFloat64(sum(bytes_sent)) AS sent, toFloat64(sum(bytes_received)) AS received,
    toFloat64(sum(rtt)) AS rtt_sum, toFloat64(countIf(rtt > 0)) AS rtt_count,
    toFloat64(max(rtt)) AS rtt_max
  FROM ${tableName(where, 'flows')}
  WHERE bucket >= toDateTime(${Math.max(0, window.fromS - bucketSlackS)}, 'UTC')
    AND bucket < toDateTime(${window.toS}, 'UTC')
    AND time >= toDateTime64(${window.fromS}, 9, 'UTC')
    AND time < toDateTime64(${window.toS}, 9, 'UTC')
  GROUP BY client_service, server_service, client, server, port, place
  ORDER BY packets DESC LIMIT ${maxFlowPairs}`;
}

/** Connections between two addresses, as one place saw them. */
export interface FlowPair {
  /** '' where capture does not know. */
  readonly clientService: string;
  readonly serverService: string;
  /** Addresses in canonical text, without a port. */
  readonly client: string;
  readonly server: string;
  readonly serverPort: number;
  /** Where they were seen. */
  readonly place: string;
  /** '' where it was not recognised. */
  readonly protocol: string;
  readonly figures: FlowFigures;
}

/** Reads RowBinary of {@link flowPairs}. @throws RangeError when the bytes end within a row */
export function readFlows(bytes: Uint8Array): FlowPair[] {
  const pairs: FlowPair[] = [];
  const r = new RowBinaryReader(bytes);
  while (!r.done) {
    const [clientService, serverService] = [r.string(), r.string()];
    const [client, server, serverPort] = [r.string(), r.string(), r.uint32()];
    const [place, protocol] = [r.string(), r.string()];
    const figures = new FlowFigures();
    figures.connections = r.float64();
    figures.failed = r.float64();
    figures.packets = r.float64();
    figures.retransmissions = r.float64();
    figures.sent = r.float64();
    figures.received = r.float64();
    figures.rttSum = r.float64();
    figures.rttCount = r.float64();
    figures.rttMax = r.float64();
    const ends = { clientService, serverService, client, server, serverPort };
    pairs.push({ ...ends, place, protocol, figures });
  }
  return pairs;
}

/** Sums over flows at one place: counts, bytes, ns. */
export class FlowFigures {
  connections = 0;
  failed = 0;
  packets = 0;
  retransmissions = 0;
  sent = 0;
  received = 0;
  rttSum = 0;
  rttCount = 0;
  rttMax = 0;

  add(other: FlowFigures): void {
    this.connections += other.connections;
    this.failed += other.failed;
    this.packets += other.packets;
    this.retransmissions += other.retransmissions;
    this.sent += other.sent;
    this.received += other.received;
    this.rttSum += other.rttSum;
    this.rttCount += other.rttCount;
    this.rttMax = Math.max(this.rttMax, other.rttMax);
  }

  result(): NetworkFigures {
    const seen = this.rttCount > 0;
    return {
      connections: this.connections,
      failedConnections: this.failed,
      packets: this.packets,
      retransmissions: this.retransmissions,
      bytesSent: this.sent,
      bytesReceived: this.received,
      rttNs: seen ? this.rttSum / this.rttCount : undefined,
      rttMaxNs: seen ? this.rttMax : undefined,
    };
  }
}
