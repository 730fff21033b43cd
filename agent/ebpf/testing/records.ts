import { Flag, HEADER_BYTES, Kind } from '../records.ts';

/** What a test says of a record; the rest is that of a server's read on 127.0.0.1:8080. */
export interface Told {
  readonly kind?: number;
  readonly incoming?: boolean;
  readonly udp?: boolean;
  readonly role?: 'client' | 'server' | '';
  readonly flags?: number;
  readonly rule?: number;
  readonly time?: number;
  readonly tgid?: number;
  readonly thread?: number;
  readonly socket?: number;
  readonly number?: number;
  readonly chain?: bigint;
  readonly sequence?: number;
  readonly acknowledgement?: number;
  readonly payload?: string;
  /** Bytes that the call moved, where they are more than the payload. */
  readonly length?: number;
  readonly localPort?: number;
  readonly remotePort?: number;
  readonly remote?: readonly number[];
  readonly local?: readonly number[];
  readonly command?: string;
}

/** One record as the ring gives it, padded to 8 bytes. */
export function record(told: Told = {}): Buffer {
  const payload = Buffer.from(told.payload ?? '', 'latin1');
  const size = HEADER_BYTES + payload.length;
  const b = Buffer.alloc((size + 7) & ~7);
  const { role = 'server' } = told;
  b.writeUInt32LE(size, 0);
  b[4] = told.kind ?? Kind.data;
  b[5] = 1;
  b[6] =
    (told.udp === true ? 0 : Flag.tcp) |
    (told.incoming === false ? 0 : Flag.incoming) |
    (role === 'server' ? Flag.server : role === 'client' ? Flag.client : 0) |
    (told.flags ?? 0);
  b[7] = told.rule ?? 0;
  b.writeBigUInt64LE(BigInt(told.time ?? 1_000_000), 8);
  b.writeUInt32LE(told.tgid ?? 77, 16);
  b.writeUInt32LE(told.thread ?? told.tgid ?? 77, 20);
  b.writeUInt32LE(told.socket ?? 1, 24);
  b.writeUInt32LE(told.number ?? 1, 28);
  b.writeBigUInt64LE(told.chain ?? 0n, 32);
  b.writeUInt32LE((told.sequence ?? 0) >>> 0, 40);
  b.writeUInt32LE((told.acknowledgement ?? 0) >>> 0, 44);
  b.writeUInt32LE(told.length ?? payload.length, 48);
  b.writeUInt32LE(payload.length, 52);
  b.writeUInt32LE(4_026_531_833, 56);
  b.writeUInt16LE(told.localPort ?? 8080, 60);
  b.writeUInt16LE(told.remotePort ?? 40_000, 62);
  b.set(told.local ?? [127, 0, 0, 1], 64);
  b.set(told.remote ?? [127, 0, 0, 1], 80);
  b.writeBigUInt64LE(1n, 96);
  b.write(told.command ?? 'server', 112, 16);
  payload.copy(b, HEADER_BYTES);
  return b;
}

/** A connection of a server: keeps the sequence numbers. */
export class Served {
  private readonly told: Told;
  private received = 5000;
  private sent = 0xffff_ff00;
  private at = 0;

  constructor(told: Told = {}) {
    this.told = told;
  }

  ask(payload: string, more: Told = {}): Buffer {
    const length = more.length ?? payload.length;
    const b = record(
      this.next({ payload, incoming: true, sequence: this.received, ...more }, this.sent),
    );
    this.received = (this.received + length) >>> 0;
    return b;
  }

  answer(payload: string, more: Told = {}): Buffer {
    const length = more.length ?? payload.length;
    const b = record(
      this.next({ payload, incoming: false, sequence: this.sent, ...more }, this.received),
    );
    this.sent = (this.sent + length) >>> 0;
    return b;
  }

  /** Bytes that no record tells of. */
  skip(side: 'asked' | 'answered', bytes: number): void {
    if (side === 'asked') this.received = (this.received + bytes) >>> 0;
    else this.sent = (this.sent + bytes) >>> 0;
  }

  private next(told: Told, acknowledgement: number): Told {
    this.at++;
    return { time: this.at * 1_000_000, number: this.at, acknowledgement, ...this.told, ...told };
  }
}
