import type { EntityDescription } from '../entities/entity.ts';
import { hostEntity } from '../entities/entity.ts';
import type { EntityReporter } from '../entities/reporter.ts';
import { Bindings, endKey, plainAddress } from './bindings.ts';
import { containerName } from './container-names.ts';
import type { HostFiles } from './files.ts';
import { type HostPaths, readAddresses, readBootTime } from './host.ts';
import { HostSockets } from './host-sockets.ts';
import type { Inventory } from './inventory.ts';
import { type ProcessLife, ProcessTable } from './process-table.ts';
import { readExecutable, readProcess, readStat } from './read-process.ts';
import { startTimeNs, type TagContext, tagProcess } from './tag-process.ts';
import { cleanText } from './text.ts';
import type {
  EndNamer,
  EndTags,
  NamedEnds,
  ProcessNames,
  ProcessTags,
  SeenEnd,
  ServiceFrom,
} from './types.ts';

interface NamesOptions {
  readonly files: HostFiles;
  readonly paths: HostPaths;
  readonly host: TagContext['host'];
  readonly inventory: Inventory | undefined;
  /** Told of every entity that data were named by; absent = nobody is. */
  readonly reporter?: EntityReporter;
  /** Unix nanoseconds; as a double, which tells a quarter of a microsecond. */
  readonly now: () => number;
  /** Nanoseconds that never go back. */
  readonly elapsed: () => number;
  readonly limits?: Partial<NamesLimits>;
}

/** Limits; those of time in milliseconds. */
export interface NamesLimits {
  /** Processes kept, of those that run and those that ended. */
  readonly processes: number;
  /** How long a process is known after its end. */
  readonly keepEndedMs: number;
  /** After this a process is compared with /proc before it names something. */
  readonly checkMs: number;
  /** Programs that are read as they begin, in one second; others when they are asked for. */
  readonly execReads: number;
  /** Local ends by connect and accept that are kept. */
  readonly bindings: number;
}

const defaultNamesLimits: NamesLimits = {
  processes: 32_768,
  keepEndedMs: 300_000,
  checkMs: 5_000,
  execReads: 200,
  bindings: 65_536,
};

/** A start time is known to the second, and events carry times of another clock. */
const SLACK = 1e9;
/** Between two looks at all processes, ns. */
const TICK = 10e9;
/** Between two looks at what is always there, ns. */
const LASTING = 60e9;
/** Programs that hold the port of somebody else. */
const forwarders = /^(docker-proxy|rootlessport|slirp4netns|pasta)$/;

/** Names the processes of one machine and the ends of its connections. */
export class HostNames implements ProcessNames, EndNamer {
  readonly #options: NamesOptions;
  readonly #limits: NamesLimits;
  readonly #context: TagContext;
  readonly #table: ProcessTable;
  readonly #bindings: Bindings;
  readonly #sockets: HostSockets;
  /** Ends that the inventory names, by name and kind. */
  readonly #listed = new Map<EntityDescription, EndTags>();
  #tickedAt = 0;
  #lastingAt = 0;
  #execReads = 0;
  #execSecond = 0;

  constructor(options: NamesOptions) {
    const { files, paths, host, inventory } = options;
    this.#options = options;
    this.#limits = { ...defaultNamesLimits, ...options.limits };
    this.#table = new ProcessTable({
      lives: this.#limits.processes,
      keepEnded: this.#limits.keepEndedMs * 1e6,
    });
    this.#bindings = new Bindings(this.#limits.bindings);
    this.#sockets = new HostSockets(files, paths.proc, options.elapsed);
    const containers = new Map<string, string>();
    this.#context = {
      host,
      bootTime: readBootTime(files, paths),
      inventory,
      containerName(id) {
        const known = containers.get(id);
        if (known !== undefined) return known;
        const found = containerName(files, paths.root, id);
        if (containers.size === 4096) containers.clear();
        containers.set(id, found);
        return found;
      },
    };
    this.#reportLasting(options.now());
  }

  /** Entities that are there whether somebody asks for them or not. */
  #reportLasting(now: number): void {
    const { files, paths, host, inventory, reporter } = this.#options;
    if (reporter === undefined) return;
    this.#lastingAt = now;
    const addresses = [...readAddresses(files, `${paths.proc}/1/net`)].toSorted();
    reporter.seen(hostEntity(host, addresses), whole(now));
    for (const entity of inventory?.entities ?? []) reporter.seen(entity, whole(now));
  }

  /** Processes known, and those that had to be forgotten because there were too many. */
  get counts(): { readonly processes: number; readonly evicted: number } {
    return { processes: this.#table.size, evicted: this.#table.evicted };
  }

  /** Forgets what ended long ago and notices what ended unseen: at most every 10 seconds. */
  tick(): void {
    const now = this.#options.now();
    if (now - this.#tickedAt < TICK) return;
    this.#tickedAt = now;
    for (const life of [...this.#table.running()]) {
      if (life.tags !== undefined) this.#check(life, now);
    }
    this.#table.expire(now);
    if (now - this.#lastingAt >= LASTING) this.#reportLasting(now);
  }

  process(pid: number, unixNanos?: bigint): ProcessTags | undefined {
    return this.#life(pid, unixNanos === undefined ? this.#options.now() : Number(unixNanos))?.tags;
  }

  endpoint(
    networkNamespace: number | undefined,
    address: string,
    port: number,
    unixNanos: bigint,
    transport: 'tcp' | 'udp' = 'tcp',
  ): EndTags | undefined {
    const end = { address, port, networkNamespace, pid: undefined };
    return this.#end(end, undefined, unixNanos, transport);
  }

  name(
    client: SeenEnd,
    server: SeenEnd,
    unixNanos: bigint,
    transport: 'tcp' | 'udp' = 'tcp',
  ): NamedEnds {
    return {
      client: this.#end(client, server, unixNanos, transport),
      server: this.#end(server, client, unixNanos, transport),
    };
  }

  noteFork(_parent: number, child: number, unixNanos: bigint): void {
    this.#table.begin(child, Number(unixNanos));
  }

  noteExec(pid: number, unixNanos: bigint): void {
    const at = Number(unixNanos);
    const life = this.#table.begin(pid, at);
    const second = Math.floor(this.#options.now() / 1e9);
    if (second !== this.#execSecond) {
      this.#execSecond = second;
      this.#execReads = 0;
    }
    if (this.#execReads++ < this.#limits.execReads) this.#load(life);
  }

  noteExit(pid: number, unixNanos: bigint): void {
    const life = this.#table.last(pid);
    if (life !== undefined) this.#ended(life, Number(unixNanos));
  }

  noteConnect(
    pid: number,
    networkNamespace: number,
    address: string,
    port: number,
    unixNanos: bigint,
    transport: 'tcp' | 'udp' = 'tcp',
  ): void {
    const key = endKey(plainAddress(address), port, transport);
    this.#bindings.bind(key, pid, networkNamespace, Number(unixNanos));
  }

  noteAccept(
    pid: number,
    networkNamespace: number,
    address: string,
    port: number,
    unixNanos: bigint,
    transport: 'tcp' | 'udp' = 'tcp',
  ): void {
    this.noteConnect(pid, networkNamespace, address, port, unixNanos, transport);
  }

  noteClose(
    pid: number,
    networkNamespace: number,
    address: string,
    port: number,
    unixNanos: bigint,
    transport: 'tcp' | 'udp' = 'tcp',
  ): void {
    const key = endKey(plainAddress(address), port, transport);
    this.#bindings.release(key, pid, networkNamespace, Number(unixNanos));
  }

  #end(
    end: SeenEnd,
    peer: SeenEnd | undefined,
    unixNanos: bigint,
    transport: 'tcp' | 'udp',
  ): EndTags | undefined {
    const at = Number(unixNanos);
    if (end.pid !== undefined) {
      const life = this.#life(end.pid, at);
      if (life?.end !== undefined) return life.end;
    }
    const address = plainAddress(end.address);
    const life = this.#holder(end, address, peer, at, transport);
    if (life?.end !== undefined && !forwarders.test(life.end.service)) return life.end;
    return this.#listedEnd(address, end.port, unixNanos);
  }

  #holder(
    end: SeenEnd,
    address: string,
    peer: SeenEnd | undefined,
    at: number,
    transport: 'tcp' | 'udp',
  ): ProcessLife | undefined {
    const { networkNamespace: namespace, port } = end;
    const bound = this.#bindings.owner(endKey(address, port, transport), address, namespace, at);
    const life = bound === undefined ? undefined : this.#life(bound, at);
    if (life !== undefined) return life;
    const ends = {
      transport,
      localAddress: address,
      localPort: port,
      remoteAddress: peer === undefined ? '' : plainAddress(peer.address),
      remotePort: peer?.port ?? -1,
    };
    const now = this.#options.now();
    const owner = this.#sockets.owner(namespace, ends, at, now);
    return owner === undefined ? undefined : this.#life(owner.pid, at);
  }

  #listedEnd(address: string, port: number, unixNanos: bigint): EndTags | undefined {
    const found = this.#options.inventory?.endOf(address, port, unixNanos);
    if (found === undefined) return undefined;
    let end = this.#listed.get(found.entity);
    if (end === undefined) {
      const serviceFrom: ServiceFrom = 'inventory';
      const { name, entity } = found;
      end = { service: name, serviceFrom, entityId: entity.id, process: undefined };
      this.#listed.set(entity, end);
    }
    return end;
  }

  /** The process that had a pid at a time, with its tags; undefined = not known. */
  #life(pid: number, at: number): ProcessLife | undefined {
    const now = this.#options.now();
    let life = this.#table.at(pid, at);
    if (life === undefined) {
      const last = this.#table.last(pid);
      if (last !== undefined && last.from > at + SLACK) return undefined;
      life = last?.until === Number.POSITIVE_INFINITY ? last : this.#discover(pid, now);
    }
    if (life === undefined || life.from > at + SLACK || life.until < at) return undefined;
    if (life.tags === undefined) this.#load(life);
    else if (now - life.checked > this.#limits.checkMs * 1e6) {
      this.#check(life, now);
      if (life.until !== Number.POSITIVE_INFINITY) life = this.#table.at(pid, at);
    }
    if (life?.tags === undefined) return undefined;
    if (!life.used) this.#use(life, now);
    return life;
  }

  #use(life: ProcessLife, now: number): void {
    life.used = true;
    for (const entity of life.entities) this.#options.reporter?.seen(entity, whole(now));
  }

  /** Looks a pid up that was not known, or whose process ended. */
  #discover(pid: number, now: number): ProcessLife | undefined {
    const { files, paths } = this.#options;
    const last = this.#table.last(pid);
    // An ended process that is still not gone: not asked again at once.
    if (last !== undefined && now - last.checked < SLACK) return undefined;
    if (last !== undefined) last.checked = now;
    const stat = readStat(files, paths.proc, pid);
    if (stat === undefined || stat.startTicks === last?.startTicks) return undefined;
    const from = Number(startTimeNs(this.#context.bootTime, stat.startTicks));
    return this.#table.begin(pid, Math.max(from, last?.until ?? 0));
  }

  #load(life: ProcessLife): void {
    if (life.until !== Number.POSITIVE_INFINITY || life.startTicks === -2) return;
    const { files, paths } = this.#options;
    const now = this.#options.now();
    life.checked = now;
    const facts = readProcess(files, paths.proc, life.pid);
    if (facts === undefined) {
      life.startTicks = -2;
      return;
    }
    const { tags, entities } = tagProcess(facts, this.#context, whole(now));
    life.startTicks = facts.stat.startTicks;
    life.tags = tags;
    life.entities = entities;
    life.end = {
      service: tags.service,
      serviceFrom: tags.serviceFrom,
      entityId: tags.entityId,
      process: tags,
    };
    this.#table.touch(life.pid);
  }

  /** Compares a running process with /proc: it may have ended, or run another program by now. */
  #check(life: ProcessLife, now: number): void {
    if (life.until !== Number.POSITIVE_INFINITY) return;
    const { files, paths } = this.#options;
    life.checked = now;
    const stat = readStat(files, paths.proc, life.pid);
    if (stat === undefined) {
      this.#ended(life, now);
      return;
    }
    if (stat.startTicks !== life.startTicks) {
      const from = Number(startTimeNs(this.#context.bootTime, stat.startTicks));
      this.#ended(life, Math.min(now, from));
      this.#load(this.#table.begin(life.pid, Math.max(from, life.until)));
      return;
    }
    const executable = cleanText(readExecutable(files, paths.proc, life.pid), 1024);
    if (executable !== '' && executable !== life.tags?.attributes['process.executable.path']) {
      this.#load(this.#table.begin(life.pid, now));
      return;
    }
    if (life.used) this.#use(life, now);
    this.#table.touch(life.pid);
  }

  #ended(life: ProcessLife, unixNanos: number): void {
    this.#table.end(life, unixNanos);
    const id = life.tags?.entityId;
    if (id !== undefined) this.#options.reporter?.ended(id, whole(unixNanos));
  }
}

function whole(unixNanos: number): bigint {
  return BigInt(Math.floor(unixNanos));
}
