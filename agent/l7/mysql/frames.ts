import { constants, inflateSync, zstdDecompressSync } from 'node:zlib';
import { lengthAt, type PacketStream } from './packets.ts';

const HEADER = 7;
/** Bytes of a frame that are kept. */
const MAX_HELD = 64 << 10;
/** Frames that say they are longer when inflated have only their beginning inflated. */
const MAX_INFLATED = 1 << 20;
const LONG_HEAD = 1024;

/**
 * One direction of a compressed connection: frames of 3 bytes length, sequence id, 3 bytes of
 * length before compression (0 = not compressed). What they hold goes to the packet stream; what is
 * not captured of a frame, or more than is inflated, is a gap there, of known length.
 */
export class Frames {
  private readonly stream: PacketStream;
  /** Gap in the packets: boundaries may be lost with it. */
  private readonly gapped: (length: number, sequence: number, time: number) => void;
  private held = new Uint8Array(0);
  private heldLength = 0;
  /** Bytes of the frame that are passed over. */
  private skipped = 0;
  private sequence = 0;
  private acknowledgement = 0;
  private firstTime = 0;

  constructor(
    stream: PacketStream,
    gapped: (length: number, sequence: number, time: number) => void,
  ) {
    this.stream = stream;
    this.gapped = gapped;
    stream.fixed = true;
  }

  restart(): void {
    this.held = new Uint8Array(0);
    this.heldLength = 0;
    this.skipped = 0;
  }

  data(
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    acknowledgement: number,
    time: number,
  ): void {
    let at = start;
    while (at < end && !this.stream.lost) {
      if (this.heldLength === 0) {
        this.sequence = (sequence + at - start) >>> 0;
        this.acknowledgement = acknowledgement;
        this.firstTime = time;
      }
      const taken = Math.min(this.missing(), end - at);
      const kept = Math.min(taken, MAX_HELD - this.heldLength);
      this.keep(b, at, at + kept);
      this.skipped += taken - kept;
      at += taken;
      if (this.missing() === 0) this.deliver(time);
    }
  }

  /** Bytes that were not captured. @returns how many lie beyond the frame */
  gap(length: number, time: number): number {
    if (this.heldLength < HEADER) return length;
    const taken = Math.min(this.missing(), length);
    this.skipped += taken;
    if (this.missing() === 0) this.deliver(time);
    return length - taken;
  }

  private missing(): number {
    if (this.heldLength < HEADER) return HEADER - this.heldLength;
    return HEADER + lengthAt(this.held, 0) - this.heldLength - this.skipped;
  }

  private keep(b: Uint8Array, start: number, end: number): void {
    const length = this.heldLength + end - start;
    if (this.held.length < length) {
      const grown = new Uint8Array(Math.max(length, this.held.length * 2, 64));
      grown.set(this.held.subarray(0, this.heldLength));
      this.held = grown;
    }
    this.held.set(b.subarray(start, end), this.heldLength);
    this.heldLength = length;
  }

  private deliver(time: number): void {
    const plain = lengthAt(this.held, 4);
    const total = plain === 0 ? lengthAt(this.held, 0) : plain;
    const body = this.held.subarray(HEADER, this.heldLength);
    const bytes = plain === 0 ? body : this.inflate(body, plain);
    this.restart();
    const { sequence, acknowledgement, firstTime } = this;
    const { stream } = this;
    if (bytes.length > 0) {
      // The first byte has the time of the frame's first byte, the others that of its last.
      stream.data(bytes, 0, 1, sequence, acknowledgement, firstTime);
      stream.data(bytes, 1, bytes.length, sequence, acknowledgement, time);
    }
    if (total > bytes.length) this.gapped(total - bytes.length, sequence, time);
  }

  private inflate(body: Uint8Array, plain: number): Uint8Array {
    const whole = this.skipped === 0 && plain <= MAX_INFLATED;
    const input = plain <= MAX_INFLATED ? body : body.subarray(0, LONG_HEAD);
    const maxOutputLength = plain <= MAX_INFLATED ? plain : 4 * MAX_INFLATED;
    try {
      if (isZstd(input)) {
        const end = whole ? constants.ZSTD_e_end : constants.ZSTD_e_flush;
        return zstdDecompressSync(input, { finishFlush: end, maxOutputLength });
      }
      const finishFlush = whole ? constants.Z_FINISH : constants.Z_SYNC_FLUSH;
      return inflateSync(input, { finishFlush, maxOutputLength }).subarray(0, plain);
    } catch {
      // Damaged, or not what it claims: nothing of it is known but its length.
      return new Uint8Array(0);
    }
  }
}

/** Begins with the magic number of RFC 8878; zlib never does (RFC 1950 section 2.2). */
function isZstd(b: Uint8Array): boolean {
  return b[0] === 0x28 && b[1] === 0xb5 && b[2] === 0x2f && b[3] === 0xfd;
}
