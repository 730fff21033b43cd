/** A network interface. */
export interface Interface {
  readonly name: string;
  /** As `02:42:ac:11:00:02`, '' when it has none. */
  readonly mac: string;
  /** Up, and no loopback. */
  readonly counts: boolean;
  readonly addresses: readonly string[];
}

/** What the system says of the first processor; '' = not said. */
export interface Cpu {
  readonly vendor: string;
  readonly family: string;
  readonly model: string;
  readonly modelName: string;
  readonly stepping: number;
  readonly cacheKib: number;
}

/** The machine that the program runs on. What cannot be found out throws an Error. */
export interface Machine {
  /** As `os.type` has it, such as linux. */
  readonly osType: string;
  /** As `host.arch` has it, such as amd64. */
  readonly arch: string;
  hostname(): string;
  /** The fully qualified name, by the hosts file or DNS. */
  fqdn(): Promise<string>;
  /** The canonical name that DNS has for the name. */
  cname(): Promise<string>;
  /** The name that DNS has for an address of the name. */
  reverseName(): Promise<string>;
  /** Distribution and its version, '' = not known. */
  platform(): Promise<{ readonly name: string; readonly version: string }>;
  description(): Promise<string>;
  buildId(): Promise<string>;
  id(): Promise<string>;
  interfaces(): Promise<readonly Interface[]>;
  cpu(): Promise<Cpu | undefined>;
}

/** Reads a file; undefined = it is not there. */
export type ReadText = (path: string) => Promise<string | undefined>;
