import type { Rules } from '../rules.ts';
import { canonicalImage, parseImage, versionOf } from './image.ts';
import type { PodObject } from './model.ts';

/** A run of a container. */
export interface ContainerRun {
  /** Without the name of the runtime; '' = not wanted. */
  readonly id: string;
  readonly repoDigest: string;
}

/** What is known of a container; '' = not known or not wanted. */
export interface Container {
  name: string;
  imageName: string;
  imageTag: string;
  imageTags: readonly string[];
  instanceId: string;
  version: string;
  /** By restart count. */
  runs: Map<number, ContainerRun>;
}

/** The containers of a pod, one object under its name and under each id of its runs. */
export interface PodContainers {
  readonly byId: ReadonlyMap<string, Container>;
  readonly byName: ReadonlyMap<string, Container>;
}

/** Of pods whose containers are not wanted. */
export const noContainers: PodContainers = { byId: new Map(), byName: new Map() };

function empty(): Container {
  return {
    name: '',
    imageName: '',
    imageTag: '',
    imageTags: [],
    instanceId: '',
    version: '',
    runs: new Map(),
  };
}

const specAttributes = [
  'container.image.name',
  'container.image.tag',
  'container.image.tags',
  'service.version',
  'service.instance.id',
] as const;

const imageAttributes = specAttributes.slice(0, 4);

function ofSpec(rules: Rules, image: string): Container {
  const { wanted, gates } = rules;
  const container = empty();
  if (!imageAttributes.some((name) => wanted.has(name))) return container;
  const parsed = parseImage(image);
  if (parsed === undefined) return container;
  const tag = parsed.tag === '' ? 'latest' : parsed.tag;
  if (wanted.has('container.image.name')) container.imageName = parsed.name;
  if (wanted.has('container.image.tag') && gates.legacy) container.imageTag = tag;
  if (wanted.has('container.image.tags') && gates.stable) container.imageTags = [tag];
  if (wanted.has('service.version')) container.version = versionOf(parsed) ?? '';
  return container;
}

/** The id without `RUNTIME://`. */
function bareId(id: string): string {
  const parts = id.split('://');
  return parts.length === 2 ? parts[1]! : id;
}

/** What is known of the containers of a pod, by its specification and its status. */
export function containersOf(rules: Rules, pod: PodObject): PodContainers {
  const { wanted } = rules;
  const byName = new Map<string, Container>();
  const byId = new Map<string, Container>();
  if (specAttributes.some((name) => wanted.has(name))) {
    for (const { name, image } of pod.containers) byName.set(name, ofSpec(rules, image));
  }
  const wantsId = wanted.has('container.id');
  const wantsDigests = wanted.has('container.image.repo_digests');
  for (const { name, containerId, imageId, restartCount } of pod.statuses) {
    const container = byName.get(name) ?? empty();
    byName.set(name, container);
    if (wanted.has('k8s.container.name')) container.name = name;
    if (wanted.has('service.instance.id')) {
      container.instanceId = `${pod.namespace}.${pod.name}.${name}`;
    }
    const id = bareId(containerId);
    byId.set(id, container);
    if (!wantsId && !wantsDigests) continue;
    container.runs.set(restartCount, {
      id: wantsId ? id : '',
      repoDigest: (wantsDigests ? canonicalImage(imageId) : undefined) ?? '',
    });
  }
  return { byId, byName };
}
