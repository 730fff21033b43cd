import { needsContainers, needsOwners, type Rules } from '../rules.ts';
import type {
  ContainerSpec,
  ContainerStatus,
  MetaObject,
  OwnerReference,
  PodObject,
  Texts,
} from './model.ts';

type Json = { readonly [key: string]: unknown };

function record(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Json)
    : {};
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(record) : [];
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function texts(value: unknown): Texts {
  const kept: Record<string, string> = {};
  for (const [key, one] of Object.entries(record(value))) kept[key] = text(one);
  return kept;
}

function time(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

const none: Texts = {};

function owners(metadata: Json): readonly OwnerReference[] {
  return list(metadata.ownerReferences).map((one) => ({
    kind: text(one.kind),
    name: text(one.name),
    uid: text(one.uid),
    controller: one.controller === true,
  }));
}

function metadataOf(object: unknown): Json {
  const { metadata } = record(object);
  if (typeof metadata !== 'object' || metadata === null) {
    throw new Error('cannot use an object of the API: it has no metadata');
  }
  return metadata as Json;
}

/** @throws Error for what has no metadata */
export function readMeta(object: unknown): MetaObject {
  const metadata = metadataOf(object);
  return {
    name: text(metadata.name),
    namespace: text(metadata.namespace),
    uid: text(metadata.uid),
    labels: texts(metadata.labels),
    annotations: texts(metadata.annotations),
    owners: owners(metadata),
  };
}

function specs(spec: Json): readonly ContainerSpec[] {
  return [...list(spec.containers), ...list(spec.initContainers)].map((one) => ({
    name: text(one.name),
    image: text(one.image),
  }));
}

function statuses(status: Json): readonly ContainerStatus[] {
  const all = [...list(status.containerStatuses), ...list(status.initContainerStatuses)];
  return all.map((one) => ({
    name: text(one.name),
    containerId: text(one.containerID),
    imageId: text(one.imageID),
    restartCount: typeof one.restartCount === 'number' ? one.restartCount : 0,
  }));
}

/**
 * A pod, with no more than the rules ask for: what they do not ask for is not known either.
 * @throws Error for what has no metadata
 */
export function readPod(object: unknown, rules: Rules): PodObject {
  const metadata = metadataOf(object);
  const spec = record(record(object).spec);
  const status = record(record(object).status);
  const { wanted } = rules;
  const wants = (...names: string[]) => names.some((name) => wanted.has(name));
  const wantsLabels =
    rules.labels.length > 0 || wants('service.name', 'service.version', 'k8s.deployment.name');
  const wantsCreation = wants('k8s.pod.start_time', 'k8s.cronjob.name', 'service.name');
  const withContainers = needsContainers(rules);
  return {
    name: text(metadata.name),
    namespace: text(metadata.namespace),
    uid: text(metadata.uid),
    labels: wantsLabels ? texts(metadata.labels) : none,
    annotations: rules.annotations.length > 0 ? texts(metadata.annotations) : none,
    owners: needsOwners(rules) ? owners(metadata) : [],
    createdMs: wantsCreation ? time(metadata.creationTimestamp) : undefined,
    startedMs: time(status.startTime),
    ip: text(status.podIP),
    nodeName: wants('k8s.node.name', 'k8s.node.uid') ? text(spec.nodeName) : '',
    hostname: wants('k8s.pod.hostname') ? text(spec.hostname) : '',
    hostNetwork: spec.hostNetwork === true,
    containers: withContainers ? specs(spec) : [],
    statuses: withContainers ? statuses(status) : [],
  };
}
