import type { Meta, Pod } from './objects.ts';

const prefix = '__meta_kubernetes_';

/** Labels by name, with those that have no value left out. */
export function labelsOf(
  pairs: Readonly<Record<string, string | number | boolean | null | undefined>>,
): Map<string, string> {
  const labels = new Map<string, string>();
  for (const [name, value] of Object.entries(pairs)) {
    if (value === undefined || value === null || value === '') continue;
    labels.set(name.startsWith('__') || name === 'instance' ? name : prefix + name, String(value));
  }
  return labels;
}

/** A text as part of a label's name. */
export const sanitized = (text: string): string => text.replace(/[^a-zA-Z0-9_]/g, '_');

/** IPv6 addresses get brackets. */
export function hostPort(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Name, labels and annotations of an object, by its role. */
export function metaLabels(role: string, meta: Meta): Map<string, string> {
  const labels = labelsOf({ [`${role}_name`]: meta.name });
  for (const [kind, texts] of [
    ['label', meta.labels],
    ['annotation', meta.annotations],
  ] as const) {
    for (const [name, value] of Object.entries(texts ?? {})) {
      const safe = sanitized(name);
      labels.set(`${prefix}${role}_${kind}_${safe}`, value);
      labels.set(`${prefix}${role}_${kind}present_${safe}`, 'true');
    }
  }
  return labels;
}

/** `__meta_kubernetes_pod_...` of a pod, but for its namespace and its containers. */
export function podLabels({ metadata, spec, status }: Pod): Map<string, string> {
  const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status;
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  return new Map([
    ...labelsOf({
      pod_ip: status.podIP,
      pod_ready: ready?.toLowerCase() ?? 'unknown',
      pod_phase: status.phase,
      pod_node_name: spec.nodeName,
      pod_host_ip: status.hostIP,
      pod_uid: metadata.uid,
      pod_controller_kind: owner?.kind,
      pod_controller_name: owner?.name,
    }),
    ...metaLabels('pod', metadata),
  ]);
}

type Container = Pod['spec']['containers'][number];
type Port = NonNullable<Container['ports']>[number];

/** Labels of a container, and of one of its ports. */
export function containerLabels(container: Container, init: boolean, port?: Port) {
  return labelsOf({
    pod_container_name: container.name,
    pod_container_image: container.image,
    pod_container_init: init,
    pod_container_port_number: port?.containerPort,
    pod_container_port_name: port?.name,
    pod_container_port_protocol: port?.protocol,
  });
}

/** All containers of a pod; true = one that runs before the others. */
export function containersOf({ spec }: Pod): (readonly [Container, boolean])[] {
  return [
    ...spec.containers.map((one) => [one, false] as const),
    ...(spec.initContainers ?? []).map((one) => [one, true] as const),
  ];
}
