import type { TlsClientConfig } from '../../../config/groups/tls.ts';
import { loadTlsClient } from '../../../config/groups/tls-load.ts';
import { accountFolder } from '../../../pipeline/kubernetes/service-account.ts';
import { Finding, type Found, orAbsent, type Wanted } from '../found.ts';
import { textAt } from '../json.ts';
import { type Ask, fetchJson, type World } from '../world.ts';
import { quietly } from './quiet.ts';

const kubeSystem = '/api/v1/namespaces/kube-system';

/**
 * The node that this pod is on, and the cluster.
 * @param variable environment variable that has the name of the node
 */
export async function kubernetesNode(
  world: World,
  wanted: Wanted,
  variable: string,
): Promise<Found> {
  const name = world.env(variable) ?? '';
  if (name === '') {
    throw new Error(
      `node name can't be found: environment variable ${variable} must have it, by the downward API`,
    );
  }
  const finding = new Finding(wanted);
  if (finding.wants('k8s.node.uid') || finding.wants('k8s.node.name')) {
    const node = await world.kubernetes(`/api/v1/nodes/${encodeURIComponent(name)}`);
    finding
      .set('k8s.node.uid', textAt(node, 'metadata', 'uid'))
      .set('k8s.node.name', textAt(node, 'metadata', 'name'));
  }
  if (!finding.wants('k8s.cluster.uid')) return finding.found();
  try {
    const uid = textAt(await world.kubernetes(kubeSystem), 'metadata', 'uid');
    if (uid === '') throw new Error('kube-system namespace UID is empty');
    finding.set('k8s.cluster.uid', uid);
  } catch (error) {
    const why = (error as Error).message;
    if (!/status 40[13]$/.test(why)) throw new Error(`failed getting k8s cluster UID: ${why}`);
    world.log.warn(
      'no permission to get kube-system namespace, skipping k8s.cluster.uid: disable the ' +
        "attribute or grant 'get' on namespaces/kube-system",
      { error: why },
    );
  }
  return finding.found();
}

/** The cluster, by what kubeadm left in it. */
export async function kubeadm(world: World, wanted: Wanted): Promise<Found> {
  const finding = new Finding(wanted);
  if (finding.wants('k8s.cluster.name')) {
    const map = await world.kubernetes(`${kubeSystem}/configmaps/kubeadm-config`);
    const text = textAt(map, 'data', 'ClusterConfiguration');
    if (text === '')
      throw new Error('ClusterConfiguration key not found in ConfigMap kubeadm-config');
    const { parse } = await import('yaml');
    finding.set('k8s.cluster.name', textAt(parse(text) as unknown, 'clusterName'));
  }
  if (finding.wants('k8s.cluster.uid')) {
    finding.set('k8s.cluster.uid', textAt(await world.kubernetes(kubeSystem), 'metadata', 'uid'));
  }
  return finding.found();
}

interface OpenShiftOptions {
  readonly address: string;
  readonly token: string;
  readonly tls: TlsClientConfig;
}

/** Provider and platform of an OpenShift cluster, and where its region stands. */
const openShiftPlatforms: Readonly<Record<string, readonly string[]>> = {
  aws: ['aws', 'aws_openshift', 'aws', 'region'],
  azure: ['azure', 'azure.openshift', 'azure', 'cloudName'],
  gcp: ['gcp', 'gcp_openshift', 'gcp', 'region'],
  ibmcloud: ['ibm_cloud', 'ibm_cloud_openshift', 'ibmcloud', 'location'],
};

async function infrastructure(world: World, options: OpenShiftOptions): Promise<Ask> {
  const token = options.token || (await world.readText(`${accountFolder}/token`));
  const host = world.env('KUBERNETES_SERVICE_HOST') ?? '';
  const port = world.env('KUBERNETES_SERVICE_PORT') ?? '';
  if (token === undefined) throw new Error(`cannot read ${accountFolder}/token: no such file`);
  if (options.address === '' && (host === '' || port === '')) {
    throw new Error('could not extract openshift api host and port: give address');
  }
  const address = options.address || `https://${host}:${port}`;
  const { insecure, ca_file: own, ca_pem: pem } = options.tls;
  const isOwn = insecure || own !== undefined || pem !== undefined;
  const tls = await loadTlsClient(
    isOwn ? options.tls : { ...options.tls, ca_file: `${accountFolder}/ca.crt` },
  );
  const url = `${address}/apis/config.openshift.io/v1/infrastructures/cluster/status`;
  return { url, tls, headers: { authorization: `Bearer ${token.trim()}` } };
}

/** An OpenShift cluster. */
export async function openShift(
  world: World,
  wanted: Wanted,
  options: OpenShiftOptions,
): Promise<Found> {
  const ask = await infrastructure(world, options);
  return quietly(
    world,
    'OpenShift',
    () => fetchJson(world, ask),
    (answer) => {
      const finding = new Finding(wanted);
      finding.set('k8s.cluster.name', orAbsent(textAt(answer, 'status', 'infrastructureName')));
      const status = ['status', 'platformStatus'];
      const type = textAt(answer, ...status, 'type').toLowerCase();
      const platform = openShiftPlatforms[type];
      if (platform !== undefined) {
        const [provider, kind, ...path] = platform;
        finding
          .set('cloud.provider', provider)
          .set('cloud.platform', kind)
          .set('cloud.region', textAt(answer, ...status, ...path).toLowerCase());
      } else if (type === 'openstack') {
        const region = textAt(answer, ...status, 'openstack', 'cloudName');
        finding.set('cloud.region', region.toLowerCase());
      }
      return finding.found();
    },
  );
}
