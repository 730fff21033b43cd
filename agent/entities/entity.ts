import { entityId } from '../../wire/entity/id.ts';

/** Values of descriptive attributes. */
export type EntityValue = string | number | readonly string[];

/** An entity as it is reported. */
export interface EntityDescription {
  readonly type: string;
  /** Identifying attributes, as OpenTelemetry names them. */
  readonly identity: Readonly<Record<string, string>>;
  readonly id: bigint;
  /** Everything else that is known. */
  readonly description: Readonly<Record<string, EntityValue>>;
  readonly relationships: readonly Relationship[];
  /** From when on the entity is this, nanoseconds since 1970; undefined = not known. */
  readonly validFrom: bigint | undefined;
}

/** `runs_on`, `part_of`: what this entity is to another. */
export interface Relationship {
  readonly type: string;
  readonly entityType: string;
  readonly identity: Readonly<Record<string, string>>;
}

/** What identifies the machine. */
export interface HostIdentity {
  /** Machine id, else boot id; '' = not known. */
  readonly id: string;
  readonly name: string;
}

function entity(
  type: string,
  identity: Readonly<Record<string, string>>,
  description: Readonly<Record<string, EntityValue>>,
  relationships: readonly Relationship[] = [],
  validFrom?: bigint,
): EntityDescription {
  return {
    type,
    identity,
    id: entityId(type, identity),
    description,
    relationships,
    validFrom,
  };
}

function hostIdentity(host: HostIdentity): Readonly<Record<string, string>> {
  return host.id === '' ? { 'host.name': host.name } : { 'host.id': host.id };
}

/** The machine that captures. @param addresses all but loopback ones */
export function hostEntity(host: HostIdentity, addresses: readonly string[]): EntityDescription {
  const description = {
    'host.name': host.name,
    ...(addresses.length === 0 ? {} : { 'host.ip': addresses }),
  };
  return entity('host', hostIdentity(host), description);
}

/** A service by its name. @param namespace '' = none */
export function service(
  name: string,
  namespace: string,
  description: Readonly<Record<string, EntityValue>>,
): EntityDescription {
  return entity('service', serviceIdentity(name, namespace), description);
}

function serviceIdentity(name: string, namespace: string): Readonly<Record<string, string>> {
  if (namespace === '') return { 'service.name': name };
  return { 'service.namespace': namespace, 'service.name': name };
}

/** A container on the machine that captures, by the id that its runtime gave it. */
export function container(
  id: string,
  description: Readonly<Record<string, EntityValue>>,
  host: HostIdentity,
): EntityDescription {
  const on = { type: 'runs_on', entityType: 'host', identity: hostIdentity(host) };
  return entity('container', { 'container.id': id }, description, [on]);
}

/** What a process belongs to, '' = not known. */
export interface ProcessPlace {
  readonly service: string;
  readonly serviceNamespace: string;
  readonly containerId: string;
}

/** A process; its identity are host, pid and the time it was started. */
export function processEntity(
  host: HostIdentity,
  pid: number,
  startTimeNs: bigint,
  place: ProcessPlace,
  description: Readonly<Record<string, EntityValue>>,
): EntityDescription {
  const identity = {
    ...hostIdentity(host),
    'process.pid': String(pid),
    'process.creation.time': rfc3339(startTimeNs),
  };
  const relationships: Relationship[] = [
    { type: 'runs_on', entityType: 'host', identity: hostIdentity(host) },
    {
      type: 'part_of',
      entityType: 'service',
      identity: serviceIdentity(place.service, place.serviceNamespace),
    },
  ];
  if (place.containerId !== '') {
    const containerIdentity = { 'container.id': place.containerId };
    relationships.push({
      type: 'part_of',
      entityType: 'container',
      identity: containerIdentity,
    });
  }
  return entity('process', identity, description, relationships, startTimeNs);
}

/** A host out of the inventory. */
export function inventoryHost(
  name: string,
  addresses: readonly string[],
  description: Readonly<Record<string, EntityValue>>,
): EntityDescription {
  return entity('host', { 'host.name': name }, { ...description, 'host.ip': addresses });
}

/** A block of addresses out of the inventory. */
export function network(
  name: string,
  cidr: string,
  description: Readonly<Record<string, EntityValue>>,
): EntityDescription {
  const identity = { 'wirestitch.network.name': name };
  return entity('wirestitch.network', identity, {
    ...description,
    'wirestitch.network.cidr': cidr,
  });
}

/** An availability zone out of the inventory. */
export function zone(name: string, region: string): EntityDescription {
  return entity('wirestitch.zone', { 'cloud.availability_zone': name }, { 'cloud.region': region });
}

/** Milliseconds are kept: the kernel tells start times to 10 ms. */
export function rfc3339(unixNanos: bigint): string {
  return new Date(Number(unixNanos / 1_000_000n)).toISOString();
}
