import type { Session } from 'node:inspector/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Clock } from '../../component/settings.ts';
import { encodeProfile, type Profile } from './proto.ts';
import { cpuPeriodUs, cpuProfile, type HeapSampling, heapPeriodBytes, heapProfile } from './v8.ts';

async function packed(profile: Profile): Promise<Buffer> {
  return promisify(gzip)(encodeProfile(profile));
}

/** Takes profiles of this process by V8's own means. */
export class ProcessProfiler {
  readonly #clock: Clock;
  readonly #session: Session;
  #cpuSinceMs: number | undefined;

  private constructor(clock: Clock, session: Session) {
    this.#clock = clock;
    this.#session = session;
  }

  /** Begins to sample the heap, which costs little. */
  static async open(clock: Clock): Promise<ProcessProfiler> {
    const inspector = await import('node:inspector/promises');
    const session = new inspector.Session();
    session.connect();
    const options = { samplingInterval: heapPeriodBytes };
    await session.post('HeapProfiler.startSampling', options);
    return new ProcessProfiler(clock, session);
  }

  /** @throws Error while another profile is being taken */
  async startCpu(): Promise<void> {
    if (this.#cpuSinceMs !== undefined) throw new Error('cpu profiling already in use');
    this.#cpuSinceMs = this.#clock.unixMs();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.setSamplingInterval', { interval: cpuPeriodUs });
    await this.#session.post('Profiler.start');
  }

  /** @returns the profile, gzip */
  async stopCpu(): Promise<Buffer> {
    const { profile } = await this.#session.post('Profiler.stop');
    const since = this.#cpuSinceMs ?? this.#clock.unixMs();
    this.#cpuSinceMs = undefined;
    return packed(cpuProfile(profile, since));
  }

  /** @returns what is on the heap, gzip */
  async heap(): Promise<Buffer> {
    const { profile } = await this.#session.post('HeapProfiler.getSamplingProfile');
    return packed(heapProfile(profile as unknown as HeapSampling, this.#clock.unixMs()));
  }

  async close(): Promise<void> {
    await this.#session.post('HeapProfiler.stopSampling');
    this.#session.disconnect();
  }
}
