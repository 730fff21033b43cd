/** What the owner tells the engine's process in one line of JSON on its standard input. */
export interface ChildConfig {
  /** Data of the engine. */
  readonly data: string;
  readonly scratch: string;
  readonly pipes: readonly string[];
  readonly configFile: string;
  readonly host: string;
  /** -1: no TCP listener; 0: any free port. */
  readonly port: number;
  /** Empty: none. */
  readonly socketPath: string;
  readonly user: string;
  readonly password: string;
  readonly memoryBytes: number;
  readonly threads: number;
  readonly writers: number;
  readonly bodyLimit: number;
  readonly allowedHosts: readonly string[];
  readonly stallMs: number;
}

/** What the process says on its standard output, one line each, after this mark. */
export const mark = '@engine ';

/** A line after the mark: the engine listens, or cannot start and ends. */
export type ChildMessage =
  | { readonly type: 'ready'; readonly port: number; readonly version: string; confined: string }
  | { readonly type: 'failed'; readonly message: string };

/** Names of scratch folders; those of earlier processes are removed once the data is locked. */
export const scratchPrefix = 'tmp-';
