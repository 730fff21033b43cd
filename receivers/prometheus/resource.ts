import { isIP } from 'node:net';
import type { LabelMap } from './relabel.ts';

const kubernetesKeys: readonly (readonly [label: string, key: string])[] = [
  ['__meta_kubernetes_pod_name', 'k8s.pod.name'],
  ['__meta_kubernetes_pod_uid', 'k8s.pod.uid'],
  ['__meta_kubernetes_pod_container_name', 'k8s.container.name'],
  ['__meta_kubernetes_namespace', 'k8s.namespace.name'],
  ['__meta_kubernetes_pod_node_name', 'k8s.node.name'],
  ['__meta_kubernetes_node_name', 'k8s.node.name'],
  ['__meta_kubernetes_endpoint_node_name', 'k8s.node.name'],
];

const controllers: ReadonlyMap<string, string> = new Map([
  ['ReplicaSet', 'k8s.replicaset.name'],
  ['DaemonSet', 'k8s.daemonset.name'],
  ['StatefulSet', 'k8s.statefulset.name'],
  ['Job', 'k8s.job.name'],
  ['CronJob', 'k8s.cronjob.name'],
]);

/** Whether a host says which one it is: no loopback, no "any" address. */
function isTelling(host: string): boolean {
  if (isIP(host) === 0) return host !== 'localhost';
  const plain = host.toLowerCase().replace(/^::ffff:/, '');
  return !(/^127\./.test(plain) || ['::1', '::', '0.0.0.0'].includes(plain));
}

/** Host and port of `host:port`; undefined for what is none. */
function split(instance: string): readonly [host: string, port: string] | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(instance);
  return match === null ? undefined : [match[1] ?? match[2] ?? '', match[3]!];
}

/** The attributes of the resource that a job's instance is. @param discovered labels of its target */
export function resourceOf(
  job: string,
  instance: string,
  discovered: LabelMap,
): Map<string, string> {
  const [host, port] = split(instance) ?? [instance, ''];
  const attributes = new Map([['service.name', job]]);
  if (isTelling(host)) attributes.set('server.address', host);
  attributes.set('service.instance.id', instance);
  attributes.set('server.port', port);
  attributes.set('url.scheme', discovered.get('__scheme__') ?? '');
  for (const [label, key] of kubernetesKeys) {
    const value = discovered.get(label);
    if (value) attributes.set(key, value);
  }
  const kind = controllers.get(discovered.get('__meta_kubernetes_pod_controller_kind') ?? '');
  const name = discovered.get('__meta_kubernetes_pod_controller_name');
  if (kind !== undefined && name) attributes.set(kind, name);
  return attributes;
}
