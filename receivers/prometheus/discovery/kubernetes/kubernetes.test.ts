import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testSettings } from '../../../../testing/settings.ts';
import { config } from '../../config/index.ts';
import type { TargetGroup } from '../../target.ts';
import { kubernetesDiscoverer } from './index.ts';

const pod = {
  metadata: {
    name: 'web-1',
    namespace: 'shop',
    uid: 'u1',
    labels: { 'app.io/name': 'web' },
    annotations: { 'prometheus.io/scrape': 'true' },
    ownerReferences: [{ kind: 'ReplicaSet', name: 'web', controller: true }],
  },
  spec: {
    nodeName: 'n1',
    containers: [
      {
        name: 'app',
        image: 'web:1',
        ports: [{ name: 'http', containerPort: 80, protocol: 'TCP' }],
      },
      { name: 'side', image: 'side:1' },
    ],
  },
  status: {
    podIP: '10.0.0.5',
    hostIP: '10.1.0.1',
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [{ name: 'app', containerID: 'containerd://x' }],
  },
};

const service = {
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    type: 'ClusterIP',
    clusterIP: '10.2.0.1',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  },
};

const objects: Readonly<Record<string, readonly object[]>> = {
  '/api/v1/namespaces/shop/pods': [pod],
  '/api/v1/namespaces/shop/services': [service],
  '/api/v1/nodes?labelSelector=a%3Db': [
    {
      metadata: { name: 'n1' },
      spec: { providerID: 'p://1' },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        addresses: [
          { type: 'Hostname', address: 'n1.local' },
          { type: 'InternalIP', address: '10.1.0.1' },
        ],
        daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
      },
    },
  ],
  '/api/v1/namespaces/shop/endpoints': [
    {
      metadata: { name: 'web', namespace: 'shop' },
      subsets: [
        {
          addresses: [
            { ip: '10.0.0.5', nodeName: 'n1', targetRef: { kind: 'Pod', name: 'web-1' } },
          ],
          notReadyAddresses: [{ ip: '10.0.0.6' }],
          ports: [{ name: 'admin', port: 9000, protocol: 'TCP' }],
        },
      ],
    },
  ],
  '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices': [
    {
      metadata: {
        name: 'web-x',
        namespace: 'shop',
        labels: { 'kubernetes.io/service-name': 'web' },
      },
      addressType: 'IPv6',
      endpoints: [{ addresses: ['fd00::5'], conditions: { ready: true }, zone: 'z1' }],
      ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
    },
  ],
};

async function groupsOf(keys: object): Promise<readonly TargetGroup[]> {
  const { config: prometheus } = config.parse({
    config: { scrape_configs: [{ job_name: 'k', kubernetes_sd_configs: [keys] }] },
  });
  const [given] = prometheus!.scrape_configs[0]!.kubernetes_sd_configs;
  const read = async (path: string): Promise<unknown> => {
    assert.ok(objects[path], path);
    return { items: objects[path] };
  };
  const reader = { read, namespace: async () => 'shop', close: async () => {} };
  const discoverer = kubernetesDiscoverer(testSettings(), given!, reader);
  const groups = await new Promise<readonly TargetGroup[]>((resolve) => discoverer.start(resolve));
  await discoverer.close();
  return groups;
}

const plain = (labels: ReadonlyMap<string, string>) =>
  Object.fromEntries([...labels].map(([k, v]) => [k.replace('__meta_kubernetes_', ''), v]));

const shop = { namespaces: { names: ['shop'] } };

test('pods: a target for each port, one for a container without', async () => {
  const [group] = await groupsOf({ role: 'pod', ...shop });
  assert.deepEqual(group!.targets.map(plain), [
    {
      __address__: '10.0.0.5:80',
      pod_container_id: 'containerd://x',
      pod_container_name: 'app',
      pod_container_image: 'web:1',
      pod_container_init: 'false',
      pod_container_port_number: '80',
      pod_container_port_name: 'http',
      pod_container_port_protocol: 'TCP',
    },
    {
      __address__: '10.0.0.5',
      pod_container_name: 'side',
      pod_container_image: 'side:1',
      pod_container_init: 'false',
    },
  ]);
  assert.deepEqual(plain(group!.labels), {
    pod_ip: '10.0.0.5',
    pod_ready: 'true',
    pod_phase: 'Running',
    pod_node_name: 'n1',
    pod_host_ip: '10.1.0.1',
    pod_uid: 'u1',
    pod_controller_kind: 'ReplicaSet',
    pod_controller_name: 'web',
    pod_name: 'web-1',
    pod_label_app_io_name: 'web',
    pod_labelpresent_app_io_name: 'true',
    pod_annotation_prometheus_io_scrape: 'true',
    pod_annotationpresent_prometheus_io_scrape: 'true',
    namespace: 'shop',
  });
});

test('nodes by their best address, as a selector says', async () => {
  const selectors = [{ role: 'node', label: 'a=b' }];
  const [group] = await groupsOf({ role: 'node', selectors });
  assert.deepEqual(group!.targets.map(plain), [
    {
      __address__: '10.1.0.1:10250',
      instance: 'n1',
      node_address_Hostname: 'n1.local',
      node_address_InternalIP: '10.1.0.1',
    },
  ]);
  assert.equal(plain(group!.labels).node_condition_ready, 'true');
});

test('services of the own namespace', async () => {
  const [group] = await groupsOf({ role: 'service', namespaces: { own_namespace: true } });
  assert.deepEqual(plain(group!.targets[0]!), {
    __address__: 'web.shop.svc:8080',
    service_port_name: 'http',
    service_port_number: '8080',
    service_port_protocol: 'TCP',
    service_type: 'ClusterIP',
    service_cluster_ip: '10.2.0.1',
  });
});

test("endpoints: with their pods' labels, and other ports of these pods", async () => {
  const [group] = await groupsOf({ role: 'endpoints', ...shop });
  const [first, second, third] = group!.targets.map(plain);
  assert.equal(first!.__address__, '10.0.0.5:9000');
  assert.equal(first!.endpoint_ready, 'true');
  assert.equal(first!.pod_name, 'web-1');
  assert.deepEqual([second!.__address__, second!.endpoint_ready], ['10.0.0.6:9000', 'false']);
  assert.deepEqual([third!.__address__, third!.pod_container_name], ['10.0.0.5:80', 'app']);
  assert.equal(plain(group!.labels).service_name, 'web');
});

test('endpoint slices', async () => {
  const [group] = await groupsOf({ role: 'endpointslice', ...shop });
  assert.deepEqual(plain(group!.targets[0]!), {
    __address__: '[fd00::5]:80',
    endpointslice_port_name: 'http',
    endpointslice_port_protocol: 'TCP',
    endpointslice_port: '80',
    endpointslice_endpoint_conditions_ready: 'true',
    endpointslice_endpoint_zone: 'z1',
  });
  assert.equal(plain(group!.labels).endpointslice_address_type, 'IPv6');
  assert.equal(plain(group!.labels).service_name, 'web');
});
