import { compileFilter } from '../../agent/filter/compile.ts';
import { type FilterNode, parseFilter } from '../../agent/filter/parse.ts';
import type { CapturedPacket } from '../../agent/pcap/packet.ts';
import type { Naming } from '../../agent/tags/create.ts';
import type { Settings } from '../../component/settings.ts';
import type { Config } from './config.ts';
import type { Counters } from './counters.ts';
import { type PacketAddon, PacketRing } from './ring.ts';
import { type Place, Surroundings } from './surroundings.ts';

/** Milliseconds between two looks at the rings: while packets come, and at most. */
export const BUSY_MS = 4;
const IDLE_MS = 64;
/** Blocks of a ring that are looked at before the others have their turn. */
const BLOCKS_A_TURN = 8;
const REFRESH_MS = 2000;

/** The path of a namespace as it is configured; '' = the program's own. */
function namespacePath(name: string): string {
  if (name === 'self') return '';
  return name.includes('/') ? name : `/run/netns/${name}`;
}

/** Live captures on interfaces, all feeding one sink. */
export class LiveCapture {
  readonly surroundings: Surroundings;
  private readonly settings: Settings;
  private readonly config: Config;
  private readonly counters: Counters;
  private readonly rings: PacketRing[] = [];
  private readonly filter: FilterNode | undefined;
  private readonly addon: PacketAddon;
  private excluded = '';
  private refreshAt = 0;
  private wait = BUSY_MS;
  private readonly faults = new Set<string>();

  constructor(
    settings: Settings,
    config: Config,
    counters: Counters,
    addon: PacketAddon,
    naming: Naming | undefined,
  ) {
    this.settings = settings;
    this.config = config;
    this.counters = counters;
    this.addon = addon;
    this.filter = parseFilter(config.filter);
    const count = config.interfaces.length;
    const places: Place[] = config.network_namespaces.map((name, i) => ({
      path: namespacePath(name),
      first: i * count,
      end: (i + 1) * count,
    }));
    this.surroundings = new Surroundings(addon, places, config.exclude_own, naming);
  }

  /** Opens a ring for each interface in each namespace. @throws Error with what cannot be opened */
  open(): void {
    const { config } = this;
    try {
      for (const name of config.network_namespaces) {
        for (const interfaceName of config.interfaces) {
          this.rings.push(
            new PacketRing(this.addon, {
              interfaceName,
              namespace: namespacePath(name),
              bufferBytes: config.buffer_size,
              ordinal: this.rings.length,
              filter: (linkBytes) => this.compiled(linkBytes, undefined),
            }),
          );
        }
      }
    } catch (error) {
      this.close();
      throw error;
    }
    this.refresh();
  }

  get names(): string[] {
    return this.rings.map((ring) => ring.name);
  }

  /**
   * Hands on the packets that are there.
   * @returns milliseconds until the next look; 0 = there are more
   */
  turn(sink: (packet: CapturedPacket) => void): number {
    let packets = 0;
    let more = false;
    for (const ring of this.rings) {
      const { blocks } = ring;
      packets += ring.drain(sink, BLOCKS_A_TURN);
      if (ring.blocks - blocks >= BLOCKS_A_TURN) more = true;
    }
    if (this.settings.clock.monotonicMs() >= this.refreshAt) this.refresh();
    if (more) return 0;
    this.wait = packets > 0 ? BUSY_MS : Math.min(this.wait * 2, IDLE_MS);
    return this.wait;
  }

  close(): void {
    for (const ring of this.rings) {
      this.publish(ring);
      ring.close();
    }
    this.rings.length = 0;
  }

  /** What is slow and seldom: kernel counters, own connections, addresses. */
  private refresh(): void {
    this.refreshAt = this.settings.clock.monotonicMs() + REFRESH_MS;
    const own = this.surroundings.refresh();
    const text = JSON.stringify(own ?? '');
    for (const ring of this.rings) {
      this.publish(ring);
      if (text !== this.excluded && ring.isOwnNamespace) {
        ring.setFilter(this.compiled(ring.linkBytes, own));
      }
    }
    this.excluded = text;
  }

  private publish(ring: PacketRing): void {
    const { packets, drops } = ring.statistics();
    this.counters.ring(ring.name, packets, drops);
    const fault = ring.fault();
    if (fault === 0) this.faults.delete(ring.name);
    else if (!this.faults.has(ring.name)) {
      this.faults.add(ring.name);
      this.settings.logger.warn('a capture is interrupted', { capture: ring.name, errno: fault });
    }
  }

  private compiled(linkBytes: number, own: FilterNode | undefined): Uint8Array {
    const terms = [own, this.filter].filter((node) => node !== undefined);
    const whole: FilterNode | undefined = terms.length === 2 ? { kind: 'and', terms } : terms[0];
    return compileFilter(whole, { linkBytes, snapLength: this.config.snap_length });
  }
}
