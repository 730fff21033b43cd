import type { Pod } from '../objects/pod.ts';
import type { Cluster, Kind } from '../store/cluster.ts';
import type { Association } from '../store/identifier.ts';
import { type Identification, identify } from './association.ts';
import { setContainer } from './containers.ts';
import type { ResourceText } from './resource-text.ts';

/** How resources are treated. */
export interface Plan {
  readonly associations: readonly Association[];
  /** Attributes of `extract::metadata`. */
  readonly wanted: ReadonlySet<string>;
  /** undefined = pods are not looked for: only their address is set. */
  readonly cluster: Cluster | undefined;
}

/** What came of looking for the pod of a resource. */
export interface Found {
  readonly identification: Identification;
  readonly hasPod: boolean;
  /** Nothing is known by the identifier, not even a pod that is left alone. */
  readonly isMiss: boolean;
}

function setAll(resource: ResourceText, attributes: ReadonlyMap<string, string>): void {
  for (const [name, value] of attributes) resource.set(name, value);
}

function setOwner(
  resource: ResourceText,
  cluster: Cluster,
  kind: Kind,
  uidOfPod: string | undefined,
): void {
  const uid = uidOfPod || resource.text(`k8s.${kind}.uid`);
  const known = uid === '' ? undefined : cluster.get(kind, uid);
  if (known !== undefined) setAll(resource, known.attributes);
}

function setAround(
  resource: ResourceText,
  { wanted }: Plan,
  cluster: Cluster,
  pod: Pod | undefined,
): void {
  const namespace = pod?.namespace || resource.text('k8s.namespace.name');
  if (namespace !== '') {
    const known = cluster.get('namespace', namespace);
    if (known !== undefined) setAll(resource, known.attributes);
    if (wanted.has('service.namespace')) resource.set('service.namespace', namespace);
  }
  const nodeName = pod?.nodeName || resource.text('k8s.node.name');
  const node = nodeName === '' ? undefined : cluster.get('node', nodeName);
  if (node !== undefined) {
    setAll(resource, node.attributes);
    if (node.uid !== '') resource.set('k8s.node.uid', node.uid);
  }
  setOwner(resource, cluster, 'deployment', pod?.deploymentUid);
  setOwner(resource, cluster, 'statefulset', pod?.statefulSetUid);
  setOwner(resource, cluster, 'daemonset', pod?.daemonSetUid);
  setOwner(resource, cluster, 'job', pod?.jobUid);
}

/**
 * Adds what is known of the pod of a resource and of what is around it.
 * @param address of who sent it, '' = not known
 */
export function annotate(plan: Plan, resource: ResourceText, address: string): Found {
  const { associations, wanted, cluster } = plan;
  const identification = identify(associations, resource, address);
  const { identifier, connection } = identification;
  if (connection !== '' && (cluster === undefined || wanted.has('k8s.pod.ip'))) {
    resource.set('k8s.pod.ip', connection);
  }
  if (cluster === undefined) return { identification, hasPod: false, isMiss: false };
  const known = identifier === '' ? undefined : cluster.pod(identifier);
  const pod = known?.isIgnored === false ? known : undefined;
  if (pod !== undefined) {
    setAll(resource, pod.attributes);
    setContainer(resource, pod.containers);
  }
  setAround(resource, plan, cluster, pod);
  const isMiss = identifier !== '' && known === undefined;
  return { identification, hasPod: pod !== undefined, isMiss };
}
