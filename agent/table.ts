import { hostPort } from './address.ts';
import type { FlowRecord, SideRecord } from './flow/record.ts';
import { closeTypes } from './flow/state.ts';
import type { Session } from './session/session.ts';

/** One request as a line for people. */
export interface RequestRow {
  /** UTC, `2024-01-02T03:04:05.678901Z`. */
  readonly time: string;
  readonly client: string;
  readonly server: string;
  readonly protocol: string;
  readonly operation: string;
  readonly resource: string;
  readonly result: string;
  /** `12.345 ms`. */
  readonly duration: string;
}

/** @param baseSeconds seconds since 1970 that the session's times are relative to */
export function requestRow(session: Session, baseSeconds: number): RequestRow {
  const ends = session.conversation.ends();
  const { operation, resource, result } = session.protocol.summarize(
    session.request,
    session.response,
  );
  const outcome = result === '' ? `(${session.reason || 'no response'})` : result;
  return {
    time: timeText(baseSeconds, session.start),
    client: hostPort(ends.clientAddress, ends.clientPort),
    server: hostPort(ends.serverAddress, ends.serverPort),
    protocol: session.protocol.name,
    operation,
    resource,
    result: outcome,
    duration: `${(Math.max(0, session.end - session.start) / 1e6).toFixed(3)} ms`,
  };
}

/** One flow as a line for people. */
export interface FlowRow {
  /** Time of its first packet. */
  readonly time: string;
  readonly client: string;
  readonly server: string;
  readonly protocol: string;
  /** Packets and payload bytes of the client and of the server: `4 / 3`. */
  readonly packets: string;
  readonly payload: string;
  readonly retransmitted: string;
  /** `0.123 ms`; '' = not measured. */
  readonly rtt: string;
  readonly art: string;
  readonly duration: string;
  readonly close: string;
}

const FLOW_COLUMNS: readonly (keyof FlowRow)[] = [
  'time',
  'client',
  'server',
  'protocol',
  'packets',
  'payload',
  'retransmitted',
  'rtt',
  'art',
  'duration',
  'close',
];

/** What is known of a whole flow, added up out of the records of its minutes. */
export class FlowTotals {
  private readonly flows = new Map<string, { row: FlowRow; sums: Sums }>();
  private readonly most: number;
  /** Flows that were left out because there were too many. */
  omitted = 0;

  /** @param most flows that are kept */
  constructor(most: number) {
    this.most = most;
  }

  add(r: FlowRecord): void {
    const { ends } = r;
    const key = `${ends.idHigh} ${ends.idLow}`;
    const known = this.flows.get(key);
    if (known === undefined && this.flows.size >= this.most) {
      this.omitted++;
      return;
    }
    const sums = known?.sums ?? {
      from: r.from,
      client: [0, 0, 0],
      server: [0, 0, 0],
      rtt: 0,
      art: [0, 0],
    };
    addSide(sums.client, r.client);
    addSide(sums.server, r.server);
    sums.rtt ||= r.rtt;
    sums.art[0] += r.art.sum;
    sums.art[1] += r.art.count;
    this.flows.set(key, { row: flowRow(r, sums), sums });
  }

  rows(): FlowRow[] {
    return [...this.flows.values()].map(({ row }) => row);
  }
}

interface Sums {
  readonly from: number;
  /** Packets, payload, retransmissions. */
  readonly client: [number, number, number];
  readonly server: [number, number, number];
  rtt: number;
  /** Sum and count. */
  readonly art: [number, number];
}

function addSide(to: [number, number, number], side: SideRecord): void {
  to[0] += side.packets;
  to[1] += side.payload;
  to[2] += side.retransmitted;
}

function flowRow(r: FlowRecord, sums: Sums): FlowRow {
  const { ends } = r;
  const pair = (i: 0 | 1 | 2): string => `${sums.client[i]} / ${sums.server[i]}`;
  return {
    time: timeText(r.baseSeconds, sums.from),
    client: hostPort(ends.clientAddress, ends.clientPort),
    server: hostPort(ends.serverAddress, ends.serverPort),
    protocol: r.protocol === '' ? ends.transport : `${ends.transport} ${r.protocol}`,
    packets: pair(0),
    payload: pair(1),
    retransmitted: pair(2),
    rtt: sums.rtt === 0 ? '' : milliseconds(sums.rtt),
    art: sums.art[1] === 0 ? '' : milliseconds(sums.art[0] / sums.art[1]),
    duration: milliseconds(Math.max(0, r.until - sums.from)),
    close: closeTypes[r.closeType],
  };
}

function milliseconds(nanos: number): string {
  return `${(nanos / 1e6).toFixed(3)} ms`;
}

const COLUMNS: readonly (keyof RequestRow)[] = [
  'time',
  'client',
  'server',
  'protocol',
  'operation',
  'resource',
  'result',
  'duration',
];

/** Longest cell; longer ones end in `...`. */
const MAX_CELL = 60;

/** Requests as a text table with a head line, columns as wide as their widest cell. */
export function requestTable(rows: readonly RequestRow[]): string {
  return tableText(COLUMNS, rows);
}

/** Flows as a text table. */
export function flowTable(rows: readonly FlowRow[]): string {
  return tableText(FLOW_COLUMNS, rows);
}

function tableText<K extends string>(
  columns: readonly K[],
  rows: readonly Readonly<Record<K, string>>[],
): string {
  const lines = [columns.map((c) => c.toUpperCase())];
  for (const row of rows) lines.push(columns.map((c) => cell(row[c])));
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const text = lines.map((line) =>
    line
      .map((c, i) => c.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
  return `${text.join('\n')}\n`;
}

/** Control characters, which could steer a terminal, are written as `\xNN`. */
function cell(text: string): string {
  let out = '';
  for (const c of text) {
    const code = c.codePointAt(0)!;
    const control = code < 0x20 || (code >= 0x7f && code < 0xa0) || isFormat(code);
    out += control ? `\\x${code.toString(16).padStart(2, '0')}` : c;
  }
  return out.length > MAX_CELL ? `${out.slice(0, MAX_CELL - 3)}...` : out;
}

/** Characters that reorder or hide others. */
function isFormat(code: number): boolean {
  return (
    (code >= 0x200b && code <= 0x200f) ||
    (code >= 0x2028 && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069) ||
    code === 0xfeff
  );
}

function timeText(baseSeconds: number, nanos: number): string {
  const carry = Math.floor(nanos / 1e9);
  const seconds = baseSeconds + carry;
  const micros = Math.floor((nanos - carry * 1e9) / 1000);
  const date = new Date(seconds * 1000).toISOString().slice(0, 19);
  return `${date}.${String(micros).padStart(6, '0')}Z`;
}
