import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import type { PushBackend } from '../../pipeline/backend.ts';
import type { Config } from './config.ts';
import { type Output, openOutput } from './output.ts';
import { createSampler } from './sampler.ts';

const titles: Readonly<Record<Signal, string>> = {
  traces: 'Traces',
  metrics: 'Metrics',
  logs: 'Logs',
  profiles: 'Profiles',
};

/** Writes batches as text and accepts them all. */
export class DebugBackend<S extends Signal> implements PushBackend<S> {
  readonly #signal: S;
  readonly #settings: Settings;
  readonly #config: Config;
  readonly #sample: () => boolean;
  #output: Output | undefined;

  constructor(signal: S, settings: Settings, config: Config) {
    this.#signal = signal;
    this.#settings = settings;
    this.#config = config;
    this.#sample = createSampler(config, settings.clock);
  }

  async start(): Promise<void> {
    this.#output = await openOutput(this.#config, this.#settings.logger);
  }

  async shutdown(): Promise<void> {
    await this.#output?.close();
    this.#output = undefined;
  }

  async push(batch: Batch<S>): Promise<void> {
    if (this.#sample()) await this.#write(batch);
  }

  async #write(batch: Batch<S>): Promise<void> {
    const output = this.#output;
    if (output === undefined) return;
    const { describeCounts } = await import('./counts.ts');
    output.entry(titles[this.#signal], describeCounts(this.#signal, batch));
    if (this.#config.verbosity === 'basic') return;
    const { renderBatch } = await import('./text/render.ts');
    output.text(renderBatch(batch, this.#config.verbosity));
  }
}
