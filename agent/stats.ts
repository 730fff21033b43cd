import { verdicts } from './packet/verdict.ts';

/** What an engine has counted since it was made. */
export interface EngineStats {
  packets: number;
  /** Bytes of frames on the wire. */
  bytes: number;
  flowsCreated: number;
  flowsActive: number;
  flowsEvicted: number;
  /** Flows in which no enabled protocol was recognised. */
  flowsUnknown: number;
  tcpRetransmitted: number;
  tcpOutOfOrder: number;
  tcpGaps: number;
  /** Stream bytes that were sent and never seen. */
  tcpLostBytes: number;
  /** Bytes held for reassembly: early segments and fragments. */
  heldBytes: number;
  /** Requests that wait for their responses. */
  sessionsOpen: number;
  /** Finished sessions by protocol and reason: `http/`, `http/timeout`, `dns/request_missing`. */
  sessions: Readonly<Record<string, number>>;
  /**
   * What was given up, by reason: packets that were not TCP or UDP or not whole (`not_ip`, ...),
   * and messages (`http/malformed`, ...).
   */
  drops: Readonly<Record<string, number>>;
}

/** Adds one to a named count. */
export function count(counts: Map<string, number>, name: string, n = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + n);
}

/** Reasons among the verdicts that are drops, with their counts. */
export function verdictDrops(counts: Float64Array): [string, number][] {
  const drops: [string, number][] = [];
  for (let v = 3; v < verdicts.length; v++) {
    if (counts[v]! > 0) drops.push([verdicts[v]!, counts[v]!]);
  }
  return drops;
}
