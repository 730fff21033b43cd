import { isIP as versionOf } from 'node:net';
import { type Association, byConnection, part } from '../store/identifier.ts';
import type { ResourceText } from './resource-text.ts';

const isAddress = (text: string): boolean => versionOf(text) !== 0 && !text.includes('%');

/** What a resource says of its pod. */
export interface Identification {
  /** '' = nothing that a pod could be found by. */
  readonly identifier: string;
  /** The sources, without values, for metrics: `connection`, `resource_attribute/k8s.pod.uid+...`. */
  readonly label: string;
  /** Address of the pod when it was identified by one; '' = not. */
  readonly connection: string;
}

const unidentified: Identification = { identifier: '', label: '', connection: '' };

/** Attributes that have the address of a pod; then the connection counts, then host.name. */
const addressAttributes = ['k8s.pod.ip', 'ip'] as const;

function byDefault(resource: ResourceText, address: string): Identification {
  const found = (ip: string): Identification => ({
    identifier: byConnection(ip),
    label: 'connection',
    connection: ip,
  });
  for (const name of addressAttributes) {
    const ip = resource.text(name);
    if (ip !== '') return found(ip);
  }
  if (address !== '') return found(address);
  const host = resource.text('host.name');
  return isAddress(host) ? found(host) : unidentified;
}

function byOne(
  association: Association,
  resource: ResourceText,
  address: string,
): Identification | undefined {
  let identifier = '';
  let connection = '';
  let isCut = false;
  const labels: string[] = [];
  for (const { from, name } of association) {
    const isConnection = from === 'connection';
    if (!isConnection && from !== 'resource_attribute') {
      // an unknown source has no value: alone or first it identifies nothing
      isCut = true;
      continue;
    }
    const value = isConnection ? address : resource.text(name);
    if (value === '') return undefined;
    if (name === 'host.name' && !isAddress(value)) return undefined;
    if (isConnection) connection ||= value;
    if (!isCut) labels.push(isConnection ? from : `${from}/${name}`);
    identifier += part(from, name, value);
  }
  if (labels.length === 0) identifier = '';
  return { identifier, label: labels.join('+'), connection };
}

/**
 * What a resource says of its pod, by the first association that it has everything of.
 * @param address of who sent it, '' = not known
 */
export function identify(
  associations: readonly Association[],
  resource: ResourceText,
  address: string,
): Identification {
  if (associations.length === 0) return byDefault(resource, address);
  for (const association of associations) {
    const found = byOne(association, resource, address);
    if (found !== undefined) return found;
  }
  return unidentified;
}
