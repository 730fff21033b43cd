import { z } from 'zod';
import { tlsClient } from '../../config/groups/tls.ts';
import { duration, secret } from '../../config/schema/index.ts';
import { regexpFault } from '../../pdata/regexp/index.ts';
import { hostnameSources } from './detect/system.ts';

/** The key `resource_attributes`: what is `off` is left out unless it is enabled. */
function attributes(on: readonly string[], off: readonly string[] = []) {
  const attribute = (enabled: boolean) =>
    z.strictObject({ enabled: z.boolean().default(enabled) }).prefault({});
  const names = [
    ...on.map((name) => [name, true] as const),
    ...off.map((name) => [name, false] as const),
  ];
  names.sort(([a], [b]) => (a < b ? -1 : 1));
  return z
    .strictObject(Object.fromEntries(names.map(([name, enabled]) => [name, attribute(enabled)])))
    .prefault({})
    .describe('attributes that are added');
}

/** A block whose only key is `resource_attributes`. */
function plain(on: readonly string[], off: readonly string[] = []) {
  return z.strictObject({ resource_attributes: attributes(on, off) }).prefault({});
}

/** A block of a cloud whose metadata may be missing. */
function cloud(on: readonly string[], off: readonly string[] = []) {
  const needed = z.boolean().default(false).describe('whether it is an error to run elsewhere');
  return z
    .strictObject({ resource_attributes: attributes(on, off), fail_on_missing_metadata: needed })
    .prefault({});
}

function patterns(what: string) {
  const pattern = z.string().superRefine((text, ctx) => {
    const message = regexpFault(text);
    if (message !== undefined) ctx.addIssue({ code: 'custom', message });
  });
  return z.array(pattern).default([]).describe(what);
}

const provider = ['cloud.provider', 'cloud.platform'];
const account = [...provider, 'cloud.account.id', 'cloud.region'];
const host = ['host.id', 'host.name'];
const image = ['host.image.id', 'host.image.name'];

const fewRequests = { unused: 'a detection makes two requests' };

/** Keys of access to the Kubernetes API. */
const kubernetesKeys = {
  auth_type: z
    .enum(['serviceAccount'], {
      error: (issue) =>
        `auth_type ${JSON.stringify(issue.input)} is not supported: only serviceAccount is`,
    })
    .default('serviceAccount')
    .describe('how the API is reached: with the account of the pod'),
  context: z.string().default('').describe('context of a kubeconfig').meta({
    unused: 'the API is reached with the account of the pod',
  }),
  kube_api_qps: z.number().min(0).default(0).describe('requests a second').meta(fewRequests),
  kube_api_burst: z.int().min(0).default(0).describe('requests at once').meta(fewRequests),
};

function kubernetesNode() {
  const attributeKeys = attributes(['k8s.cluster.uid', 'k8s.node.name', 'k8s.node.uid']);
  const variable = z
    .string()
    .default('')
    .describe('environment variable that has the name of the node; absent = K8S_NODE_NAME');
  return z
    .strictObject({
      ...kubernetesKeys,
      node_from_env_var: variable,
      resource_attributes: attributeKeys,
    })
    .prefault({});
}

const ec2 = z
  .strictObject({
    resource_attributes: attributes([
      ...account,
      ...host,
      'cloud.availability_zone',
      'host.image.id',
      'host.type',
    ]),
    tags: patterns('patterns of the tags that become attributes'),
    max_attempts: z.int().default(3).describe('times that the service is asked; 0 = any'),
    max_backoff: duration({ min: Number.NEGATIVE_INFINITY })
      .prefault('20s')
      .describe('longest wait between them'),
    fail_on_missing_metadata: z
      .boolean()
      .default(false)
      .describe('whether it is an error to run elsewhere'),
    tags_from_imds: z
      .boolean()
      .default(false)
      .describe(
        'whether tags are read from the metadata service, not by DescribeTags of the API of EC2',
      ),
  })
  .prefault({});

const eksOff = [
  'cloud.account.id',
  'cloud.availability_zone',
  'cloud.region',
  'host.id',
  'host.image.id',
  'host.name',
  'host.type',
  'k8s.cluster.name',
];

const eks = z
  .strictObject({
    resource_attributes: attributes(provider, eksOff),
    node_from_env_var: z
      .string()
      .default('')
      .describe('environment variable that has the name of the node')
      .meta({ unused: 'the API of EC2, which it is for, is not supported' }),
  })
  .prefault({});

const gcp = z
  .strictObject({
    resource_attributes: attributes(
      [
        ...account,
        ...host,
        'cloud.availability_zone',
        'faas.instance',
        'faas.name',
        'faas.version',
        'gcp.cloud_run.job.execution',
        'gcp.cloud_run.job.task_index',
        'gcp.gce.instance_group_manager.name',
        'gcp.gce.instance_group_manager.region',
        'gcp.gce.instance_group_manager.zone',
        'host.type',
        'k8s.cluster.name',
      ],
      ['gcp.gce.instance.hostname', 'gcp.gce.instance.name'],
    ),
    labels: z.array(z.string()).default([]).describe('the Compute API is not supported: refused'),
  })
  .superRefine((given, ctx) => {
    if (given.labels.length === 0) return;
    const message = 'labels need the Compute API of Google Cloud, which is not supported';
    ctx.addIssue({ code: 'custom', path: ['labels'], message });
  })
  .prefault({});

const consul = z
  .strictObject({
    address: z
      .string()
      .default('')
      .describe('of the agent; absent = CONSUL_HTTP_ADDR or 127.0.0.1:8500'),
    datacenter: z.string().default('').describe('absent = that of the agent'),
    token: secret().prefault('').describe('of the ACL system; absent = CONSUL_HTTP_TOKEN'),
    token_file: z.string().default('').describe('file that has the token'),
    namespace: z.string().default('').describe('absent = CONSUL_NAMESPACE'),
    meta: z.record(z.string(), z.unknown()).default({}).describe('keys of metadata that are added'),
    resource_attributes: attributes(['cloud.region', ...host]),
  })
  .prefault({});

const system = z
  .strictObject({
    hostname_sources: z
      .array(
        z.enum(hostnameSources, {
          error: (issue) =>
            `hostname_sources contains invalid value: ${JSON.stringify(issue.input)}`,
        }),
      )
      .default([])
      .describe('the first that has a name counts; absent = [dns, os]'),
    resource_attributes: attributes(
      ['host.name', 'os.type'],
      [
        'host.arch',
        'host.cpu.cache.l2.size',
        'host.cpu.family',
        'host.cpu.model.id',
        'host.cpu.model.name',
        'host.cpu.stepping',
        'host.cpu.vendor.id',
        'host.id',
        'host.interface',
        'host.ip',
        'host.mac',
        'os.build.id',
        'os.description',
        'os.name',
        'os.version',
      ],
    ),
  })
  .prefault({});

const zoned = [...account, ...host, 'cloud.availability_zone', 'host.image.id', 'host.type'];

/** The block of each detector, by its key. */
export const blocks = {
  akamai: plain([...account, ...host, ...image, 'host.type']),
  aks: plain(provider, ['k8s.cluster.name']),
  alibaba_ecs: cloud(zoned),
  azure: z
    .strictObject({
      tags: patterns('patterns of the tags that become attributes'),
      resource_attributes: attributes(
        [
          ...account,
          ...host,
          'azure.resourcegroup.name',
          'azure.vm.name',
          'azure.vm.scaleset.name',
          'azure.vm.size',
        ],
        ['cloud.availability_zone'],
      ),
    })
    .prefault({}),
  consul,
  digitalocean: plain(['cloud.provider', 'cloud.region', ...host]),
  docker: plain(['host.name', 'os.type'], ['container.image.name', 'container.name']),
  ec2,
  ecs: plain([
    ...account,
    'aws.ecs.cluster.arn',
    'aws.ecs.launchtype',
    'aws.ecs.task.arn',
    'aws.ecs.task.family',
    'aws.ecs.task.id',
    'aws.ecs.task.revision',
    'aws.log.group.arns',
    'aws.log.group.names',
    'aws.log.stream.arns',
    'aws.log.stream.names',
    'cloud.availability_zone',
  ]),
  eks,
  elasticbeanstalk: plain([
    ...provider,
    'deployment.environment',
    'service.instance.id',
    'service.version',
  ]),
  gcp,
  heroku: plain([
    'cloud.provider',
    'heroku.app.id',
    'heroku.dyno.id',
    'heroku.release.commit',
    'heroku.release.creation_timestamp',
    'service.instance.id',
    'service.name',
    'service.version',
  ]),
  hetzner: plain(
    ['cloud.availability_zone', 'cloud.provider', 'cloud.region', ...host],
    ['cloud.platform'],
  ),
  ibmcloud_classic: plain([
    ...provider,
    ...host,
    'cloud.account.id',
    'cloud.availability_zone',
    'cloud.resource_id',
  ]),
  ibmcloud_vpc: z
    .strictObject({
      protocol: z
        .enum(['http', 'https'], {
          error: (issue) =>
            `invalid protocol ${JSON.stringify(issue.input)}: must be "http" or "https"`,
        })
        .default('http')
        .describe('of the metadata service'),
      resource_attributes: attributes([...zoned, 'cloud.resource_id', 'host.image.name']),
    })
    .prefault({}),
  k8s_api: kubernetesNode(),
  k8snode: kubernetesNode(),
  kubeadm: z
    .strictObject({
      ...kubernetesKeys,
      resource_attributes: attributes(['k8s.cluster.name', 'k8s.cluster.uid']),
    })
    .prefault({}),
  lambda: plain([
    ...provider,
    'aws.log.group.names',
    'aws.log.stream.names',
    'cloud.region',
    'faas.instance',
    'faas.max_memory',
    'faas.name',
    'faas.version',
  ]),
  nova: z
    .strictObject({
      labels: patterns('patterns of the metadata that becomes attributes'),
      fail_on_missing_metadata: z
        .boolean()
        .default(false)
        .describe('whether it is an error to run elsewhere'),
      resource_attributes: attributes([
        ...provider,
        ...host,
        'cloud.account.id',
        'cloud.availability_zone',
        'host.type',
      ]),
    })
    .prefault({}),
  openshift: z
    .strictObject({
      address: z.string().default('').describe('of the API; absent = that of the pod'),
      token: secret().prefault('').describe('absent = that of the account of the pod'),
      tls: tlsClient().prefault({}).describe('absent = the authority of the pod'),
      resource_attributes: attributes([...provider, 'cloud.region', 'k8s.cluster.name']),
    })
    .prefault({}),
  oraclecloud: plain([
    ...provider,
    ...host,
    'cloud.availability_zone',
    'cloud.region',
    'host.type',
    'k8s.cluster.name',
    'oracle_cloud.realm',
  ]),
  scaleway: plain([...zoned, 'host.image.name']),
  system,
  tencent_cvm: cloud(zoned),
  upcloud: cloud(['cloud.provider', 'cloud.region', ...host]),
  vultr: cloud(['cloud.provider', 'cloud.region', ...host], ['cloud.platform']),
};

const all = z.strictObject(blocks);

/** What each detector's section says, defaults where it is absent. */
export type Blocks = z.output<typeof all>;
