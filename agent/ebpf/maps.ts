/* Keys and values of the maps in native/bpf/maps.h, little endian. */
import type { Follow } from './follow.ts';

/** A number modulo 2^32 as 4 bytes. */
export function u32(value: number): Uint8Array {
  const b = Buffer.alloc(4);
  b.writeUInt32LE(value >>> 0);
  return b;
}

/** A number modulo 2^64 as 8 bytes. */
export function u64(value: bigint): Uint8Array {
  const b = Buffer.alloc(8);
  b.writeBigUInt64LE(BigInt.asUintN(64, value));
  return b;
}

export const ONE: Uint8Array = Uint8Array.of(1);

/** Key of `names`: what the kernel keeps of a program's file name. */
export function nameKey(name: string): Uint8Array {
  const b = Buffer.alloc(16);
  Buffer.from(name).copy(b, 0, 0, 15);
  return b;
}

/** Key of `ports`: 2 bytes. */
export function portKey(port: number): Uint8Array {
  return Uint8Array.of(port & 255, port >>> 8);
}

/** Key of `listeners`. */
export function listenerKey(networkNamespace: number, port: number): Uint8Array {
  return u64((BigInt(networkNamespace) << 32n) | BigInt(port));
}

/**
 * A value of `processes`. The register (1 cx, 2 r8) and the offset lead to Node's async context;
 * absent = 0.
 */
export interface ProcessEntry {
  /** It is listed: captured where only listed ones are. */
  readonly capture: boolean;
  readonly follow: Follow;
  /** It descends from this program: captured only when it is listed. */
  readonly own?: boolean;
  readonly contextRegister?: number;
  readonly fieldsOffset?: number;
}

/** Value of `processes`. */
export function processValue(entry: ProcessEntry): Uint8Array {
  const b = Buffer.alloc(8);
  b[0] = entry.capture ? 1 : 0;
  b[1] = entry.follow;
  b[2] = entry.contextRegister ?? 0;
  b[3] = entry.own === true ? 1 : 0;
  b.writeUInt32LE(entry.fieldsOffset ?? 0, 4);
  return b;
}

/** Counters of `scratches`, summed over the processors. */
export interface KernelCounters {
  readonly events: number;
  /** Records for which the ring had no room. */
  readonly dropped: number;
  /** Calls whose payload could not be read. */
  readonly unreadable: number;
  /** Calls on sockets that found no room in the table. */
  readonly untracked: number;
}

/** @param value of all processors @param processors how many they are */
export function kernelCounters(value: Uint8Array, processors: number): KernelCounters {
  const b = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const each = Math.floor(b.length / processors);
  const sum = [0, 0, 0, 0];
  for (let cpu = 0; cpu < processors; cpu++) {
    for (let i = 0; i < 4; i++) sum[i]! += Number(b.readBigUInt64LE(cpu * each + 8 + i * 8));
  }
  return { events: sum[0]!, dropped: sum[1]!, unreadable: sum[2]!, untracked: sum[3]! };
}
