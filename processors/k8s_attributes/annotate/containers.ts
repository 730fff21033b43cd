import type { Container, PodContainers } from '../objects/containers.ts';
import type { ResourceText } from './resource-text.ts';

function only<T>(map: ReadonlyMap<string, T>): T | undefined {
  return map.size === 1 ? map.values().next().value : undefined;
}

/** The container that a resource names, or the only one. */
function containerOf(resource: ResourceText, { byId, byName }: PodContainers) {
  const name = resource.text('k8s.container.name');
  if (name !== '') return byName.get(name);
  const id = resource.text('container.id');
  if (id !== '') return byId.get(id);
  return only(byId) ?? only(byName);
}

/** The run that a resource names by its restart count, or the last one. */
function runOf(resource: ResourceText, { runs }: Container) {
  const asked = resource.int('k8s.container.restart_count');
  return runs.get(asked ?? Math.max(-1, ...runs.keys()));
}

/** Sets what is known of the container that a resource is in. */
export function setContainer(resource: ResourceText, containers: PodContainers): void {
  const container = containerOf(resource, containers);
  if (container === undefined) return;
  const set = (name: string, value: string) => {
    if (value !== '') resource.set(name, value);
  };
  set('k8s.container.name', container.name);
  set('container.image.name', container.imageName);
  set('container.image.tag', container.imageTag);
  if (container.imageTags.length > 0) resource.setList('container.image.tags', container.imageTags);
  set('service.instance.id', container.instanceId);
  set('service.version', container.version);
  const run = runOf(resource, container);
  if (run === undefined) return;
  if (run.id !== '') resource.setAbsent('container.id', run.id);
  if (run.repoDigest !== '') resource.setList('container.image.repo_digests', [run.repoDigest]);
}
