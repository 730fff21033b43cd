import type { Collection } from '../api/watch.ts';
import type { FilterConfig } from '../config.ts';
import { fieldSelector, labelSelector, nodeOf } from './selectors.ts';

const groups = {
  pods: '/api/v1',
  namespaces: '/api/v1',
  nodes: '/api/v1',
  replicasets: '/apis/apps/v1',
  deployments: '/apis/apps/v1',
  statefulsets: '/apis/apps/v1',
  daemonsets: '/apis/apps/v1',
  jobs: '/apis/batch/v1',
} as const;

function path(resource: keyof typeof groups, namespace: string): string {
  const inside = namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${groups[resource]}${inside}/${resource}`;
}

/** Workloads that are followed by their metadata. */
export function workloads(
  resource: 'replicasets' | 'deployments' | 'statefulsets' | 'daemonsets' | 'jobs',
  { namespace }: FilterConfig,
): Collection {
  return { path: path(resource, namespace), metadataOnly: true };
}

/** Pods that the filter leaves, as whole objects. */
export function pods(filter: FilterConfig): Collection {
  return {
    path: path('pods', filter.namespace),
    labelSelector: labelSelector(filter),
    fieldSelector: fieldSelector(filter, nodeOf(filter)),
    metadataOnly: false,
  };
}

/** The node that the filter names, else all of them, by their metadata. */
export function nodes(filter: FilterConfig): Collection {
  const node = nodeOf(filter);
  const selected = node === '' ? {} : { fieldSelector: `metadata.name=${node}` };
  return { path: path('nodes', ''), metadataOnly: true, ...selected };
}

/** All namespaces by their metadata, or the one whose uid names the cluster. */
export function namespaces(which: 'all' | 'kube-system'): Collection {
  const selected = which === 'all' ? {} : { fieldSelector: 'metadata.name=kube-system' };
  return { path: path('namespaces', ''), metadataOnly: true, ...selected };
}
