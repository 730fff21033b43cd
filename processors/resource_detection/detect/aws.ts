import { Finding, type Found, nothing, orAbsent, type Wanted } from '../found.ts';
import { at, type Json, listAt, textAt } from '../json.ts';
import { fetchJson, fetchText, type World } from '../world.ts';
import { describeTags } from './ec2-api.ts';
import { type Attempts, InstanceMetadata, once } from './instance-metadata.ts';
import { quietly } from './quiet.ts';
import { anyPattern } from './tags.ts';

interface Ec2Options {
  /** Patterns of tags that become attributes. */
  readonly tags: readonly string[];
  /** Whether they are read from the metadata service, not from the API of EC2. */
  readonly tagsFromMetadata: boolean;
  readonly attempts: Attempts;
  readonly needed: boolean;
}

type Tags = readonly (readonly [name: string, value: string])[];

async function tagsOfMetadata(
  metadata: InstanceMetadata,
  matches: (name: string) => boolean,
): Promise<Tags> {
  const list = await metadata.text('meta-data/tags/instance');
  const names = list.split('\n').map((line) => line.trim());
  return Promise.all(
    names
      .filter((name) => name !== '' && matches(name))
      .map(async (name) => [name, await metadata.text(`meta-data/tags/instance/${name}`)] as const),
  );
}

/** Adds the tags that match; it is no failure when they cannot be read. */
async function addTags(
  finding: Finding,
  world: World,
  metadata: InstanceMetadata,
  identity: Json,
  { tags, tagsFromMetadata }: Ec2Options,
): Promise<void> {
  const matches = anyPattern(tags);
  try {
    const found = tagsFromMetadata
      ? await tagsOfMetadata(metadata, matches)
      : await describeTags(
          world,
          metadata,
          textAt(identity, 'region'),
          textAt(identity, 'instanceId'),
        );
    for (const [name, value] of found) if (matches(name)) finding.add(`ec2.tag.${name}`, value);
  } catch (error) {
    const text = tagsFromMetadata
      ? 'failed to fetch tags from IMDS'
      : 'failed fetching ec2 instance tags';
    world.log.warn(text, { error: (error as Error).message });
  }
}

function setInstance(finding: Finding, identity: Json, host: string): Finding {
  return finding
    .set('cloud.region', textAt(identity, 'region'))
    .set('cloud.account.id', textAt(identity, 'accountId'))
    .set('cloud.availability_zone', textAt(identity, 'availabilityZone'))
    .set('host.id', textAt(identity, 'instanceId'))
    .set('host.image.id', textAt(identity, 'imageId'))
    .set('host.type', textAt(identity, 'instanceType'))
    .set('host.name', host);
}

/** An instance of EC2. */
export async function ec2(world: World, wanted: Wanted, options: Ec2Options): Promise<Found> {
  const metadata = new InstanceMetadata(world, options.attempts);
  const ask = () => metadata.text('meta-data/instance-id');
  const found = async () => {
    const identity = await metadata.identity();
    const host = await metadata.text('meta-data/hostname');
    const finding = new Finding(wanted)
      .set('cloud.provider', 'aws')
      .set('cloud.platform', 'aws_ec2');
    setInstance(finding, identity, host);
    if (options.tags.length > 0) await addTags(finding, world, metadata, identity, options);
    return finding.found();
  };
  return quietly(world, 'EC2', ask, found, options.needed);
}

async function runsInEks(world: World): Promise<boolean> {
  if ((world.env('KUBERNETES_SERVICE_HOST') ?? '') === '') return false;
  if (world.env('AWS_WEB_IDENTITY_TOKEN_FILE')?.includes('eks.amazonaws.com')) return true;
  if (world.env('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE')?.includes('eks-pod-identity')) {
    return true;
  }
  const issuer = await world.kubernetes('/.well-known/openid-configuration').catch(() => undefined);
  if (textAt(issuer, 'issuer').includes('oidc.eks.')) return true;
  const version = await world.kubernetes('/version').catch((cause: Error) => {
    throw new Error(`isEks() error retrieving cluster version: ${cause.message}`, { cause });
  });
  return textAt(version, 'gitVersion').includes('-eks-');
}

const instanceNames = ['host.id', 'host.image.id', 'host.type', 'host.name', 'cloud.account.id'];
const placeNames = ['cloud.region', 'cloud.availability_zone'];
const clusterName = 'k8s.cluster.name';

/** A node of Amazon's Kubernetes service. */
export async function eks(world: World, wanted: Wanted): Promise<Found> {
  if (!(await runsInEks(world))) return nothing;
  const finding = new Finding(wanted).set('cloud.provider', 'aws').set('cloud.platform', 'aws_eks');
  if (![...instanceNames, ...placeNames, clusterName].some((name) => finding.wants(name))) {
    return finding.found();
  }
  const metadata = new InstanceMetadata(world, once);
  await metadata.text('meta-data/instance-id').catch((cause: Error) => {
    throw new Error(
      `cannot detect eks: the instance metadata service does not answer this pod, and the API of ` +
        `EC2 is not supported: ${cause.message}`,
      { cause },
    );
  });
  const identity = await metadata.identity();
  setInstance(finding, identity, await metadata.text('meta-data/hostname'));
  if (finding.wants(clusterName)) {
    const [region, instance] = [textAt(identity, 'region'), textAt(identity, 'instanceId')];
    const tags = await describeTags(world, metadata, region, instance);
    finding.set(clusterName, orAbsent(clusterOf(tags)));
  }
  return finding.found();
}

/** What the tags of a node say of its cluster, '' = nothing. */
function clusterOf(tags: Tags): string {
  const prefix = 'kubernetes.io/cluster/';
  for (const [name, value] of tags) {
    if (name === 'aws:eks:cluster-name' || name === 'eks:cluster-name') return value;
    if (name.startsWith(prefix)) return name.slice(prefix.length);
  }
  return '';
}

/** Region, account and last part of the ARN of a task; '' = it has none. */
function parseArn(arn: string): { region: string; account: string; id: string } {
  const [, , , region, account, task] = arn.split(':');
  if (region === undefined || account === undefined || task === undefined) {
    return { region: '', account: '', id: '' };
  }
  return { region, account, id: task.split('/').at(-1)! };
}

function setLogs(finding: Finding, task: Json, self: Json, account: string): void {
  const logs = listAt(task, 'Containers')
    .filter(
      (container) =>
        textAt(container, 'Type') === 'NORMAL' &&
        textAt(container, 'KnownStatus') === 'RUNNING' &&
        textAt(container, 'LogDriver') === 'awslogs' &&
        textAt(container, 'DockerId') !== textAt(self, 'DockerId'),
    )
    .map((container) => {
      const option = (name: string) => textAt(at(container, 'LogOptions'), `awslogs-${name}`);
      return { group: option('group'), region: option('region'), stream: option('stream') };
    })
    .filter(({ group, region, stream }) => group !== '' || region !== '' || stream !== '');
  if (logs.length === 0) return;
  const arn = (log: (typeof logs)[number]) =>
    `arn:aws:logs:${log.region}:${account}:log-group:${log.group}`;
  finding
    .set(
      'aws.log.group.names',
      logs.map((log) => log.group),
    )
    .set('aws.log.group.arns', logs.map(arn))
    .set(
      'aws.log.stream.names',
      logs.map((log) => log.stream),
    )
    .set(
      'aws.log.stream.arns',
      logs.map((log) => `${arn(log)}:log-stream:${log.stream}`),
    );
}

/** A task of Amazon's container service. */
export async function ecs(world: World, wanted: Wanted): Promise<Found> {
  const endpoint = ['ECS_CONTAINER_METADATA_URI_V4', 'ECS_CONTAINER_METADATA_URI']
    .map((name) => world.env(name)?.trim() ?? '')
    .find((text) => URL.canParse(text));
  if (endpoint === undefined) return nothing;
  const task = await fetchJson(world, { url: `${endpoint}/task` }).catch((cause: Error) => {
    throw new Error(`unable to fetch task metadata: ${cause.message}`, { cause });
  });
  const arn = textAt(task, 'TaskARN');
  const { region, account, id } = parseArn(arn);
  const cluster = textAt(task, 'Cluster');
  const type = textAt(task, 'LaunchType').toLowerCase();
  const finding = new Finding(wanted)
    .set('cloud.provider', 'aws')
    .set('cloud.platform', 'aws_ecs')
    .set('aws.ecs.task.arn', arn)
    .set('aws.ecs.task.family', textAt(task, 'Family'))
    .set('aws.ecs.task.revision', textAt(task, 'Revision'))
    .set('cloud.account.id', orAbsent(account))
    .set('cloud.region', orAbsent(region))
    .set('aws.ecs.task.id', orAbsent(id))
    .set(
      'aws.ecs.cluster.arn',
      cluster.includes(':') ? cluster : `arn:aws:ecs:${region}:${account}:cluster/${cluster}`,
    )
    .set('cloud.availability_zone', orAbsent(textAt(task, 'AvailabilityZone')))
    .set('aws.ecs.launchtype', type === 'ec2' || type === 'fargate' ? type : undefined);
  const self: Json = JSON.parse(await fetchText(world, { url: endpoint }));
  setLogs(finding, task, self, account);
  return finding.found();
}
