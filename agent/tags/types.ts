/** What the agent knows of the processes of its host, and of who is at the ends of a flow. */

/** Values that a resource attribute of a process may have; whole numbers are OTLP ints. */
export type TagValue = string | number;

/** Where a service name is from, in the order in which they are asked; `address` = none of them. */
export type ServiceFrom =
  | 'OTEL_SERVICE_NAME'
  | 'OTEL_RESOURCE_ATTRIBUTES'
  | 'inventory'
  | 'container'
  | 'unit'
  | 'executable'
  | 'address';

/** One process. The object does not change while the process runs one program: keep it as a key. */
export interface ProcessTags {
  /** In the host's pid namespace. */
  readonly pid: number;
  /** When it was started, nanoseconds since 1970 (the kernel tells it to 10 ms). */
  readonly startTimeNs: bigint;
  readonly service: string;
  readonly serviceFrom: ServiceFrom;
  /**
   * Resource attributes of spans that describe this process, `service.name` and
   * `wirestitch.service.from` among them, those of the host too: docs/attributes.md,
   * "Processes and names".
   */
  readonly attributes: Readonly<Record<string, TagValue>>;
  /** Id of the entity `process`, never 0. */
  readonly entityId: bigint;
  /** Inode of its network namespace, 0 = not known. */
  readonly networkNamespace: number;
}

/** Who is at one end of a flow. */
export interface EndTags {
  readonly service: string;
  readonly serviceFrom: ServiceFrom;
  /** Unsigned 64 bits, never 0; `BigInt.asIntN(64, id)` for an OTLP int. */
  readonly entityId: bigint;
  /** There when the end is a process of this host. */
  readonly process: ProcessTags | undefined;
}

/** Names processes and ends. A look-up may read a few small files of /proc. */
export interface ProcessNames extends ProcessEvents {
  /**
   * The process that has this pid, at `unixNanos` (absent: now). One that ended is known for a
   * while; undefined when it was never seen and is gone.
   */
  process(pid: number, unixNanos?: bigint): ProcessTags | undefined;
  /**
   * Who had `address:port` at a time: a process of this host by its socket, else what the inventory
   * says of the address.
   * @param networkNamespace inode of the namespace in which the address was seen; undefined = not
   * known: then a socket names the end only if all namespaces that have one agree
   * @param address canonical text, as in `client.address`
   * @param unixNanos nanoseconds since 1970
   */
  endpoint(
    networkNamespace: number | undefined,
    address: string,
    port: number,
    unixNanos: bigint,
    transport?: 'tcp' | 'udp',
  ): EndTags | undefined;
}

/**
 * What happened to processes (not to their threads) and to their sockets, in about the order in
 * which it happened. Without any of it names still come, out of /proc: later, and not for processes
 * and connections that are gone by then.
 */
export interface ProcessEvents {
  /** A child was made; until it begins another program nothing but its pid is known of it. */
  noteFork(parent: number, child: number, unixNanos: bigint): void;
  /** A process began another program: it is read at once, if not too many do. */
  noteExec(pid: number, unixNanos: bigint): void;
  noteExit(pid: number, unixNanos: bigint): void;
  /** A process got a socket with this local end by connect. */
  noteConnect(
    pid: number,
    networkNamespace: number,
    address: string,
    port: number,
    unixNanos: bigint,
    transport?: 'tcp' | 'udp',
  ): void;
  /** A process got a socket with this local end by accept. */
  noteAccept(
    pid: number,
    networkNamespace: number,
    address: string,
    port: number,
    unixNanos: bigint,
    transport?: 'tcp' | 'udp',
  ): void;
  /** A process closed a socket with this local end that it got by connect. */
  noteClose(
    pid: number,
    networkNamespace: number,
    address: string,
    port: number,
    unixNanos: bigint,
    transport?: 'tcp' | 'udp',
  ): void;
}

/** One end of a flow as a capture sees it. */
export interface SeenEnd {
  readonly address: string;
  readonly port: number;
  /** Inode, where it is known. */
  readonly networkNamespace: number | undefined;
  /** Where the capture knows the process itself. */
  readonly pid: number | undefined;
}

/** Both ends, each where it is known. */
export interface NamedEnds {
  readonly client: EndTags | undefined;
  readonly server: EndTags | undefined;
}

/** Names both ends of a span or flow: receivers `packet` and `ebpf` have one. */
export interface EndNamer {
  /** @param unixNanos start of the span, nanoseconds since 1970 */
  name(client: SeenEnd, server: SeenEnd, unixNanos: bigint, transport?: 'tcp' | 'udp'): NamedEnds;
}
