import type { Component } from '../../component/component.ts';
import type { Consumer, Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { ProcessorFactory } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import { clientAuth, refuseMiddlewares } from '../../config/groups/auth.ts';
import type { Batch } from '../../pdata/batch.ts';
import { type Config, config } from './config.ts';
import { Editor } from './editor.ts';
import { type Found, nothing } from './found.ts';
import { realSources, type Sources } from './world.ts';

class Processor<S extends Signal> implements Component, Consumer<S> {
  readonly mutates = false;
  readonly #settings: Settings;
  readonly #config: Config;
  readonly #next: Consumer<S>;
  readonly #sources: Sources;
  #found: Found = nothing;
  #editor: Editor;
  #isOpen = false;

  constructor(settings: Settings, given: Config, next: Consumer<S>, sources: Sources) {
    this.#settings = settings;
    this.#config = given;
    this.#next = next;
    this.#sources = sources;
    this.#editor = new Editor(nothing, given.override);
  }

  async start(): Promise<void> {
    const { host, clock, random, logger } = this.#settings;
    const { auth, middlewares, detectors, timeout, refresh_interval: interval } = this.#config;
    refuseMiddlewares(host, middlewares);
    clientAuth(host, auth);
    this.#isOpen = true;
    const plan = { detectors, blocks: this.#config, timeoutMs: timeout };
    const tools = { clock, random, logger, sources: this.#sources };
    await this.#config.shared.open(plan, tools, interval);
  }

  #current(): Editor {
    const { found } = this.#config.shared;
    if (found !== this.#found) {
      this.#found = found;
      this.#editor = new Editor(found, this.#config.override);
    }
    return this.#editor;
  }

  async consume(batch: Batch<S>, ctx: Context): Promise<void> {
    const editor = this.#current();
    if (editor.isEmpty) return this.#next.consume(batch, ctx);
    let edited: Batch<S>;
    try {
      edited = batch.editable();
      editor.edit(edited);
    } catch (error) {
      throw PipelineError.from(error);
    }
    return this.#next.consume(edited, ctx);
  }

  async shutdown(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#config.shared.close();
  }
}

/** The processor, with the sources that its detectors look at. */
export function resourceDetection<S extends Signal>(
  settings: Settings,
  given: Config,
  next: Consumer<S>,
  sources: Sources,
): Component & Consumer<S> {
  return new Processor(settings, given, next, sources);
}

/** Adds attributes of where the program runs to resources. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type: 'resource_detection',
  aliases: ['resourcedetection'],
  stability: { traces: 'beta', metrics: 'beta', logs: 'beta', profiles: 'development' },
  description: 'Adds what is known of the machine, container and cloud to resources.',
  config,
  create: (_signal, settings, given, next) =>
    resourceDetection(settings, given, next, realSources()),
};
