/**
 * Attributes of resources by the OpenTelemetry semantic conventions 1.16: tags of these names say
 * what a line's series belongs to (https://opentelemetry.io/docs/specs/semconv/resource/).
 */
const names = `
  aws.ecs.cluster.arn aws.ecs.container.arn aws.ecs.launchtype aws.ecs.task.arn
  aws.ecs.task.family aws.ecs.task.revision aws.eks.cluster.arn aws.log.group.arns
  aws.log.group.names aws.log.stream.arns aws.log.stream.names browser.brands browser.language
  browser.mobile browser.platform browser.user_agent cloud.account.id cloud.availability_zone
  cloud.platform cloud.provider cloud.region container.id container.image.name container.image.tag
  container.name container.runtime deployment.environment device.id device.manufacturer
  device.model.identifier device.model.name faas.id faas.instance faas.max_memory faas.name
  faas.version host.arch host.id host.image.id host.image.name host.image.version host.name
  host.type k8s.cluster.name k8s.container.name k8s.container.restart_count k8s.cronjob.name
  k8s.cronjob.uid k8s.daemonset.name k8s.daemonset.uid k8s.deployment.name k8s.deployment.uid
  k8s.job.name k8s.job.uid k8s.namespace.name k8s.node.name k8s.node.uid k8s.pod.name k8s.pod.uid
  k8s.replicaset.name k8s.replicaset.uid k8s.statefulset.name k8s.statefulset.uid os.description
  os.name os.type os.version otel.scope.name otel.scope.version process.command
  process.command_args process.command_line process.executable.name process.executable.path
  process.owner process.parent_pid process.pid process.runtime.description process.runtime.name
  process.runtime.version service.instance.id service.name service.namespace service.version
  telemetry.auto.version telemetry.sdk.language telemetry.sdk.name telemetry.sdk.version
  webengine.description webengine.name webengine.version
`;

const known: ReadonlySet<string> = new Set(names.trim().split(/\s+/));

/** Whether a tag describes the resource: a known name, or one below it (`k8s.pod.name.x`). */
export function isResourceKey(key: string): boolean {
  if (known.has(key)) return true;
  let head = key;
  for (;;) {
    const dot = head.lastIndexOf('.');
    if (dot < 0 || !/^[a-z0-9]+$/.test(head.slice(dot + 1))) return false;
    head = head.slice(0, dot);
    if (known.has(head)) return true;
  }
}
