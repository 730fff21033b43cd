import type { CapturedPacket, CaptureLimits } from '../../agent/pcap/packet.ts';
import { CaptureReader } from '../../agent/pcap/reader.ts';
import { TimeCheck } from '../../agent/pcap/time-check.ts';
import { chunksOf } from './chunks.ts';

/** First and last time in a capture, in nanoseconds since 1970. */
export interface Span {
  first: bigint;
  last: bigint;
}

/** Adds to the times of packets. */
export class TimeShift {
  private seconds = 0;
  private nanos = 0;

  /** @param by nanoseconds, also negative */
  set(by: bigint): void {
    const seconds = by / 1_000_000_000n;
    this.seconds = Number(seconds);
    this.nanos = Number(by - seconds * 1_000_000_000n);
  }

  apply(p: CapturedPacket): void {
    p.seconds += this.seconds;
    p.nanos += this.nanos;
    if (p.nanos >= 1e9) {
      p.nanos -= 1e9;
      p.seconds++;
    } else if (p.nanos < 0) {
      p.nanos += 1e9;
      p.seconds--;
    }
  }
}

/** The time of capture, nanoseconds since 1970. */
export function packetNanos(p: CapturedPacket): bigint {
  return BigInt(p.seconds) * 1_000_000_000n + BigInt(p.nanos);
}

/**
 * The earliest and latest time in some files, undefined when there is no packet; of packets whose
 * time can be believed. Faults are left for the real reading to report.
 */
export async function timesOf(
  files: readonly string[],
  limits: CaptureLimits,
  stopped: () => boolean,
): Promise<Span | undefined> {
  let first: bigint | undefined;
  let last = 0n;
  const see = (p: CapturedPacket): void => {
    const time = packetNanos(p);
    if (first === undefined || time < first) first = time;
    if (time > last) last = time;
  };
  const check = new TimeCheck(see);
  for (const file of files) {
    try {
      const reader = new CaptureReader(check.take, limits);
      for await (const chunk of chunksOf(file)) {
        reader.push(chunk);
        if (stopped()) break;
      }
    } catch {}
  }
  check.end();
  return first === undefined ? undefined : { first, last };
}
