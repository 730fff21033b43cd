import type { CutState } from './cutter.ts';
import type { Fingerprint } from './fingerprint.ts';

/** What is kept of a file, also when it is closed and across restarts. */
export interface FileState extends CutState {
  fingerprint: Fingerprint;
  /** Bytes that the pipeline answers for; where reading goes on after a restart. */
  offset: number;
  /** Where reading goes on in this process; at least `offset`. */
  position: number;
  /** Entries read so far. */
  recordNumber: number;
  /** Attributes of all entries: what the path says, what the header says. */
  attributes: Map<string, string>;
  headerDone: boolean;
  /** Whether it was compressed when last read. */
  gzip: boolean;
  /** Bytes that were read before the file was compressed. */
  skipDecompressed: number;
}

/** The state of a file of which nothing was read. */
export function newState(fingerprint: Fingerprint, nowMs: number): FileState {
  return {
    fingerprint,
    offset: 0,
    position: 0,
    recordNumber: 0,
    attributes: new Map(),
    headerDone: false,
    gzip: false,
    skipDecompressed: 0,
    flush: { length: 0, changedMs: nowMs },
    skipping: false,
  };
}

/** An open file. */
export interface LogFile {
  readonly path: string;
  readonly fd: number;
  readonly device: number;
  readonly inode: number;
  /** As last seen; -1 = look again. */
  size: number;
  mtimeMs: number;
  readonly state: FileState;
  /** Looks in which no path led to it and it did not grow. */
  lost: number;
}
