import {
  container,
  type EntityDescription,
  type HostIdentity,
  processEntity,
  rfc3339,
  service,
} from '../entities/entity.ts';
import { Attribute } from '../spans/attributes.ts';
import type { Inventory } from './inventory.ts';
import type { ProcessFacts } from './read-process.ts';
import { redactCommandLine } from './redact.ts';
import { executableName } from './runtime.ts';
import { ticksPerSecond } from './stat.ts';
import { baseName, cleanText } from './text.ts';
import type { ProcessTags, ServiceFrom, TagValue } from './types.ts';

/** What is the same for all processes of a machine. */
export interface TagContext {
  readonly host: HostIdentity;
  /** Unix seconds. */
  readonly bootTime: number;
  readonly inventory: Inventory | undefined;
  /** Name of a container, '' = not known. */
  containerName(id: string): string;
}

/** A process with its tags, and the entities that it is and belongs to. */
export interface TaggedProcess {
  readonly tags: ProcessTags;
  readonly entities: readonly EntityDescription[];
}

/** Start of a process, nanoseconds since 1970; to the second of the machine's start. */
export function startTimeNs(bootTime: number, startTicks: number): bigint {
  return BigInt(bootTime) * 1_000_000_000n + BigInt(startTicks) * BigInt(1e9 / ticksPerSecond);
}

/** Names a process and says what is known of it. @param unixNanos for the inventory's from-to */
export function tagProcess(
  facts: ProcessFacts,
  context: TagContext,
  unixNanos: bigint,
): TaggedProcess {
  const { containerId } = facts.cgroup;
  const containerName = containerId === '' ? '' : context.containerName(containerId);
  const commandLine = redactCommandLine(facts.args);
  const listed = context.inventory?.serviceOf(
    {
      executable: facts.executable,
      commandLine,
      cgroup: facts.cgroup.path,
      unit: facts.cgroup.unit,
      container: containerName,
    },
    unixNanos,
  );
  const named = serviceName(facts, listed?.name ?? '', containerName);
  const start = startTimeNs(context.bootTime, facts.stat.startTicks);
  const seen = seenOf(facts, commandLine, start);
  // What the process says of itself does not overrule what was seen.
  const attributes: Readonly<Record<string, TagValue>> = {
    ...listed?.attributes,
    ...Object.fromEntries(facts.environment.resourceAttributes),
    ...hostAttributes(context.host),
    ...seen,
    ...(containerName === '' ? {} : { 'container.name': containerName }),
    [Attribute.serviceName]: named.name,
    [Attribute.serviceFrom]: named.from,
  };
  const namespace = attributes['service.namespace'];
  const serviceNamespace = typeof namespace === 'string' ? namespace : '';
  const place = { service: named.name, serviceNamespace, containerId };
  const process = processEntity(context.host, facts.pid, start, place, seen);
  const tags: ProcessTags = {
    pid: facts.pid,
    startTimeNs: start,
    service: named.name,
    serviceFrom: named.from,
    attributes,
    entityId: process.id,
    networkNamespace: facts.networkNamespace,
  };
  const entities = [process, service(named.name, serviceNamespace, listed?.attributes ?? {})];
  if (containerId !== '') {
    const description = {
      ...(containerName === '' ? {} : { 'container.name': containerName }),
      ...(facts.cgroup.podUid === '' ? {} : { 'k8s.pod.uid': facts.cgroup.podUid }),
    };
    entities.push(container(containerId, description, context.host));
  }
  return { tags, entities };
}

interface Named {
  readonly name: string;
  readonly from: ServiceFrom;
}

function serviceName(facts: ProcessFacts, inventory: string, container: string): Named {
  const { environment, cgroup, runtime } = facts;
  const file = facts.calledAs === '' ? executableFile(facts) : facts.calledAs;
  const candidates: readonly (readonly [name: string, from: ServiceFrom])[] = [
    [environment.serviceName, 'OTEL_SERVICE_NAME'],
    [environment.resourceAttributes.get('service.name') ?? '', 'OTEL_RESOURCE_ATTRIBUTES'],
    [inventory, 'inventory'],
    [container, 'container'],
    [cgroup.unit, 'unit'],
    [executableName(runtime, file, facts.args, facts.folder), 'executable'],
  ];
  const found = candidates.find(([name]) => name !== '');
  return found === undefined
    ? { name: `pid ${facts.pid}`, from: 'executable' }
    : { name: found[0], from: found[1] };
}

/** Name of the executable's file; where that may not be seen, the kernel's name of the process. */
function executableFile({ executable, stat }: ProcessFacts): string {
  return executable === '' ? cleanText(stat.name, 256) : baseName(executable);
}

function hostAttributes(host: HostIdentity): Record<string, TagValue> {
  return {
    ...(host.name === '' ? {} : { 'host.name': host.name }),
    ...(host.id === '' ? {} : { 'host.id': host.id }),
  };
}

/** What /proc told, without the names that follow from it. */
function seenOf(facts: ProcessFacts, commandLine: string, start: bigint): Record<string, TagValue> {
  const { cgroup, executable, runtime, networkNamespace } = facts;
  const attributes: Record<string, TagValue> = {
    'process.pid': facts.pid,
    'process.parent_pid': facts.stat.parentPid,
    'process.creation.time': rfc3339(start),
    'process.executable.name': executableFile(facts),
  };
  const known = (key: string, value: string): void => {
    if (value !== '') attributes[key] = value;
  };
  known('process.executable.path', executable);
  known('process.command_line', commandLine);
  known('process.runtime.name', runtime === 'native' || runtime === 'shell' ? '' : runtime);
  known('process.linux.cgroup', cgroup.path);
  known('container.id', cgroup.containerId);
  known('k8s.pod.uid', cgroup.podUid);
  if (networkNamespace !== 0) attributes['wirestitch.network_namespace'] = networkNamespace;
  return attributes;
}
