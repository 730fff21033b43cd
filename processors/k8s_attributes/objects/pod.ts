import { needsContainers, type Rules } from '../rules.ts';
import { type Container, containersOf, noContainers, type PodContainers } from './containers.ts';
import { takeAnnotations, takeLabels } from './fields.ts';
import type { PodObject } from './model.ts';
import { type Owners, ownerAttributes } from './owners.ts';

export type { Container };

/** What is known of a pod. */
export interface Pod {
  readonly name: string;
  readonly uid: string;
  readonly namespace: string;
  readonly nodeName: string;
  readonly ip: string;
  readonly hostNetwork: boolean;
  /** When it was started, for the question which of two has an address now. */
  readonly startedMs: number | undefined;
  /** It must not be used. */
  readonly isIgnored: boolean;
  readonly attributes: ReadonlyMap<string, string>;
  readonly containers: PodContainers;
  /** Owners that are known themselves, '' = none. */
  readonly deploymentUid: string;
  readonly statefulSetUid: string;
  readonly daemonSetUid: string;
  readonly jobUid: string;
}

const ignoreAnnotation = 'opentelemetry.io/k8s-processor/ignore';

function isIgnored(rules: Rules, { annotations, name }: PodObject): boolean {
  if (annotations[ignoreAnnotation]?.trim().toLowerCase() === 'true') return true;
  return rules.excluded.some((pattern) => pattern.test(name));
}

const two = (value: number): string => String(value).padStart(2, '0');

/** RFC 3339 in seconds and in the time zone of this program, as the Go collector writes it. */
function localTime(ms: number): string {
  const offset = -new Date(ms).getTimezoneOffset();
  const local = new Date(ms + offset * 60_000).toISOString().slice(0, 19);
  if (offset === 0) return `${local}Z`;
  const minutes = Math.abs(offset);
  return `${local}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function podAttributes(rules: Rules, pod: PodObject, owners: Owners): Map<string, string> {
  const { wanted } = rules;
  const found = new Map<string, string>();
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined && wanted.has(name)) found.set(name, value);
  };
  set('k8s.pod.name', pod.name);
  set('service.name', pod.name);
  set('k8s.pod.hostname', pod.hostname);
  set('k8s.pod.ip', pod.ip);
  set('k8s.namespace.name', pod.namespace);
  set('service.namespace', pod.namespace);
  set('k8s.pod.start_time', pod.createdMs === undefined ? undefined : localTime(pod.createdMs));
  set('k8s.pod.uid', pod.uid);
  ownerAttributes(pod, owners, set);
  set('k8s.node.name', pod.nodeName);
  set('k8s.cluster.uid', owners.clusterUid());
  takeLabels(rules, 'pod', pod.labels, found);
  set('service.name', pod.labels['app.kubernetes.io/name']);
  set('service.name', pod.labels['app.kubernetes.io/instance']);
  set('service.version', pod.labels['app.kubernetes.io/version']);
  takeAnnotations(rules, 'pod', pod.annotations, found);
  return found;
}

/** What is known of a pod when its owners are. */
export function podOf(rules: Rules, object: PodObject, owners: Owners): Pod {
  const uidOf = (kind: string) => object.owners.find((owner) => owner.kind === kind)?.uid ?? '';
  const ignored = isIgnored(rules, object);
  const known = (kind: 'StatefulSet' | 'DaemonSet' | 'Job'): string => {
    const uid = uidOf(kind);
    return owners.isKnown(kind, uid) ? uid : '';
  };
  return {
    name: object.name,
    uid: object.uid,
    namespace: object.namespace,
    nodeName: object.nodeName,
    ip: object.ip,
    hostNetwork: object.hostNetwork,
    startedMs: object.startedMs,
    isIgnored: ignored,
    attributes: ignored ? new Map() : podAttributes(rules, object, owners),
    containers: ignored || !needsContainers(rules) ? noContainers : containersOf(rules, object),
    deploymentUid: owners.deploymentOf(uidOf('ReplicaSet'))?.uid ?? '',
    statefulSetUid: known('StatefulSet'),
    daemonSetUid: known('DaemonSet'),
    jobUid: known('Job'),
  };
}
