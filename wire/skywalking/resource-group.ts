import type { AttributeSet } from '../../pdata/values.ts';
import type { Instances } from './instances.ts';

/** The scope of everything that comes from SkyWalking's agents. */
export const scopeName = 'skywalking';

/** As much of a builder as resources need. */
interface Builder {
  resource(attributes: AttributeSet): void;
  scope(name: string): void;
}

/** Keeps a builder in the resource of an instance while messages of the same follow each other. */
export class ResourceGroup {
  readonly #builder: Builder;
  readonly #instances: Instances;
  #service = '';
  #instance = '';
  #version = -1;

  constructor(builder: Builder, instances: Instances) {
    this.#builder = builder;
    this.#instances = instances;
  }

  /** Starts a resource unless the one that is open is the same. */
  enter(service: string, instance: string): void {
    const { version } = this.#instances;
    if (this.#version === version && this.#service === service && this.#instance === instance) {
      return;
    }
    this.#builder.resource(this.#instances.resource(service, instance));
    this.#builder.scope(scopeName);
    this.#service = service;
    this.#instance = instance;
    this.#version = version;
  }

  /** The builder has been finished. */
  leave(): void {
    this.#version = -1;
  }
}
