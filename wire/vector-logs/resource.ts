import type { AttributeValue } from '../../pdata/values.ts';

/** A JSON object. */
export type Fields = { readonly [key: string]: AttributeValue };

/** Whether a value of an event is a map of fields; neither null nor an array is. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Resource attributes by fields of `kubernetes`, as Vector's source kubernetes_logs has them. */
const names: ReadonlyMap<string, string> = new Map([
  ['pod_name', 'k8s.pod.name'],
  ['pod_ip', 'k8s.pod.ip'],
  ['pod_uid', 'k8s.pod.uid'],
  ['pod_namespace', 'k8s.namespace.name'],
  ['pod_node_name', 'k8s.node.name'],
  ['container_name', 'k8s.container.name'],
  ['container_image_id', 'container.image.id'],
]);

/** Attributes by fields that hold labels or annotations. */
const prefixes: ReadonlyMap<string, string> = new Map([
  ['pod_labels', 'k8s.pod.label.'],
  ['pod_annotations', 'k8s.pod.annotation.'],
  ['namespace_labels', 'k8s.namespace.label.'],
  ['node_labels', 'k8s.node.label.'],
]);

function putImage(into: Map<string, AttributeValue>, image: string): void {
  const colon = image.indexOf(':', image.lastIndexOf('/') + 1);
  into.set('container.image.name', colon < 0 ? image : image.slice(0, colon));
  if (colon >= 0) into.set('container.image.tags', [image.slice(colon + 1)]);
}

function putKubernetes(into: Map<string, AttributeValue>, kubernetes: Fields): void {
  for (const [key, value] of Object.entries(kubernetes)) {
    const prefix = prefixes.get(key);
    if (value === null || value === '') continue;
    if (typeof value === 'string' && key === 'container_image') putImage(into, value);
    else if (typeof value === 'string' && key === 'container_id') {
      into.set('container.id', value.replace(/^[a-z-]+:\/\//, ''));
    } else if (prefix !== undefined && isFields(value)) {
      for (const [label, text] of Object.entries(value)) into.set(prefix + label, text);
    } else into.set(names.get(key) ?? `kubernetes.${key}`, value);
  }
}

/** What an event says of where it comes from. */
export function resourceOf(event: Fields): ReadonlyMap<string, AttributeValue> {
  const resource = new Map<string, AttributeValue>();
  const { app_service: service, host, kubernetes } = event;
  if (typeof service === 'string' && service !== '') resource.set('service.name', service);
  if (typeof host === 'string' && host !== '') resource.set('host.name', host);
  if (isFields(kubernetes)) putKubernetes(resource, kubernetes);
  return resource;
}

/** Whether {@link resourceOf} has taken a field. */
export function isOfResource(key: string, value: AttributeValue): boolean {
  if (key === 'kubernetes') return isFields(value);
  return (key === 'app_service' || key === 'host') && typeof value === 'string';
}
