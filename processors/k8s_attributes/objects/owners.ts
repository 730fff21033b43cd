import type { OwnerReference, PodObject } from './model.ts';

/** A controller by name and uid; '' = none. */
export interface Controller {
  readonly name: string;
  readonly uid: string;
}

/** What is known of owners of pods, as far as it is watched. */
export interface Owners {
  isKnown(kind: 'StatefulSet' | 'DaemonSet' | 'Job', uid: string): boolean;
  /** The deployment of a known ReplicaSet. */
  deploymentOf(replicaSetUid: string): Controller | undefined;
  /** The CronJob of a known Job. */
  cronJobOf(jobUid: string): Controller | undefined;
  /** uid of the namespace kube-system, which stands for the cluster. */
  clusterUid(): string | undefined;
}

type Set = (name: string, value: string | undefined) => void;

/** A deployment's ReplicaSets are called by its name and the hash of their template. */
function deploymentName(replicaSet: string, templateHash: string): string {
  const end = `-${templateHash}`;
  if (templateHash === '' || !replicaSet.endsWith(end)) return '';
  return replicaSet.slice(0, -end.length);
}

const dayMinutes = 24 * 60;

/**
 * A CronJob's Jobs are called by its name and the minutes since 1970 of their time; eight digits
 * that are far from the creation of the pod are something else.
 */
function cronJobName(job: string, createdMs: number | undefined): string {
  const match = /^(.*)-(\d{8})$/.exec(job);
  if (match === null || createdMs === undefined) return '';
  const minutes = Math.floor(createdMs / 60_000);
  return Math.abs(minutes - Number(match[2])) > dayMinutes ? '' : match[1]!;
}

function replicaSet(owner: OwnerReference, pod: PodObject, owners: Owners, set: Set): void {
  set('k8s.replicaset.uid', owner.uid);
  set('k8s.replicaset.name', owner.name);
  set('service.name', owner.name);
  const known = owners.deploymentOf(owner.uid);
  const name = known?.name ?? deploymentName(owner.name, pod.labels['pod-template-hash'] ?? '');
  if (name !== '') {
    set('k8s.deployment.name', name);
    set('service.name', name);
  }
  if (known !== undefined && known.uid !== '') set('k8s.deployment.uid', known.uid);
}

function job(owner: OwnerReference, pod: PodObject, owners: Owners, set: Set): void {
  set('k8s.job.uid', owner.uid);
  set('k8s.job.name', owner.name);
  set('service.name', owner.name);
  const known = owners.cronJobOf(owner.uid);
  const name = known?.name ?? cronJobName(owner.name, pod.createdMs);
  if (name !== '') {
    set('k8s.cronjob.name', name);
    set('service.name', name);
  }
  if (known !== undefined && known.uid !== '') set('k8s.cronjob.uid', known.uid);
}

/** Sets attributes of the owners of a pod. @param set takes those that are wanted */
export function ownerAttributes(pod: PodObject, owners: Owners, set: Set): void {
  for (const owner of pod.owners) {
    if (owner.kind === 'ReplicaSet') replicaSet(owner, pod, owners, set);
    else if (owner.kind === 'Job') job(owner, pod, owners, set);
    else if (owner.kind === 'DaemonSet' || owner.kind === 'StatefulSet') {
      const kind = owner.kind.toLowerCase();
      set(`k8s.${kind}.uid`, owner.uid);
      set(`k8s.${kind}.name`, owner.name);
      set('service.name', owner.name);
    }
  }
}
