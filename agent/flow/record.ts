import type { Ends } from '../session/conversation.ts';
import type { CloseType } from './state.ts';

/** A delay in a period of a flow. */
export interface DelayStats {
  count: number;
  /** Nanoseconds. */
  sum: number;
  /** Microseconds, rounded down. */
  maxMicros: number;
}

/** What one end of a flow sent in a period. */
export interface SideRecord {
  packets: number;
  /** Bytes of frames on the wire. */
  bytes: number;
  /** Bytes of TCP or UDP payload, retransmitted ones included. */
  payload: number;
  retransmitted: number;
  outOfOrder: number;
  zeroWindows: number;
  fin: number;
}

/**
 * What a flow did in one minute, or in the rest of its life. The object is reused: it is valid only
 * during the call that passes it.
 */
export interface FlowRecord {
  ends: Ends;
  /** Seconds since 1970 that times are relative to. */
  baseSeconds: number;
  /** Times of the first and last packet of the period, in nanoseconds. */
  from: number;
  until: number;
  /** The flow's first record. */
  isNew: boolean;
  /** The flow's last record; false: its `closeType` is 5. */
  closed: boolean;
  closeType: CloseType;
  /** Name of the application protocol; '' = not known. */
  protocol: string;
  requests: number;
  responses: number;
  errors: number;
  client: SideRecord;
  server: SideRecord;
  syn: number;
  synAck: number;
  synRetransmitted: number;
  synAckRetransmitted: number;
  /** Nanoseconds; 0 = not measured in this period. */
  rtt: number;
  clientRtt: DelayStats;
  serverRtt: DelayStats;
  srt: DelayStats;
  art: DelayStats;
  cit: DelayStats;
}

/** Takes one record; it is used again, so that what is kept of it has to be copied. */
export type FlowSink = (record: FlowRecord) => void;

function side(): SideRecord {
  return {
    packets: 0,
    bytes: 0,
    payload: 0,
    retransmitted: 0,
    outOfOrder: 0,
    zeroWindows: 0,
    fin: 0,
  };
}

function delay(): DelayStats {
  return { count: 0, sum: 0, maxMicros: 0 };
}

/** A record without a flow, to be filled again and again. */
export function emptyRecord(): FlowRecord {
  return {
    ends: {
      transport: 'tcp',
      ipVersion: 4,
      clientAddress: '',
      clientPort: 0,
      serverAddress: '',
      serverPort: 0,
      interfaceId: 0,
      idHigh: 0,
      idLow: 0,
    },
    baseSeconds: 0,
    from: 0,
    until: 0,
    isNew: false,
    closed: false,
    closeType: 0,
    protocol: '',
    requests: 0,
    responses: 0,
    errors: 0,
    client: side(),
    server: side(),
    syn: 0,
    synAck: 0,
    synRetransmitted: 0,
    synAckRetransmitted: 0,
    rtt: 0,
    clientRtt: delay(),
    serverRtt: delay(),
    srt: delay(),
    art: delay(),
    cit: delay(),
  };
}
