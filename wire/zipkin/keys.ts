import { KeyTable } from '../tagged-spans/keys.ts';

/** Keys of tags that belong to the resource, beside all that begin with `k8s.` and the like. */
const resourceKeys = [
  ...['provider', 'account.id', 'region', 'availability_zone', 'platform', 'resource_id'].map(
    (name) => `cloud.${name}`,
  ),
  ...['container.arn', 'cluster.arn', 'launchtype', 'task.arn', 'task.family', 'task.revision'].map(
    (name) => `aws.ecs.${name}`,
  ),
  'aws.eks.cluster.arn',
  ...['group.names', 'group.arns', 'stream.names', 'stream.arns'].map((name) => `aws.log.${name}`),
  ...['name', 'id', 'runtime', 'image.name', 'image.tag'].map((name) => `container.${name}`),
  'deployment.environment',
  ...['id', 'model.identifier', 'model.name', 'manufacturer'].map((name) => `device.${name}`),
  ...['name', 'id', 'version', 'instance', 'max_memory'].map((name) => `faas.${name}`),
  ...['id', 'name', 'type', 'arch', 'image.name', 'image.id', 'image.version'].map(
    (name) => `host.${name}`,
  ),
  ...['cluster.name', 'node.name', 'node.uid', 'namespace.name', 'pod.uid', 'pod.name'].map(
    (name) => `k8s.${name}`,
  ),
  'k8s.container.name',
  'k8s.container.restart_count',
  ...['replicaset', 'deployment', 'statefulset', 'daemonset', 'job', 'cronjob'].flatMap((kind) => [
    `k8s.${kind}.uid`,
    `k8s.${kind}.name`,
  ]),
  ...['type', 'description', 'name', 'version'].map((name) => `os.${name}`),
  ...['pid', 'executable.name', 'executable.path', 'command', 'command_line', 'command_args'].map(
    (name) => `process.${name}`,
  ),
  'process.owner',
  ...['name', 'version', 'description'].map((name) => `process.runtime.${name}`),
  ...['name', 'namespace', 'instance.id', 'version'].map((name) => `service.${name}`),
  ...['sdk.name', 'sdk.language', 'sdk.version', 'auto.version'].map((name) => `telemetry.${name}`),
  ...['name', 'version', 'description'].map((name) => `webengine.${name}`),
  'opencensus.starttime',
  'opencensus.exporterversion',
  'opencensus.resourcetype',
] as const;

/** Keys below this number belong to the resource. */
export const resourceKeyCount = resourceKeys.length;

const special = [
  'otlp.service.name.source',
  'otel.library.name',
  'otel.library.version',
  'otel.scope.name',
  'otel.scope.version',
  'w3c.tracestate',
  'span.kind',
  'error',
  'otel.status_code',
  'otel.status_description',
  'http.status_code',
  'http.response.status_code',
  'http.status_message',
  'census.status_code',
  'census.status_description',
  'opencensus.status_description',
  'network.local.address',
  'net.host.port',
  'service.peer.name',
  'network.peer.address',
  'net.peer.port',
  'otel.zipkin.absentField.startTime',
  'net.host.ip',
  'net.peer.ip',
  'peer.service',
  'component',
  'ipv4',
  'ipv6',
  'port',
] as const;

type Special = (typeof special)[number];

/** Links of a span that a tag each is made of, at most. */
export const maxLinks = 128;

/** Number of the key otlp.link.0; the others follow. */
export const firstLinkKey = resourceKeyCount + special.length;

const links = Array.from({ length: maxLinks }, (_, i) => `otlp.link.${i}`);

/** Number of a key that means something. */
export function keyOf(name: Special): number {
  return resourceKeyCount + special.indexOf(name);
}

/** Numbers of keys of the resource. */
export const serviceNameKey = resourceKeys.indexOf('service.name');
/** See {@link serviceNameKey}. */
export const functionIdKey = resourceKeys.indexOf('faas.id');
/** See {@link serviceNameKey}. */
export const cloudResourceKey = resourceKeys.indexOf('cloud.resource_id');

/**
 * A new table of the keys that mean something in Zipkin's spans; keys of clients are added as they
 * come.
 */
export function zipkinKeys(): KeyTable {
  return new KeyTable([...resourceKeys, ...special, ...links]);
}
