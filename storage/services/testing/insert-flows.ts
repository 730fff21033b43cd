import { quoteString, type SqlClient } from '../../sql.ts';

/** A row of `flows`; columns that are not named hold their defaults. */
export interface TestFlow {
  readonly flowId: number;
  /** Nanoseconds since 1970. */
  readonly timeNs: bigint;
  readonly client: string;
  readonly server: string;
  readonly serverPort: number;
  readonly clientService?: string;
  readonly serverService?: string;
  readonly point?: string;
  readonly interface?: number;
  readonly protocol?: string;
  readonly status?: string;
  readonly packets?: number;
  readonly retransmissions?: number;
  readonly bytes?: number;
  readonly rttNs?: number;
}

/** Writes flows as SQL literals. */
export async function insertFlows(
  client: SqlClient,
  database: string,
  flows: readonly TestFlow[],
): Promise<void> {
  const rows = flows.map((flow) => {
    const values: readonly (readonly [column: string, value: string])[] = [
      ['bucket', `toDateTime(${flow.timeNs / 60_000_000_000n}*60, 'UTC')`],
      ['time', `fromUnixTimestamp64Nano(toInt64(${flow.timeNs}), 'UTC')`],
      ['flow_id', String(flow.flowId)],
      ['client_address', `toIPv6(${quoteString(flow.client)})`],
      ['server_address', `toIPv6(${quoteString(flow.server)})`],
      ['server_port', String(flow.serverPort)],
      ['client_service', quoteString(flow.clientService ?? '')],
      ['server_service', quoteString(flow.serverService ?? '')],
      ['observation_point', quoteString(flow.point ?? 'client_nic')],
      ['interface', String(flow.interface ?? 0)],
      ['l7_protocol', quoteString(flow.protocol ?? '')],
      ['status', quoteString(flow.status ?? 'ok')],
      ['packets_sent', String(flow.packets ?? 2)],
      ['packets_received', String(flow.packets ?? 2)],
      ['retransmissions_sent', String(flow.retransmissions ?? 0)],
      ['bytes_sent', String(flow.bytes ?? 100)],
      ['bytes_received', String(flow.bytes ?? 100)],
      ['rtt', String(flow.rttNs ?? 0)],
    ];
    return values;
  });
  const columns = rows[0]?.map(([column]) => column).join(', ');
  const lists = rows.map((row) => `(${row.map(([, value]) => value).join(', ')})`);
  await client.command(`INSERT INTO ${database}.flows (${columns}) VALUES ${lists.join(', ')}`);
}
