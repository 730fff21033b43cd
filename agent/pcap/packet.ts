/**
 * One captured frame, as files and live rings hand it out. The object is reused: it is valid only
 * during the call that passes it.
 */
export interface CapturedPacket {
  /** Bytes that hold the frame. */
  bytes: Uint8Array;
  /** Where the frame starts in `bytes`. */
  start: number;
  /** Captured bytes. */
  length: number;
  /** Bytes that the frame had on the wire; at least `length`. */
  wireLength: number;
  /** Time of capture: whole seconds since 1970 ... */
  seconds: number;
  /** ... and nanoseconds, 0 to 999,999,999. */
  nanos: number;
  /** Link type, see {@link LinkType}. */
  linkType: number;
  /** Number of the capturing interface within its source. */
  interfaceId: number;
}

/** Takes a packet that is valid during the call only. */
export type PacketSink = (packet: CapturedPacket) => void;

/** Link types that are decoded (https://www.tcpdump.org/linktypes.html). */
export const LinkType = {
  null: 0,
  ethernet: 1,
  rawBsd12: 12,
  rawBsd14: 14,
  raw: 101,
  loop: 108,
  linuxSll: 113,
  ipv4: 228,
  ipv6: 229,
  linuxSll2: 276,
} as const;

/** What a capture file may make the reader hold. */
export interface CaptureLimits {
  /** Largest frame, in bytes. */
  readonly maxPacketBytes: number;
  /** Most interfaces in one pcapng section. */
  readonly maxInterfaces: number;
}

/** Frames of 1 MiB, 4,096 interfaces. */
export const defaultCaptureLimits: CaptureLimits = {
  maxPacketBytes: 1 << 20,
  maxInterfaces: 4096,
};

/** A packet without bytes, to be filled again and again. */
export function emptyPacket(): CapturedPacket {
  return {
    bytes: new Uint8Array(0),
    start: 0,
    length: 0,
    wireLength: 0,
    seconds: 0,
    nanos: 0,
    linkType: LinkType.ethernet,
    interfaceId: 0,
  };
}
