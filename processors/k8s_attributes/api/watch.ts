import type { Clock, Logger, Timer } from '../../../component/settings.ts';
import type { Answer } from '../../../pipeline/kubernetes/request.ts';
import { type Connection, StatusError } from './connection.ts';
import type { Throttle } from './throttle.ts';

/** Objects to follow: a collection of the API and what is selected of it. */
export interface Collection {
  /** e.g. /api/v1/pods */
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Whether only the metadata of objects are asked for. */
  readonly metadataOnly: boolean;
}

/** Hears of what changes; `kept` is what {@link Watch} keeps of an object. */
export interface Handlers<T> {
  /** What is kept of an object of the API. @throws Error when it is none */
  reduce(object: unknown): T;
  /** Distinguishes objects of the collection. */
  keyOf(kept: T): string;
  added(kept: T): void;
  updated(kept: T): void;
  deleted(kept: T): void;
}

/** What a watch needs of its surroundings. */
export interface WatchTools {
  readonly connection: Connection;
  readonly throttle: Throttle;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How often all objects are told again as updated; 0 = never. */
  readonly resyncMs: number;
}

const partial = (kind: string) => `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json`;
const pageSize = 500;
const listIdleMs = 60_000;
const watchSeconds = 300;
const firstRetryMs = 800;
const maxRetryMs = 30_000;

interface ListPage {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly unknown[] | null;
}

interface WatchEvent {
  readonly type: string;
  readonly object: {
    readonly code?: number;
    readonly message?: string;
    readonly metadata?: { readonly resourceVersion?: string };
  };
}

/**
 * Follows a collection: one list, then its changes; lists again when the server no longer has the
 * changes since then (410), and with growing pauses when it cannot be reached. Never gives up.
 */
export class Watch<T> {
  readonly #collection: Collection;
  readonly #handlers: Handlers<T>;
  readonly #tools: WatchTools;
  #objects = new Map<string, T>();
  #version = '';
  #answer: Answer | undefined;
  #timers = new Set<Timer>();
  #wake: (() => void) | undefined;
  #stopped = false;
  #retryMs = firstRetryMs;
  #hasListed = false;
  readonly #synced = Promise.withResolvers<void>();

  constructor(collection: Collection, handlers: Handlers<T>, tools: WatchTools) {
    this.#collection = collection;
    this.#handlers = handlers;
    this.#tools = tools;
  }

  /** Resolves when the first list has been told of, or at {@link stop}. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  start(): void {
    void this.#follow();
    if (this.#tools.resyncMs > 0) this.#resyncLater();
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#answer?.close();
    this.#wake?.();
    this.#synced.resolve();
  }

  #after(ms: number, run: () => void): void {
    const timer = this.#tools.clock.after(ms, () => {
      this.#timers.delete(timer);
      run();
    });
    this.#timers.add(timer);
  }

  #resyncLater(): void {
    this.#after(this.#tools.resyncMs, () => {
      for (const kept of this.#objects.values()) this.#handlers.updated(kept);
      this.#resyncLater();
    });
  }

  #pause(ms: number): Promise<void> {
    if (ms <= 0 || this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#after(ms, resolve);
    });
  }

  async #follow(): Promise<void> {
    let mustList = true;
    while (!this.#stopped) {
      try {
        if (mustList) {
          await this.#list();
          mustList = false;
          this.#synced.resolve();
        }
        mustList = !(await this.#watch());
        this.#retryMs = firstRetryMs;
      } catch (error) {
        if (this.#stopped) return;
        mustList ||= error instanceof StatusError && error.status === 410;
        this.#tools.logger.warn('cannot follow objects of the cluster; trying again', {
          path: this.#collection.path,
          error: (error as Error).message,
        });
        await this.#pause(this.#retryMs);
        this.#retryMs = Math.min(this.#retryMs * 2, maxRetryMs);
      }
    }
  }

  async #get(query: Record<string, string>, kind: string, idleMs: number): Promise<Answer> {
    await this.#pause(this.#tools.throttle.take());
    const { path, labelSelector, fieldSelector, metadataOnly } = this.#collection;
    const parameters = new URLSearchParams(query);
    if (labelSelector) parameters.set('labelSelector', labelSelector);
    if (fieldSelector) parameters.set('fieldSelector', fieldSelector);
    const accept = metadataOnly ? partial(kind) : 'application/json';
    const answer = await this.#tools.connection.get(`${path}?${parameters}`, accept, idleMs);
    this.#answer = answer;
    if (this.#stopped) answer.close();
    return answer;
  }

  async #list(): Promise<void> {
    const found = new Map<string, T>();
    let next = '';
    do {
      const query: Record<string, string> = { limit: String(pageSize) };
      if (next !== '') query.continue = next;
      // what the server has at hand; after a gap only what is true now counts
      else if (!this.#hasListed) query.resourceVersion = '0';
      const answer = await this.#get(query, 'PartialObjectMetadataList', listIdleMs);
      let text = '';
      for await (const line of answer.lines) text += line;
      const page = JSON.parse(text) as ListPage;
      for (const object of page.items ?? []) {
        const kept = this.#handlers.reduce(object);
        found.set(this.#handlers.keyOf(kept), kept);
      }
      this.#version = page.metadata?.resourceVersion ?? '';
      next = page.metadata?.continue ?? '';
    } while (next !== '' && !this.#stopped);
    this.#hasListed = true;
    if (!this.#stopped) this.#replace(found);
  }

  #replace(found: Map<string, T>): void {
    const before = this.#objects;
    this.#objects = found;
    for (const [key, kept] of found) {
      if (before.has(key)) this.#handlers.updated(kept);
      else this.#handlers.added(kept);
    }
    for (const [key, kept] of before) if (!found.has(key)) this.#handlers.deleted(kept);
  }

  /** @returns false when the changes have to be found by a new list */
  async #watch(): Promise<boolean> {
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: this.#version,
      timeoutSeconds: String(watchSeconds),
    };
    const idleMs = (watchSeconds + 30) * 1000;
    const answer = await this.#get(query, 'PartialObjectMetadata', idleMs);
    const began = this.#tools.clock.monotonicMs();
    let events = 0;
    for await (const line of answer.lines) {
      if (line === '') continue;
      events += 1;
      const { type, object } = JSON.parse(line) as WatchEvent;
      if (type === 'ERROR') {
        if (object.code === 410) return false;
        throw new Error(`cannot watch ${this.#collection.path}: ${object.message ?? 'no reason'}`);
      }
      this.#version = object.metadata?.resourceVersion ?? this.#version;
      if (type !== 'BOOKMARK') this.#tell(type, object);
    }
    if (events === 0 && this.#tools.clock.monotonicMs() - began < 1000) {
      throw new Error(`cannot watch ${this.#collection.path}: the server ended it at once`);
    }
    return true;
  }

  #tell(type: string, object: unknown): void {
    const kept = this.#handlers.reduce(object);
    const key = this.#handlers.keyOf(kept);
    if (type === 'DELETED') {
      this.#objects.delete(key);
      this.#handlers.deleted(kept);
      return;
    }
    const isKnown = this.#objects.has(key);
    this.#objects.set(key, kept);
    if (isKnown) this.#handlers.updated(kept);
    else this.#handlers.added(kept);
  }
}
