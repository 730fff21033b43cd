/**
 * States of a TCP connection as its packets show it. `Tx` = the client closed first, `Rx` = the
 * server did.
 */
export const FlowState = {
  raw: 0,
  /** SYN seen. */
  opening1: 1,
  /** SYN-ACK seen. */
  opening2: 2,
  established: 3,
  closingTx1: 4,
  closingTx2: 5,
  closingRx1: 6,
  closingRx2: 7,
  closed: 8,
  reset: 9,
  /** Flags that no state foresees. */
  exception: 10,
  serverReset: 11,
  serverQueueLack: 12,
  clientPortReuse: 13,
  /** The server answered a SYN with something that is no SYN-ACK. */
  syn1: 14,
  /** The server repeats its SYN-ACK on an established connection. */
  synAck1: 15,
  establishReset: 16,
  openingReset: 17,
} as const;

/** 5 bits of a packed value. */
export type FlowState = (typeof FlowState)[keyof typeof FlowState];

/** How long a flow in a state may be silent; a class of the flow table each. */
export const Silence = {
  /** Reset while it opened. */
  brief: 0,
  /** Both sides have ended it. */
  closed: 1,
  /** Opening, closing, exceptions. */
  transient: 2,
  /** An established connection that was reset. */
  reset: 3,
  established: 4,
} as const;

/** The bits above the state of a packed value. */
export type Silence = (typeof Silence)[keyof typeof Silence];

const STATES = 18;
const FLAGS = 64;
const SILENCE_SHIFT = 5;

const SYN = [0x02];
const SYN_ACK = [0x12];
const FIN = [0x01, 0x11, 0x19];
const RST = [0x04, 0x14, 0x1c];
const ACK = [0x10];
/** ACK, PSH ACK, PSH ACK URG. */
const DATA = [0x10, 0x18, 0x38];
const ANY_BUT_SYN_ACK = [...SYN, ...FIN, ...RST, ...DATA];
const ANY = [...ANY_BUT_SYN_ACK, ...SYN_ACK];

/** From a state, at packets with one of some flags, to a state with a time-out class. */
type Rule = readonly [FlowState, readonly number[], FlowState, Silence];

const s = FlowState;
const { brief, closed, transient, reset, established } = Silence;

/** Packets of the client, and of the server where `fromServer` says nothing else. */
const fromClient: readonly Rule[] = [
  [s.raw, SYN, s.opening1, transient],
  [s.raw, FIN, s.closingTx1, transient],
  [s.raw, RST, s.reset, transient],
  [s.raw, DATA, s.established, established],
  [s.opening1, SYN, s.opening1, transient],
  [s.opening1, FIN, s.closingTx1, transient],
  [s.opening1, RST, s.establishReset, transient],
  [s.opening1, DATA, s.established, established],
  [s.opening2, SYN, s.opening2, transient],
  [s.opening2, FIN, s.closingTx1, transient],
  [s.opening2, RST, s.openingReset, brief],
  [s.opening2, DATA, s.established, established],
  [s.established, SYN, s.established, established],
  [s.established, DATA, s.established, established],
  [s.established, FIN, s.closingTx1, transient],
  [s.established, RST, s.reset, reset],
  [s.closingTx1, ANY, s.closingTx1, transient],
  [s.closingTx1, RST, s.reset, transient],
  [s.closingTx2, [...SYN, ...SYN_ACK, ...FIN], s.closingTx2, transient],
  [s.closingTx2, RST, s.reset, closed],
  [s.closingTx2, ACK, s.closed, closed],
  [s.closingRx1, ANY, s.closingRx1, transient],
  [s.closingRx1, FIN, s.closingRx2, transient],
  [s.closingRx1, RST, s.reset, transient],
  [s.closingRx2, ANY, s.closingRx2, transient],
  [s.closingRx2, RST, s.reset, closed],
  [s.closed, ACK, s.closed, closed],
  [s.reset, ANY, s.reset, transient],
  [s.syn1, SYN, s.opening1, transient],
  [s.syn1, RST, s.clientPortReuse, transient],
  [s.syn1, DATA, s.established, established],
  [s.syn1, FIN, s.closingTx1, transient],
  [s.clientPortReuse, ANY, s.clientPortReuse, transient],
  [s.synAck1, SYN, s.established, established],
  [s.synAck1, FIN, s.closingTx1, transient],
  [s.synAck1, RST, s.reset, transient],
  [s.synAck1, DATA, s.synAck1, established],
  [s.serverQueueLack, ANY, s.serverQueueLack, transient],
  [s.serverReset, ANY, s.serverReset, transient],
  [s.establishReset, ANY, s.establishReset, transient],
  [s.openingReset, ANY_BUT_SYN_ACK, s.openingReset, brief],
];

const fromServer: readonly Rule[] = [
  [s.raw, SYN_ACK, s.opening2, transient],
  [s.raw, FIN, s.closingRx1, transient],
  [s.opening1, SYN_ACK, s.opening2, transient],
  [s.opening1, DATA, s.syn1, transient],
  [s.opening1, RST, s.serverReset, transient],
  [s.opening1, FIN, s.closingRx1, transient],
  [s.opening2, SYN_ACK, s.opening2, transient],
  [s.opening2, FIN, s.closingRx1, transient],
  [s.opening2, RST, s.establishReset, transient],
  [s.established, SYN_ACK, s.synAck1, established],
  [s.established, FIN, s.closingRx1, transient],
  [s.closingTx1, FIN, s.closingTx2, transient],
  [s.closingTx2, DATA, s.closingTx2, transient],
  [s.closingRx1, FIN, s.closingRx1, transient],
  [s.closingRx2, ACK, s.closed, closed],
  [s.closed, ACK, s.closed, closed],
  [s.syn1, SYN_ACK, s.opening2, transient],
  [s.syn1, DATA, s.syn1, transient],
  [s.syn1, FIN, s.closingRx1, transient],
  [s.syn1, RST, s.establishReset, transient],
  [s.synAck1, SYN_ACK, s.synAck1, established],
  [s.synAck1, FIN, s.closingRx1, transient],
  [s.synAck1, RST, s.serverQueueLack, reset],
  [s.synAck1, DATA, s.established, established],
  [s.openingReset, ANY, s.openingReset, brief],
];

/**
 * The state machine of TCP connections, as one table: state, direction and flags give the next
 * state. Two packets of one connection never need more than a look-up.
 */
export class StateTable {
  private readonly next = new Uint8Array(STATES * 2 * FLAGS).fill(
    FlowState.exception | (Silence.transient << SILENCE_SHIFT),
  );

  constructor() {
    for (const server of [0, 1]) for (const rule of fromClient) this.put(rule, server);
    for (const rule of fromServer) this.put(rule, 1);
  }

  /**
   * @param flags of the TCP header
   * @returns a packed value: see `stateOf` and `silenceOf`
   */
  step(state: number, fromServer: boolean, flags: number): number {
    return this.next[(state * 2 + (fromServer ? 1 : 0)) * FLAGS + (flags & 0x3f)]!;
  }

  private put([from, flags, to, silence]: Rule, server: number): void {
    for (const f of flags)
      this.next[(from * 2 + server) * FLAGS + f] = to | (silence << SILENCE_SHIFT);
  }
}

/** The state in what {@link StateTable.step} gave. */
export function stateOf(packed: number): FlowState {
  return (packed & 31) as FlowState;
}

/** The class of silence in what {@link StateTable.step} gave. */
export function silenceOf(packed: number): Silence {
  return (packed >> SILENCE_SHIFT) as Silence;
}

/** How flows end, by their number in storage; other numbers are not used. */
export const closeTypes = {
  0: 'unknown',
  1: 'normal',
  2: 'server_reset',
  3: 'timeout',
  5: 'open',
  7: 'server_syn_missing',
  8: 'server_half_close',
  9: 'client_reset',
  10: 'client_ack_missing',
  11: 'client_half_close',
  13: 'client_port_reuse',
  15: 'server_refused',
  17: 'server_queue_overflow',
  18: 'client_reset_opening',
  19: 'server_reset_opening',
  20: 'normal_client_reset',
} as const;

/** A number of {@link closeTypes}. */
export type CloseType = keyof typeof closeTypes;

/** The numbers that are used, ascending. */
export const closeTypeNumbers = Object.keys(closeTypes).map(Number) as CloseType[];

/** What the close type depends on beside the state. */
export interface CloseFacts {
  readonly state: number;
  /** All TCP flags that the client and the server have sent. */
  readonly clientFlags: number;
  readonly serverFlags: number;
  readonly serverPackets: number;
  /** The application protocol saw responses and no errors. */
  readonly answered: boolean;
}

const PSH = 0x08;
const RESET = 0x04;
const SYN_RST = 0x06;
const SYN_AND_ACK = 0x12;

/** A connection that was opened and reset at once without data: a probe of the port. */
function isProbe(f: CloseFacts): boolean {
  return (
    ((f.clientFlags | f.serverFlags) & PSH) === 0 &&
    (f.clientFlags & SYN_RST) === SYN_RST &&
    (f.serverFlags & SYN_AND_ACK) === SYN_AND_ACK
  );
}

/** How a TCP connection ended, out of the state in which it fell silent. */
export function closeTypeOf(f: CloseFacts): CloseType {
  const serverReset = (f.serverFlags & RESET) !== 0;
  switch (f.state) {
    case s.opening1:
      return 7;
    case s.opening2:
      return 10;
    case s.established:
      return 3;
    case s.closingTx1:
      return 8;
    case s.closingRx1:
      return 11;
    case s.closingTx2:
    case s.closingRx2:
    case s.closed:
      return 1;
    case s.reset:
      if (isProbe(f)) return 20;
      return serverReset ? 2 : f.answered ? 20 : 9;
    case s.syn1:
    case s.clientPortReuse:
      return isProbe(f) ? 20 : 13;
    case s.serverReset:
      return 15;
    case s.synAck1:
      return 17;
    case s.serverQueueLack:
      return f.serverPackets > 3 ? 17 : 9;
    case s.establishReset:
    case s.openingReset:
      return isProbe(f) ? 20 : serverReset ? 19 : 18;
    default:
      return 0;
  }
}

type FlowStatus = 'ok' | 'client_error' | 'server_error' | 'unknown';

/** Whose fault an end of a TCP connection is. */
export function statusOf(type: CloseType): FlowStatus {
  switch (type) {
    case 1:
    case 5:
    case 8:
    case 11:
    case 20:
      return 'ok';
    case 9:
    case 10:
    case 13:
    case 18:
      return 'client_error';
    case 0:
      return 'unknown';
    default:
      return 'server_error';
  }
}
