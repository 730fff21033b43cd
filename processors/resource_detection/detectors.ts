import type { Blocks } from './blocks.ts';
import { ec2, ecs, eks } from './detect/aws.ts';
import { aks, azure } from './detect/azure.ts';
import * as clouds from './detect/clouds.ts';
import { kubeadm, kubernetesNode, openShift } from './detect/cluster.ts';
import { gcp } from './detect/gcp.ts';
import { ibmClassic, ibmVpc } from './detect/ibm.ts';
import { dynatrace, elasticBeanstalk, env, heroku, lambda } from './detect/local.ts';
import { consul, docker } from './detect/services.ts';
import { system } from './detect/system.ts';
import type { Found, Wanted } from './found.ts';
import type { World } from './world.ts';

/**
 * Looks where the program runs. What is not there gives nothing.
 * @throws Error when it is there and does not answer as it should
 */
export type Detect = (world: World, blocks: Blocks) => Promise<Found>;

type Plain = {
  [K in keyof Blocks]: keyof Blocks[K] extends 'resource_attributes' ? K : never;
}[keyof Blocks];

type Cloud = 'alibaba_ecs' | 'tencent_cvm' | 'upcloud' | 'vultr';

const plain =
  (key: Plain, detect: (world: World, wanted: Wanted) => Promise<Found>): Detect =>
  (world, blocks) =>
    detect(world, blocks[key].resource_attributes);

const cloud =
  (key: Cloud, detect: (world: World, wanted: Wanted, needed: boolean) => Promise<Found>): Detect =>
  (world, blocks) =>
    detect(world, blocks[key].resource_attributes, blocks[key].fail_on_missing_metadata);

const node =
  (key: 'k8s_api' | 'k8snode'): Detect =>
  (world, { [key]: block }) =>
    kubernetesNode(world, block.resource_attributes, block.node_from_env_var || 'K8S_NODE_NAME');

const detectors: Readonly<Record<string, Detect>> = {
  akamai: plain('akamai', clouds.akamai),
  aks: plain('aks', aks),
  alibaba_ecs: cloud('alibaba_ecs', clouds.alibabaEcs),
  azure: (world, { azure: block }) => azure(world, block.resource_attributes, block.tags),
  consul: (world, { consul: block }) =>
    consul(world, block.resource_attributes, {
      ...block,
      token: block.token.reveal(),
      tokenFile: block.token_file,
    }),
  digitalocean: plain('digitalocean', clouds.digitalOcean),
  docker: plain('docker', docker),
  dynatrace: (world) => dynatrace(world),
  ec2: (world, { ec2: block }) =>
    ec2(world, block.resource_attributes, {
      tags: block.tags,
      tagsFromMetadata: block.tags_from_imds,
      attempts: { count: block.max_attempts, maxBackoffMs: block.max_backoff },
      needed: block.fail_on_missing_metadata,
    }),
  ecs: plain('ecs', ecs),
  eks: (world, { eks: block }) => eks(world, block.resource_attributes),
  elastic_beanstalk: plain('elasticbeanstalk', elasticBeanstalk),
  env: (world) => env(world),
  gcp: (world, { gcp: block }) => gcp(world, block.resource_attributes),
  heroku: plain('heroku', heroku),
  hetzner: plain('hetzner', clouds.hetzner),
  ibmcloud_classic: plain('ibmcloud_classic', ibmClassic),
  ibmcloud_vpc: (world, { ibmcloud_vpc: block }) =>
    ibmVpc(world, block.resource_attributes, block.protocol),
  k8s_api: node('k8s_api'),
  k8snode: node('k8snode'),
  kubeadm: (world, { kubeadm: block }) => kubeadm(world, block.resource_attributes),
  lambda: plain('lambda', lambda),
  nova: (world, { nova: block }) =>
    clouds.nova(world, block.resource_attributes, block.labels, block.fail_on_missing_metadata),
  openshift: (world, { openshift: block }) =>
    openShift(world, block.resource_attributes, { ...block, token: block.token.reveal() }),
  oraclecloud: plain('oraclecloud', clouds.oracleCloud),
  scaleway: plain('scaleway', clouds.scaleway),
  system: (world, { system: block }) => {
    const { hostname_sources: sources, resource_attributes: wanted } = block;
    return system(world, wanted, sources.length === 0 ? ['dns', 'os'] : sources);
  },
  tencent_cvm: cloud('tencent_cvm', clouds.tencentCvm),
  upcloud: cloud('upcloud', clouds.upcloud),
  vultr: cloud('vultr', clouds.vultr),
};

/** Whether key `detectors` may have the name. */
export function isDetector(name: string): boolean {
  return Object.hasOwn(detectors, name);
}

/** The detector with this name, which {@link isDetector} knows. */
export function detectorOf(name: string): Detect {
  const detect = detectors[name];
  if (detect === undefined) throw new Error(`BUG: no detector ${name}`);
  return detect;
}
