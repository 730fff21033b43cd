import { readFile } from 'node:fs/promises';
import type { Clock, Logger } from '../../component/settings.ts';
import { type Fetch, type Fetched, fetchOnce } from '../../config/groups/http-fetch.ts';
import { getObject, inCluster, type KubernetesApi } from '../../pipeline/kubernetes/api.ts';
import type { Machine } from './machine/machine.ts';
import { thisMachine } from './machine/this-machine.ts';

/** A request for metadata. */
export interface Ask extends Partial<Omit<Fetch, 'url'>> {
  readonly url: string;
}

/** All that detectors see of where the program runs. */
export interface World {
  env(name: string): string | undefined;
  /** @returns undefined when there is no such file */
  readText(path: string): Promise<string | undefined>;
  /** @throws Error when there is no answer in the time that detection has */
  fetch(ask: Ask): Promise<Fetched>;
  /** An object of the API of the cluster. @throws Error outside of one */
  kubernetes(path: string): Promise<unknown>;
  /** Milliseconds since 1970. */
  unixMs(): number;
  /** Waits, at most as long as there is time. */
  wait(ms: number): Promise<void>;
  readonly machine: Machine;
  readonly log: Logger;
}

/** What a world is made of; tests put servers of their own in. */
export interface Sources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly fetch: (request: Fetch) => Promise<Fetched>;
  readonly kubernetes: () => Promise<KubernetesApi>;
  readonly readText: (path: string) => Promise<string | undefined>;
  readonly machine: Machine;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The world as it is. */
export function realSources(): Sources {
  const { env } = process;
  return {
    env,
    fetch: fetchOnce,
    kubernetes: () => inCluster(env),
    readText,
    machine: thisMachine(readText),
  };
}

/**
 * A world whose requests end in time.
 * @param timeoutMs time for all of them together, from now on
 */
export function openWorld(sources: Sources, clock: Clock, log: Logger, timeoutMs: number): World {
  const end = clock.monotonicMs() + timeoutMs;

  /** @throws Error when there is none left */
  function timeLeft(limit = Number.POSITIVE_INFINITY): number {
    const left = Math.floor(Math.min(end - clock.monotonicMs(), limit));
    if (left <= 0) throw new Error('cannot ask for metadata: the timeout is over');
    return left;
  }

  return {
    env: (name) => sources.env[name],
    readText: sources.readText,
    fetch: async (ask) =>
      sources.fetch({ ...ask, method: ask.method ?? 'GET', timeoutMs: timeLeft(ask.timeoutMs) }),
    kubernetes: async (path) => getObject(await sources.kubernetes(), path, timeLeft()),
    unixMs: () => clock.unixMs(),
    wait: (ms) =>
      new Promise((resolve) => {
        clock.after(Math.max(0, Math.min(ms, end - clock.monotonicMs())), resolve);
      }),
    machine: sources.machine,
    log,
  };
}

/**
 * The body of an answer.
 * @throws Error for any status but 200
 */
export async function fetchText(world: World, ask: Ask): Promise<string> {
  const { status, body } = await world.fetch(ask);
  if (status === 200) return body;
  throw new Error(`cannot read ${ask.url}: status ${status} ${body.slice(0, 200)}`.trimEnd());
}

/** The JSON of an answer. @throws Error for any status but 200 and for what is no JSON */
export async function fetchJson(world: World, ask: Ask): Promise<unknown> {
  const body = await fetchText(world, ask);
  try {
    return JSON.parse(body) as unknown;
  } catch (cause) {
    throw new Error(`cannot read ${ask.url}: ${(cause as Error).message}`, { cause });
  }
}
