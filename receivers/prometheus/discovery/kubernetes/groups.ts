import type { TargetGroup } from '../../target.ts';
import {
  containerLabels,
  containersOf,
  hostPort,
  labelsOf,
  metaLabels,
  podLabels,
  sanitized,
} from './labels.ts';
import type { EndpointSlice, Endpoints, Node, Pod, Service } from './objects.ts';

type Labels = Map<string, string>;
type Reference =
  | { readonly kind?: string | null | undefined; readonly name?: string | null | undefined }
  | null
  | undefined;

const addressTypes = ['InternalIP', 'InternalDNS', 'ExternalIP', 'ExternalDNS', 'Hostname'];

/** Role `node`: a target at the kubelet's port of the first address, InternalIP first. */
export function nodeGroup({ metadata, spec, status }: Node): TargetGroup {
  const addresses = status.addresses ?? [];
  const first = (type: string) => addresses.find((one) => one.type === type)?.address;
  const host = addressTypes.map(first).find((one) => one !== undefined);
  const port = status.daemonEndpoints?.kubeletEndpoint.Port ?? 0;
  const labels = labelsOf({ node_provider_id: spec?.providerID });
  for (const { type, status: is } of status.conditions ?? []) {
    labels.set(
      `__meta_kubernetes_node_condition_${sanitized(type.toLowerCase())}`,
      is.toLowerCase(),
    );
  }
  const target = labelsOf({
    __address__: host === undefined ? '' : hostPort(host, port),
    instance: metadata.name,
  });
  for (const { type } of addresses) {
    target.set(`__meta_kubernetes_node_address_${sanitized(type)}`, first(type)!);
  }
  return {
    source: `node/${metadata.name}`,
    targets: host === undefined ? [] : [target],
    labels: new Map([...labels, ...metaLabels('node', metadata)]),
  };
}

/**
 * Role `pod`: a target for each port of each container, one without a port for containers without.
 */
export function podGroup(pod: Pod): TargetGroup {
  const { metadata, status } = pod;
  const source = `pod/${metadata.namespace}/${metadata.name}`;
  const ip = status.podIP;
  if (!ip) return { source, targets: [], labels: new Map() };
  const targets = containersOf(pod).flatMap(([container, init]): Labels[] => {
    const statuses = init ? status.initContainerStatuses : status.containerStatuses;
    const id = statuses?.find(({ name }) => name === container.name)?.containerID;
    const common = labelsOf({ pod_container_id: id });
    const ports = container.ports ?? [];
    if (ports.length === 0) {
      return [
        new Map([['__address__', ip], ...common, ...containerLabels(container, init)] as const),
      ];
    }
    return ports.map((port) => {
      const address = hostPort(ip, port.containerPort);
      return new Map([
        ['__address__', address],
        ...common,
        ...containerLabels(container, init, port),
      ] as const);
    });
  });
  const labels = new Map([...podLabels(pod), ...labelsOf({ namespace: metadata.namespace })]);
  return { source, targets, labels };
}

const serviceLabels = ({ metadata }: Service): Labels =>
  new Map([...labelsOf({ namespace: metadata.namespace }), ...metaLabels('service', metadata)]);

/** Role `service`: a target for each port, by the service's name in the cluster's DNS. */
export function serviceGroup(service: Service): TargetGroup {
  const { metadata, spec } = service;
  const external = spec.type === 'ExternalName';
  const targets = (spec.ports ?? []).map(({ name, port, protocol }) =>
    labelsOf({
      __address__: `${metadata.name}.${metadata.namespace}.svc:${port}`,
      service_port_name: name,
      service_port_number: port,
      service_port_protocol: protocol,
      service_type: spec.type,
      service_external_name: external ? spec.externalName : undefined,
      service_cluster_ip: external ? undefined : spec.clusterIP,
      service_loadbalancer_ip: spec.type === 'LoadBalancer' ? spec.loadBalancerIP : undefined,
    }),
  );
  const source = `svc/${metadata.namespace}/${metadata.name}`;
  return { source, targets, labels: serviceLabels(service) };
}

/** Pods and services that endpoints point at, by namespace and name. */
export interface Known {
  readonly pods: ReadonlyMap<string, Pod>;
  readonly services: ReadonlyMap<string, Service>;
}

interface PodPorts {
  readonly pod: Pod;
  readonly ports: Set<number>;
}

/** Targets of endpoints, with what is known of their pods; then their pods' other ports. */
class EndpointTargets {
  readonly targets: Labels[] = [];
  readonly #known: Known;
  readonly #namespace: string;
  readonly #seen = new Map<string, PodPorts>();

  constructor(known: Known, namespace: string) {
    this.#known = known;
    this.#namespace = namespace;
  }

  add(target: Labels, reference: Reference, port: number | null | undefined): void {
    const name = `${this.#namespace}/${reference?.name ?? ''}`;
    const pod = reference?.kind === 'Pod' ? this.#known.pods.get(name) : undefined;
    this.targets.push(target);
    if (pod === undefined) return;
    const seen = this.#seen.get(name) ?? { pod, ports: new Set() };
    this.#seen.set(name, seen);
    for (const [key, value] of podLabels(pod)) target.set(key, value);
    if (port === undefined || port === null) return;
    seen.ports.add(port);
    for (const [container, init] of containersOf(pod)) {
      const own = container.ports?.find((one) => one.containerPort === port);
      if (own === undefined) continue;
      for (const [key, value] of containerLabels(container, init, own)) target.set(key, value);
    }
  }

  addOtherPorts(): void {
    for (const { pod, ports } of this.#seen.values()) {
      const ip = pod.status.podIP;
      if (!ip) continue;
      for (const [container, init] of containersOf(pod)) {
        for (const port of container.ports ?? []) {
          if (ports.has(port.containerPort)) continue;
          const address = hostPort(ip, port.containerPort);
          this.targets.push(
            new Map([
              ['__address__', address],
              ...containerLabels(container, init, port),
              ...podLabels(pod),
            ] as const),
          );
        }
      }
    }
  }
}

/**
 * Role `endpoints`: a target for each address and port, then other ports of the pods behind them.
 */
export function endpointsGroup({ metadata, subsets }: Endpoints, known: Known): TargetGroup {
  const key = `${metadata.namespace}/${metadata.name}`;
  const out = new EndpointTargets(known, metadata.namespace);
  for (const { addresses, notReadyAddresses, ports } of subsets ?? []) {
    for (const port of ports ?? []) {
      for (const [list, ready] of [
        [addresses, true],
        [notReadyAddresses, false],
      ] as const) {
        for (const { ip, hostname, nodeName, targetRef } of list ?? []) {
          const target = labelsOf({
            __address__: hostPort(ip, port.port ?? 0),
            endpoint_port_name: port.name,
            endpoint_port_protocol: port.protocol,
            endpoint_ready: ready,
            endpoint_address_target_kind: targetRef?.kind,
            endpoint_address_target_name: targetRef?.name,
            endpoint_node_name: nodeName,
            endpoint_hostname: hostname,
          });
          out.add(target, targetRef, port.port);
        }
      }
    }
  }
  out.addOtherPorts();
  const service = known.services.get(key);
  const labels = new Map([
    ...labelsOf({ namespace: metadata.namespace }),
    ...(service === undefined ? [] : serviceLabels(service)),
    ...metaLabels('endpoints', metadata),
  ]);
  return { source: `endpoints/${key}`, targets: out.targets, labels };
}

/** Role `endpointslice`: as `endpoints`, out of slices. */
export function endpointSliceGroup(slice: EndpointSlice, known: Known): TargetGroup {
  const { metadata, addressType } = slice;
  const out = new EndpointTargets(known, metadata.namespace);
  for (const endpoint of slice.endpoints ?? []) {
    const { conditions, targetRef } = endpoint;
    for (const port of slice.ports ?? []) {
      for (const address of endpoint.addresses) {
        const target = labelsOf({
          __address__: port.port ? hostPort(address, port.port) : address,
          endpointslice_port_name: port.name,
          endpointslice_port_protocol: port.protocol,
          endpointslice_port: port.port,
          endpointslice_port_app_protocol: port.appProtocol,
          endpointslice_endpoint_conditions_ready: conditions?.ready,
          endpointslice_endpoint_conditions_serving: conditions?.serving,
          endpointslice_endpoint_conditions_terminating: conditions?.terminating,
          endpointslice_endpoint_hostname: endpoint.hostname,
          endpointslice_endpoint_node_name: endpoint.nodeName,
          endpointslice_endpoint_zone: endpoint.zone,
          endpointslice_address_target_kind: targetRef?.kind,
          endpointslice_address_target_name: targetRef?.name,
        });
        out.add(target, targetRef, port.port);
      }
    }
  }
  out.addOtherPorts();
  const name = metadata.labels?.['kubernetes.io/service-name'] ?? '';
  const service = known.services.get(`${metadata.namespace}/${name}`);
  const labels = new Map([
    ...labelsOf({ namespace: metadata.namespace, endpointslice_address_type: addressType }),
    ...metaLabels('endpointslice', metadata),
    ...(service === undefined ? [] : serviceLabels(service)),
  ]);
  const source = `endpointslice/${metadata.namespace}/${metadata.name}`;
  return { source, targets: out.targets, labels };
}
