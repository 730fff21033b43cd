import type { ProcessSink } from '../../agent/ebpf/engine.ts';
import { defaultSyscallLimits, SyscallEngine } from '../../agent/ebpf/engine.ts';
import { protocols } from '../../agent/l7/registry.ts';
import { defaultSessionLimits } from '../../agent/session/pairing.ts';
import { SpanWriter } from '../../agent/spans/writer.ts';
import type { Naming } from '../../agent/tags/create.ts';
import type { HostNames } from '../../agent/tags/names.ts';
import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings, Timer } from '../../component/settings.ts';
import { loadExchanges } from '../../native/exchanges.ts';
import type { Config } from './config.ts';
import { Counters } from './counters.ts';
import { EntityReports } from './entities.ts';
import { Output } from './output.ts';
import { Pace } from './pace.ts';
import type { Probe } from './probe.ts';
import type { Targets } from './targets.ts';

/** Longest time that a finished session waits for its batch. */
const FLUSH_MS = 200;
/** Between two publications of counters, looks at the clock, and new looks at cgroups. */
const UPKEEP_MS = 5000;
const DRAIN_BYTES = 256 << 10;
/** Batches of records taken in one turn: others want the thread too. */
const MAX_DRAINS = 32;
/** Batches of spans handed on in one turn: they are taken after it. */
const MAX_BATCHES = 4;
/** Turns at the end: processes go on. */
const LAST_TURNS = 16;
/** Milliseconds to the next turn when one has left something. */
const SOON_MS = 1;

/** Captures the system calls of processes and hands on the spans of the requests in them. */
export class EbpfReceiver implements Component {
  readonly #settings: Settings;
  readonly #config: Config;
  readonly #counters: Counters;
  readonly #output: Output | undefined;
  readonly #logs: Consumer<'logs'> | undefined;
  #entities: EntityReports | undefined;
  readonly #buffer = Buffer.allocUnsafeSlow(DRAIN_BYTES);
  #probe: Probe | undefined;
  #targets: Targets | undefined;
  #engine: SyscallEngine | undefined;
  #spans: SpanWriter | undefined;
  #timer: Timer | undefined;
  readonly #pace = new Pace();
  #flushedMs = 0;
  #upkeepMs = 0;
  #dropped = 0;
  /** The last turn has left records in the ring. */
  #more = false;

  /** @param logs takes reports of entities */
  constructor(
    settings: Settings,
    config: Config,
    next: Consumer<'traces'> | undefined,
    logs?: Consumer<'logs'>,
  ) {
    this.#logs = logs;
    this.#settings = settings;
    this.#config = config;
    this.#counters = new Counters(settings);
    this.#output = next === undefined ? undefined : new Output(next, settings, this.#counters);
  }

  /**
   * What this machine lacks is one line in the log, and the receiver stays idle.
   * @throws Error that says it, where the receiver is required; or a list that cannot be used
   */
  async start(): Promise<void> {
    const { UnavailableError } = await import('./probe.ts');
    try {
      await this.#capture();
    } catch (error) {
      if (this.#config.required || !(error instanceof UnavailableError)) throw error;
      this.#settings.logger.error(`${error.message}; this receiver gives nothing`);
    }
  }

  async #capture(): Promise<void> {
    const { clock, logger } = this.#settings;
    const { hostAttributes, openProbe, startTargets } = await import('./open.ts');
    const naming = await this.#naming();
    const probe = openProbe(this.#config, clock.unixMs());
    this.#probe = probe;
    try {
      const names = naming?.names;
      if (naming !== undefined) {
        this.#entities = new EntityReports(naming, this.#logs, this.#settings);
      }
      this.#spans = this.#writer(names, hostAttributes());
      const monotonicNs = probe.monotonicNs();
      this.#engine = this.#makeEngine(names, monotonicNs + probe.clockOffset(), monotonicNs);
      this.#targets = await startTargets(probe, this.#config, logger);
    } catch (error) {
      probe.close();
      this.#probe = undefined;
      throw error;
    }
    logger.info('capturing system calls', {
      object: probe.object,
      allow: this.#config.allow,
      node: this.#targets.nodes.size,
    });
    this.#flushedMs = clock.monotonicMs();
    this.#upkeepMs = this.#flushedMs;
    this.#schedule(this.#pace.next(0));
    probe.onWake(() => {
      this.#timer?.cancel();
      this.#turn();
    });
  }

  async shutdown(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    const probe = this.#probe;
    if (probe === undefined) return;
    this.#probe = undefined;
    await this.#targets?.close();
    this.#drain(probe);
    for (let i = 0; this.#more && i < LAST_TURNS; i++) {
      // Batches are taken meanwhile.
      await new Promise((resolve) => setImmediate(resolve));
      this.#drain(probe);
    }
    this.#engine!.finish();
    this.#flush();
    this.#counters.publish(this.#engine!.stats(), probe.counters());
    probe.close();
    await this.#output?.close();
    await this.#entities?.close();
  }

  async #naming(): Promise<Naming | undefined> {
    const { namingOf } = await import('../../agent/tags/create.ts');
    const { parseYaml } = await import('../../config/confmap/index.ts');
    const { clock } = this.#settings;
    const reports = this.#logs !== undefined;
    return namingOf(this.#config.names, { clock, parse: parseYaml, reports });
  }

  #writer(names: HostNames | undefined, host: Readonly<Record<string, string>>): SpanWriter {
    return new SpanWriter({
      captureName: this.#config.capture_name,
      source: 'ebpf',
      observationPoint: 'rest',
      endpointSegments: this.#config.endpoint_segments,
      obfuscate: this.#config.obfuscate,
      host,
      ...(names === undefined ? {} : { names }),
    });
  }

  #makeEngine(names: HostNames | undefined, unixNs: bigint, monotonicNs: bigint): SyscallEngine {
    const { protocols: wanted, max_sockets, max_open_sessions, capture_name } = this.#config;
    const spans = this.#spans!;
    const addon = loadExchanges();
    const options = {
      protocols: wanted.map((name) => protocols[name]()),
      limits: {
        ...defaultSyscallLimits,
        sockets: max_sockets,
        sessions: { ...defaultSessionLimits, maxOpen: max_open_sessions },
      },
      captureName: capture_name,
      processes: this.#processSink(names),
      ...(addon === undefined ? {} : { plain: { addon, writer: spans } }),
    };
    const sink = spans.add.bind(spans);
    return new SyscallEngine(options, sink, unixNs, monotonicNs);
  }

  #processSink(names: HostNames | undefined): ProcessSink {
    return {
      noteFork: (parent, child, at) => {
        names?.noteFork(parent, child, at);
        this.#targets?.forked(parent, child);
      },
      noteExec: (pid, at) => {
        names?.noteExec(pid, at);
        this.#targets?.began(pid);
      },
      noteExit: (pid, at) => {
        names?.noteExit(pid, at);
        this.#targets?.ended(pid);
      },
      noteConnect: (...end) => names?.noteConnect(...end),
      noteAccept: (...end) => names?.noteAccept(...end),
      noteClose: (...end) => names?.noteClose(...end),
    };
  }

  #schedule(ms: number): void {
    this.#timer = this.#settings.clock.after(ms, () => this.#turn());
  }

  #turn(): void {
    const probe = this.#probe;
    if (probe === undefined) return;
    let wait: number;
    try {
      const bytes = this.#drain(probe);
      const now = this.#settings.clock.monotonicMs();
      const { count } = this.#spans!;
      wait = this.#more ? SOON_MS : this.#pace.next(bytes);
      // A batch that would be late at the next look goes now.
      const due = count > 0 && now + wait - this.#flushedMs > FLUSH_MS;
      if (due || count >= this.#config.max_batch_spans) this.#flush();
      if (now - this.#upkeepMs >= UPKEEP_MS) this.#upkeep(probe, now);
    } catch (error) {
      this.#settings.host.fatal(error as Error);
      return;
    }
    this.#schedule(wait);
  }

  /** @returns bytes of records that there were */
  #drain(probe: Probe): number {
    let total = 0;
    let batches = 0;
    this.#more = true;
    for (let i = 0; i < MAX_DRAINS && batches < MAX_BATCHES; i++) {
      const bytes = probe.drain(this.#buffer);
      total += bytes;
      if (bytes > 0) this.#engine!.batch(this.#buffer, bytes);
      if (this.#spans!.count >= this.#config.max_batch_spans) {
        this.#flush();
        batches++;
      }
      this.#more = bytes >= DRAIN_BYTES / 2;
      if (!this.#more) break;
    }
    if (total === 0) this.#engine!.advance(probe.monotonicNs());
    return total;
  }

  #flush(): void {
    this.#flushedMs = this.#settings.clock.monotonicMs();
    const batch = this.#spans!.flush();
    if (batch !== undefined) this.#output?.send(batch);
  }

  #upkeep(probe: Probe, now: number): void {
    this.#upkeepMs = now;
    const kernel = probe.counters();
    this.#counters.publish(this.#engine!.stats(), kernel);
    this.#engine!.clock(probe.clockOffset());
    this.#entities?.turn();
    // Processes may have moved to other cgroups.
    probe.renew();
    if (kernel.dropped > this.#dropped) {
      this.#settings.logger.warn('the ring buffer was full: calls were not captured', {
        calls: kernel.dropped - this.#dropped,
      });
    }
    this.#dropped = kernel.dropped;
  }
}
