import { z } from 'zod';
import type { Settings } from '../../../../component/settings.ts';
import { getObject, inCluster, type KubernetesApi } from '../../../../pipeline/kubernetes/api.ts';
import type { KubernetesDiscoveryConfig } from '../../config/discovery.ts';
import { Fetcher } from '../../fetcher.ts';
import type { TargetGroup } from '../../target.ts';
import type { Discoverer } from '../discoverer.ts';
import { refreshing } from '../refreshing.ts';
import { endpointSliceGroup, endpointsGroup, nodeGroup, podGroup, serviceGroup } from './groups.ts';
import { endpointSlice, endpoints, node, pod, service } from './objects.ts';

/** Time after which objects are listed again. */
const listMs = 30_000;
const timeoutMs = 30_000;
const maxBytes = 64 << 20;

/** Reads an object of the API by its path. */
export interface Reader {
  read(path: string): Promise<unknown>;
  /** Own namespace; undefined = not known. */
  namespace(): Promise<string | undefined>;
  close(): Promise<void>;
}

function readerOf(settings: Settings, config: KubernetesDiscoveryConfig): Reader {
  if (config.api_server !== '') {
    const fetcher = new Fetcher(config, settings.budget);
    const headers = { accept: 'application/json' };
    return {
      async read(path) {
        const url = new URL(path, config.api_server).href;
        const answer = await fetcher.get({ url, headers, timeoutMs, maxBytes });
        try {
          return JSON.parse(answer.body.toString('utf8')) as unknown;
        } finally {
          answer.release();
        }
      },
      namespace: async () => undefined,
      close: () => fetcher.close(),
    };
  }
  let api: Promise<KubernetesApi> | undefined;
  const cluster = () => (api ??= inCluster(process.env));
  return {
    read: async (path) => getObject(await cluster(), path, timeoutMs),
    namespace: async () => (await cluster()).namespace,
    close: async () => {},
  };
}

/** Targets from the objects of a cluster, which are listed again and again. */
export function kubernetesDiscoverer(
  settings: Settings,
  config: KubernetesDiscoveryConfig,
  reader: Reader = readerOf(settings, config),
): Discoverer {
  const close = () => reader.close();
  return refreshing(settings, 'kubernetes', listMs, () => look(reader, config), close);
}

async function look(
  reader: Reader,
  config: KubernetesDiscoveryConfig,
): Promise<readonly TargetGroup[]> {
  const all = <T extends z.ZodType>(base: string, plural: string, role: string, kind: T) =>
    listAll(reader, config, base, plural, role, kind);
  switch (config.role) {
    case 'node':
      return (await list(reader, config, '/api/v1/nodes', 'node', node)).map(nodeGroup);
    case 'pod':
      return (await all('/api/v1', 'pods', 'pod', pod)).map(podGroup);
    case 'service':
      return (await all('/api/v1', 'services', 'service', service)).map(serviceGroup);
    default: {
      const pods = await all('/api/v1', 'pods', 'pod', pod);
      const services = await all('/api/v1', 'services', 'service', service);
      const key = (one: {
        readonly metadata: { readonly namespace: string; readonly name: string };
      }) => `${one.metadata.namespace}/${one.metadata.name}`;
      const known = {
        pods: new Map(pods.map((one) => [key(one), one])),
        services: new Map(services.map((one) => [key(one), one])),
      };
      if (config.role === 'endpoints') {
        const found = await all('/api/v1', 'endpoints', 'endpoints', endpoints);
        return found.map((one) => endpointsGroup(one, known));
      }
      const base = '/apis/discovery.k8s.io/v1';
      const found = await all(base, 'endpointslices', 'endpointslice', endpointSlice);
      return found.map((one) => endpointSliceGroup(one, known));
    }
  }
}

/** The objects of all namespaces that are looked at. */
async function listAll<T extends z.ZodType>(
  reader: Reader,
  config: KubernetesDiscoveryConfig,
  base: string,
  plural: string,
  role: string,
  kind: T,
): Promise<z.output<T>[]> {
  const names = [...config.namespaces.names];
  const own = config.namespaces.own_namespace ? await reader.namespace() : undefined;
  if (own !== undefined && !names.includes(own)) names.push(own);
  if (names.length === 0) return list(reader, config, `${base}/${plural}`, role, kind);
  const lists = await Promise.all(
    names.map((name) => {
      const path = `${base}/namespaces/${encodeURIComponent(name)}/${plural}`;
      return list(reader, config, path, role, kind);
    }),
  );
  return lists.flat();
}

async function list<T extends z.ZodType>(
  reader: Reader,
  { selectors }: KubernetesDiscoveryConfig,
  path: string,
  role: string,
  kind: T,
): Promise<z.output<T>[]> {
  const { label = '', field = '' } = selectors.find((one) => one.role === role) ?? {};
  const query = new URLSearchParams();
  if (label !== '') query.set('labelSelector', label);
  if (field !== '') query.set('fieldSelector', field);
  const text = query.toString();
  const answer = await reader.read(text === '' ? path : `${path}?${text}`);
  return z.object({ items: z.array(kind).nullish() }).parse(answer).items ?? [];
}
