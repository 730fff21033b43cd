import { lookup } from 'node:dns/promises';
import type { Settings, Timer } from '../../component/settings.ts';
import type { KubernetesApi } from '../../pipeline/kubernetes/api.ts';
import type { Config } from './config.ts';
import { KubernetesResolver } from './kubernetes-resolver.ts';
import type { Telemetry } from './telemetry.ts';

/** Says which backends there are. */
export interface Resolver {
  /** Finds them and keeps looking; `changed` is called when they are others, sorted. */
  start(changed: (endpoints: readonly string[]) => Promise<void>): Promise<void>;
  stop(): void;
}

/** Addresses of a name, each with 4 or 6. */
export type LookUp = (
  hostname: string,
) => Promise<readonly { readonly address: string; readonly family: number }[]>;

/** What resolvers ask the world. */
export interface World {
  readonly lookUp: LookUp;
  /** The cluster that this program runs in. @throws Error when it runs in none */
  kubernetes(): Promise<KubernetesApi>;
}

/** The system's resolver, and the cluster that the environment names. */
export const realWorld: World = {
  lookUp: (hostname) => lookup(hostname, { all: true }),
  async kubernetes() {
    const { inCluster } = await import('../../pipeline/kubernetes/api.ts');
    return inCluster(process.env);
  },
};

class StaticResolver implements Resolver {
  readonly #endpoints: readonly string[];
  readonly #telemetry: Telemetry;

  constructor(hostnames: readonly string[], telemetry: Telemetry) {
    this.#endpoints = [...hostnames].sort();
    this.#telemetry = telemetry;
  }

  async start(changed: (endpoints: readonly string[]) => Promise<void>): Promise<void> {
    this.#telemetry.resolved(true);
    this.#telemetry.backends(this.#endpoints.length);
    await changed(this.#endpoints);
  }

  stop(): void {}
}

type DnsConfig = NonNullable<Config['resolver']['dns']>;

class DnsResolver implements Resolver {
  readonly #config: DnsConfig;
  readonly #settings: Settings;
  readonly #telemetry: Telemetry;
  readonly #lookUp: LookUp;
  #known: readonly string[] = [];
  #timer: Timer | undefined;
  #stopped = false;

  constructor(config: DnsConfig, settings: Settings, telemetry: Telemetry, lookUp: LookUp) {
    this.#config = config;
    this.#settings = settings;
    this.#telemetry = telemetry;
    this.#lookUp = lookUp;
  }

  async start(changed: (endpoints: readonly string[]) => Promise<void>): Promise<void> {
    await this.#resolve(changed);
    this.#again(changed);
  }

  #again(changed: (endpoints: readonly string[]) => Promise<void>): void {
    if (this.#stopped) return;
    const interval = this.#config.interval > 0 ? this.#config.interval : 5000;
    this.#timer = this.#settings.clock.after(interval, () => {
      void this.#resolve(changed).then(() => this.#again(changed));
    });
  }

  async #resolve(changed: (endpoints: readonly string[]) => Promise<void>): Promise<void> {
    const { port } = this.#config;
    let found: string[];
    try {
      const addresses = await this.#inTime();
      found = addresses.map(({ address, family }) => {
        const host = family === 6 ? `[${address}]` : address;
        return port === '' ? host : `${host}:${port}`;
      });
    } catch (error) {
      this.#telemetry.resolved(false);
      this.#settings.logger.warn('failed to resolve', { error: (error as Error).message });
      return;
    }
    this.#telemetry.resolved(true);
    const endpoints = [...new Set(found)].sort();
    if (this.#stopped || endpoints.join() === this.#known.join()) return;
    this.#known = endpoints;
    this.#telemetry.backends(endpoints.length);
    this.#telemetry.updated();
    await changed(endpoints);
  }

  #inTime(): ReturnType<LookUp> {
    const { hostname, timeout } = this.#config;
    const most = timeout > 0 ? timeout : 1000;
    return new Promise((resolve, reject) => {
      const timer = this.#settings.clock.after(most, () => {
        reject(new Error(`cannot look up ${JSON.stringify(hostname)} in ${most} ms`));
      });
      this.#lookUp(hostname)
        .then(resolve, reject)
        .finally(() => timer.cancel());
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }
}

/** The resolver that a configuration asks for. */
export function resolverOf(
  { resolver }: Config,
  settings: Settings,
  telemetry: Telemetry,
  world: World,
): Resolver {
  if (resolver.static !== undefined) {
    return new StaticResolver(resolver.static.hostnames, telemetry);
  }
  if (resolver.dns !== undefined) {
    return new DnsResolver(resolver.dns, settings, telemetry, world.lookUp);
  }
  if (resolver.k8s === undefined) throw new Error('BUG: no resolver');
  return new KubernetesResolver(resolver.k8s, settings, telemetry, () => world.kubernetes());
}
