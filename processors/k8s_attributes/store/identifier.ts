import type { AssociationConfig } from '../config.ts';
import type { Pod } from '../objects/pod.ts';

/** One source of an association: `connection`, or `resource_attribute` with its name. */
export interface Source {
  readonly from: string;
  readonly name: string;
}

/** Sources that identify a pod together. */
export type Association = readonly Source[];

/** What pods are found by, in the order of the configuration: the first that finds one counts. */
export function associationsOf(given: readonly AssociationConfig[]): readonly Association[] {
  return given.map(({ sources }) =>
    sources.map(({ from, name }) => ({ from, name: from === 'connection' ? '' : name })),
  );
}

/** What a pod is found by: a source and its value. */
export function part(from: string, name: string, value: string): string {
  return `${from}\0${name}\0${value}\0`;
}

/** The key of a pod by the address that data came from. */
export const byConnection = (ip: string): string => part('connection', '', ip);

/** The key of a pod by its uid. */
export const byUid = (uid: string): string => part('resource_attribute', 'k8s.pod.uid', uid);

const byIp = (ip: string): string => part('resource_attribute', 'k8s.pod.ip', ip);

function sourceValue(pod: Pod, name: string): string {
  if (name === 'k8s.namespace.name') return pod.namespace;
  if (name === 'k8s.pod.name') return pod.name;
  if (name === 'k8s.pod.uid') return pod.uid;
  if (name === 'host.name' || name === 'k8s.pod.ip') return pod.ip;
  return pod.attributes.get(name) ?? '';
}

/**
 * Identifiers of a pod by one association; several when a container's id is among its sources. Pods
 * in the network of their node share its address and have none by connection.
 */
function byAssociation(association: Association, pod: Pod): string[] {
  let ids = [''];
  let hasContainerId = false;
  for (const { from, name } of association) {
    const append = (value: string) => {
      ids = ids.map((id) => id + part(from, name, value));
    };
    if (from === 'connection') {
      if (pod.ip === '' || pod.hostNetwork) return [];
      append(pod.ip);
    } else if (from === 'resource_attribute' && name === 'container.id') {
      hasContainerId = true;
      const all = [...pod.containers.byId.keys()];
      ids = ids.flatMap((id) => all.map((value) => id + part(from, name, value)));
    } else if (from === 'resource_attribute') {
      const value = sourceValue(pod, name);
      if (value === '' && !hasContainerId) return [];
      append(value);
    }
  }
  return ids.filter((id) => id !== '');
}

/** Everything that a pod may be found by. */
export function identifiersOf(associations: readonly Association[], pod: Pod): Set<string> {
  const found = new Set<string>();
  for (const association of associations) {
    for (const id of byAssociation(association, pod)) found.add(id);
  }
  if (pod.uid !== '') found.add(byUid(pod.uid));
  if (pod.ip !== '' && !pod.hostNetwork) found.add(byConnection(pod.ip)).add(byIp(pod.ip));
  return found;
}
