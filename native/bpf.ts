import { readFileSync } from 'node:fs';
import { type Loaded, loadAddon, nativeFiles } from './load.ts';

/** A loaded BPF object, with what is attached and its ring; opaque. */
export type ProbeHandle = { readonly probe: unique symbol };

/** Functions of bpf.c. All throw Error with the reason in words. */
export interface BpfAddon {
  /** Loads an object file into the kernel; `options` is the image of its read-only options. */
  open(object: Uint8Array, options: Uint8Array, ringBytes: number): ProbeHandle;
  /** Attaches a program where its section says. @returns link, for `detach` */
  attach(probe: ProbeHandle, program: string): number;
  /** @param fileOffset of the first instruction in the file @param pid the process, -1 = all */
  attachUprobe(
    probe: ProbeHandle,
    program: string,
    path: string,
    fileOffset: number,
    pid: number,
  ): number;
  /**
   * The links are free at once; the kernel takes tens of milliseconds for each, elsewhere.
   * @returns settles when they are detached
   */
  detach(probe: ProbeHandle, links: Int32Array): Promise<void>;
  /** @returns whether the key is there; then `value` is filled */
  mapGet(probe: ProbeHandle, map: string, key: Uint8Array, value: Uint8Array): boolean;
  mapSet(probe: ProbeHandle, map: string, key: Uint8Array, value: Uint8Array): boolean;
  /** @returns whether the key was there */
  mapDelete(probe: ProbeHandle, map: string, key: Uint8Array): boolean;
  /** Bytes of a map's value, for all processors together where each has its own. */
  valueBytes(probe: ProbeHandle, map: string): number;
  /**
   * Moves whole records from the ring to `out`, back to back, each padded to 8 bytes.
   * @returns bytes written; what did not fit stays in the ring
   */
  drain(probe: ProbeHandle, out: Uint8Array): number;
  /** Calls when the ring fills, or a program began, until `close`; at most every 5 ms. */
  onWake(probe: ProbeHandle, call: () => void): void;
  /** Wall clock minus monotonic clock, nanoseconds. */
  clockOffset(): bigint;
  /** From now on the kernel counts the run time of programs (it costs a little). */
  measure(): number;
  /** Name, runs and nanoseconds of each loaded program, one after the other. */
  programs(probe: ProbeHandle): (string | number)[];
  /** Detaches and unloads everything. */
  close(probe: ProbeHandle): void;
}

/** The addon, or why it cannot be used. */
export function loadBpf(): Loaded<BpfAddon> {
  if (process.platform !== 'linux') {
    return { addon: undefined, why: `${process.platform} has no eBPF` };
  }
  return loadAddon<BpfAddon>('bpf');
}

/** One of the object files: `probe`, or `probe-compat` for kernels before 6.2. */
export function probeObject(name: 'probe' | 'probe-compat'): Uint8Array | undefined {
  const [file] = nativeFiles(`${name}.bpf.o`);
  return file === undefined ? undefined : readFileSync(file);
}

interface ProbeOptions {
  /** Unique on the host across restarts: chain ids count from it; below 2^52. */
  readonly idBase: bigint;
  readonly ownTgid: number;
  /** Bytes of payload a call, 0 to 4032. */
  readonly payloadCap: number;
  readonly onlyListed: boolean;
  readonly onlyPorts: boolean;
  /** Bytes of records in the ring at which its reader is woken. */
  readonly wakeBytes: number;
}

/** `options` of bpf/maps.h. */
export function optionsImage(options: ProbeOptions): Uint8Array {
  const image = Buffer.alloc(32);
  image.writeBigUInt64LE(options.idBase & ((1n << 52n) - 1n), 0);
  image.writeUInt32LE(options.ownTgid, 8);
  image.writeUInt32LE(Math.min(options.payloadCap, 4032), 12);
  image.writeUInt32LE(options.onlyListed ? 1 : 0, 16);
  image.writeUInt32LE(options.onlyPorts ? 1 : 0, 20);
  image.writeUInt32LE(options.wakeBytes, 24);
  return image;
}
