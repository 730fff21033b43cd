import type { AddressInfo } from 'node:net';
import type { Component } from '../../component/component.ts';
import type { Settings } from '../../component/settings.ts';
import type { Listener } from './http-listen.ts';
import { openAt } from './listen.ts';

/** Open requests have so long to be answered at shutdown. */
const drainMs = 5000;

/** A receiver that is one HTTP listener, from start to shutdown. */
export class HttpReceiver implements Component {
  readonly #settings: Settings;
  readonly #endpoint: string;
  readonly #open: () => Promise<Listener>;
  #listener: Listener | undefined;

  /** @param open imports what answers, and opens the listener at `endpoint` */
  constructor(settings: Settings, endpoint: string, open: () => Promise<Listener>) {
    this.#settings = settings;
    this.#endpoint = endpoint;
    this.#open = open;
  }

  /** What is bound, once started. */
  get address(): AddressInfo | string | undefined {
    return this.#listener?.address;
  }

  async start(): Promise<void> {
    this.#listener = await openAt(this.#endpoint, this.#open);
    this.#settings.logger.info('Starting HTTP server', { endpoint: this.#endpoint });
  }

  async shutdown(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    await listener?.close(drainMs);
  }
}
