import { z } from 'zod';
import type { Settings, Timer } from '../../component/settings.ts';
import { type Answer, get, type KubernetesApi } from '../../pipeline/kubernetes/api.ts';
import type { Config } from './config.ts';
import type { Resolver } from './resolver.ts';
import type { Telemetry } from './telemetry.ts';

type K8sConfig = NonNullable<Config['resolver']['k8s']>;

const slice = z.object({
  metadata: z.object({ name: z.string().optional(), resourceVersion: z.string().default('') }),
  endpoints: z
    .array(
      z.object({
        addresses: z.array(z.string()).nullish(),
        hostname: z.string().nullish(),
        conditions: z.object({ ready: z.boolean().nullish() }).nullish(),
      }),
    )
    .nullish(),
});
type Slice = z.output<typeof slice>;

const list = z.object({
  metadata: z.object({ resourceVersion: z.string().default('') }),
  items: z.array(slice).nullish(),
});
const event = z.object({ type: z.string(), object: z.unknown() });

const watchSeconds = 300;
const retryMs = 5000;

/** Follows the EndpointSlices of a service (discovery.k8s.io/v1): one list, then its changes. */
export class KubernetesResolver implements Resolver {
  readonly #config: K8sConfig;
  readonly #settings: Settings;
  readonly #telemetry: Telemetry;
  readonly #connect: () => Promise<KubernetesApi>;
  readonly #slices = new Map<string, readonly string[]>();
  #api: KubernetesApi | undefined;
  #known: readonly string[] = [];
  #changed: (endpoints: readonly string[]) => Promise<void> = async () => {};
  #answer: Answer | undefined;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(
    config: K8sConfig,
    settings: Settings,
    telemetry: Telemetry,
    connect: () => Promise<KubernetesApi>,
  ) {
    this.#config = config;
    this.#settings = settings;
    this.#telemetry = telemetry;
    this.#connect = connect;
  }

  async start(changed: (endpoints: readonly string[]) => Promise<void>): Promise<void> {
    this.#changed = changed;
    this.#api = await this.#connect();
    const version = await this.#list();
    void this.#follow(version);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#answer?.close();
  }

  #path(query: string): string {
    const [name = '', given] = splitOnce(this.#config.service);
    const namespace = given ?? this.#api?.namespace ?? 'default';
    const selector = encodeURIComponent(`kubernetes.io/service-name=${name}`);
    const slices = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}`;
    return `${slices}/endpointslices?labelSelector=${selector}${query}`;
  }

  /** @returns what a watch begins from; undefined = it failed */
  async #list(): Promise<string | undefined> {
    const timeout = this.#config.timeout > 0 ? this.#config.timeout : 1000;
    try {
      this.#answer = await get(this.#api!, this.#path(''), timeout);
      let text = '';
      for await (const line of this.#answer.lines) text += line;
      const found = list.parse(JSON.parse(text));
      this.#slices.clear();
      for (const one of found.items ?? []) this.#keep(one);
      await this.#resolved();
      return found.metadata.resourceVersion;
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  /** Watches, and lists again when the watch breaks. */
  async #follow(first: string | undefined): Promise<void> {
    let version = first;
    while (!this.#stopped) {
      const ended = version !== undefined && (await this.#watch(version));
      if (this.#stopped) return;
      if (!ended) await this.#pause(retryMs);
      if (!this.#stopped) version = await this.#list();
    }
  }

  /** @returns whether it ended in an orderly way */
  async #watch(version: string): Promise<boolean> {
    const query = `&watch=true&resourceVersion=${version}&timeoutSeconds=${watchSeconds}`;
    try {
      const idleMs = (watchSeconds + 30) * 1000;
      this.#answer = await get(this.#api!, this.#path(query), idleMs);
      if (this.#stopped) this.#answer.close();
      for await (const line of this.#answer.lines) {
        if (line === '') continue;
        const { type, object } = event.parse(JSON.parse(line));
        if (type === 'ERROR') return true; // the version is too old: list anew
        const one = slice.parse(object);
        if (type === 'DELETED') this.#slices.delete(one.metadata.name ?? '');
        else if (type !== 'BOOKMARK') this.#keep(one);
        await this.#resolved();
      }
      return true;
    } catch (error) {
      if (!this.#stopped) this.#failed(error);
      return false;
    }
  }

  #failed(error: unknown): void {
    this.#telemetry.resolved(false);
    this.#settings.logger.warn('failed to resolve', { error: (error as Error).message });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#timer = this.#settings.clock.after(ms, resolve);
    });
  }

  #keep({ metadata, endpoints }: Slice): void {
    const hosts: string[] = [];
    for (const { addresses, hostname, conditions } of endpoints ?? []) {
      if (conditions?.ready === false) continue;
      if (!this.#config.return_hostnames) hosts.push(...(addresses ?? []));
      else if (hostname) hosts.push(hostname);
      else this.#settings.logger.warn('Endpoints object missing hostnames', { addresses });
    }
    this.#slices.set(metadata.name ?? '', hosts);
  }

  async #resolved(): Promise<void> {
    const { ports, return_hostnames: names, service } = this.#config;
    const [name = '', given] = splitOnce(service);
    const namespace = given ?? this.#api?.namespace ?? 'default';
    const hosts = new Set([...this.#slices.values()].flat());
    const endpoints = [...hosts].flatMap((host) => {
      const full = names ? `${host}.${name}.${namespace}` : host;
      const bare = full.includes(':') ? `[${full}]` : full;
      return ports.length === 0 ? [bare] : ports.map((port) => `${bare}:${port}`);
    });
    endpoints.sort();
    this.#telemetry.resolved(true);
    if (endpoints.join() === this.#known.join()) return;
    this.#known = endpoints;
    this.#telemetry.backends(endpoints.length);
    this.#telemetry.updated();
    await this.#changed(endpoints);
  }
}

/** A service's name and, behind the first dot, its namespace. */
function splitOnce(service: string): [string, string | undefined] {
  const dot = service.indexOf('.');
  return dot < 0 ? [service, undefined] : [service.slice(0, dot), service.slice(dot + 1)];
}
