/** Frames and capture files for tests, byte by byte. */

export interface Endpoint {
  /** IPv4 as four numbers, IPv6 as sixteen. */
  readonly address: readonly number[];
  readonly port: number;
}

/** `10.0.0.1`-like texts only. */
export function v4(text: string, port: number): Endpoint {
  return { address: text.split('.').map(Number), port };
}

/** The last byte of `fd00::` addresses. */
export function v6(last: number, port: number): Endpoint {
  return { address: [0xfd, ...new Array<number>(14).fill(0), last], port };
}

export function bytes(...parts: (Uint8Array | string | readonly number[])[]): Uint8Array {
  return Buffer.concat(
    parts.map((p) => (typeof p === 'string' ? Buffer.from(p, 'latin1') : Buffer.from(p))),
  );
}

export function be16(n: number): number[] {
  return [(n >>> 8) & 255, n & 255];
}

export function be32(n: number): number[] {
  return [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
}

export const Flag = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const;

/** An IP packet around a payload. */
export function ip(
  from: Endpoint,
  to: Endpoint,
  protocol: number,
  payload: Uint8Array,
): Uint8Array {
  if (from.address.length === 4) {
    const header = [0x45, 0, ...be16(20 + payload.length), 0, 1, 0x40, 0, 64, protocol, 0, 0];
    return bytes(header, from.address, to.address, payload);
  }
  const header = [0x60, 0, 0, 0, ...be16(payload.length), protocol, 64];
  return bytes(header, from.address, to.address, payload);
}

export function tcp(
  from: Endpoint,
  to: Endpoint,
  sequence: number,
  acknowledgement: number,
  flags: number,
  payload: Uint8Array | string = '',
): Uint8Array {
  const header = [
    ...be16(from.port),
    ...be16(to.port),
    ...be32(sequence >>> 0),
    ...be32(acknowledgement >>> 0),
    0x50,
    flags,
    ...be16(65535),
    0,
    0,
    0,
    0,
  ];
  return ip(from, to, 6, bytes(header, payload));
}

export function udp(from: Endpoint, to: Endpoint, payload: Uint8Array | string): Uint8Array {
  const body = bytes(payload);
  const header = [...be16(from.port), ...be16(to.port), ...be16(8 + body.length), 0, 0];
  return ip(from, to, 17, bytes(header, body));
}

/** An Ethernet frame, perhaps with 802.1Q tags. */
export function ethernet(packet: Uint8Array, tags: readonly number[] = []): Uint8Array {
  const type = packet[0]! >> 4 === 4 ? [8, 0] : [0x86, 0xdd];
  const tagged = tags.flatMap((tag) => [0x81, 0, ...be16(tag)]);
  return bytes(new Uint8Array(12), tagged, type, packet);
}

/** A frame and when it was seen. */
export interface Seen {
  readonly frame: Uint8Array;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** Bytes on the wire; default: all. */
  readonly wireLength?: number;
}

/** A classic pcap file with nanoseconds, little endian. */
export function pcapFile(frames: readonly Seen[], linkType = 1): Uint8Array {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b23c4d, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262144, 16);
  header.writeUInt32LE(linkType, 20);
  const records = frames.map(({ frame, time, wireLength }) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(Number(time / 1_000_000_000n), 0);
    record.writeUInt32LE(Number(time % 1_000_000_000n), 4);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(wireLength ?? frame.length, 12);
    return bytes(record, frame);
  });
  return Buffer.concat([header, ...records]);
}

export const EPOCH = 1_700_000_000_000_000_000n;
const STEP = 1_000_000n;

/** A TCP connection as it would be captured, a packet a millisecond. */
export class Talk {
  readonly frames: Seen[] = [];
  readonly client: Endpoint;
  readonly server: Endpoint;
  /** Next sequence numbers. */
  clientNext: number;
  serverNext: number;
  time: bigint;

  constructor(client: Endpoint, server: Endpoint, isn: [number, number] = [1000, 5000]) {
    this.client = client;
    this.server = server;
    this.clientNext = isn[0];
    this.serverNext = isn[1];
    this.time = EPOCH;
  }

  handshake(): this {
    this.push(tcp(this.client, this.server, this.clientNext, 0, Flag.syn));
    this.clientNext = (this.clientNext + 1) >>> 0;
    const flags = Flag.syn | Flag.ack;
    this.push(tcp(this.server, this.client, this.serverNext, this.clientNext, flags));
    this.serverNext = (this.serverNext + 1) >>> 0;
    this.push(tcp(this.client, this.server, this.clientNext, this.serverNext, Flag.ack));
    return this;
  }

  /** The client sends; `lost` = without the capture seeing it. */
  ask(payload: Uint8Array | string, lost = false): this {
    const p = bytes(payload);
    const frame = tcp(this.client, this.server, this.clientNext, this.serverNext, 24, p);
    if (!lost) this.push(frame);
    this.clientNext = (this.clientNext + p.length) >>> 0;
    return this;
  }

  answer(payload: Uint8Array | string, lost = false): this {
    const p = bytes(payload);
    const frame = tcp(this.server, this.client, this.serverNext, this.clientNext, 24, p);
    if (!lost) this.push(frame);
    this.serverNext = (this.serverNext + p.length) >>> 0;
    return this;
  }

  /** The client acknowledges what it has. */
  acknowledge(): this {
    this.push(tcp(this.client, this.server, this.clientNext, this.serverNext, Flag.ack));
    return this;
  }

  /** Both sides end the connection. */
  close(): this {
    const flags = Flag.fin | Flag.ack;
    this.push(tcp(this.client, this.server, this.clientNext++, this.serverNext, flags));
    this.push(tcp(this.server, this.client, this.serverNext++, this.clientNext, flags));
    return this.acknowledge();
  }

  wait(nanos: bigint): this {
    this.time += nanos;
    return this;
  }

  private push(packet: Uint8Array): void {
    this.frames.push({ frame: ethernet(packet), time: this.time });
    this.time += STEP;
  }
}
