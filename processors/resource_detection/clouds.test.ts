import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { signedHeaders } from './detect/aws-signature.ts';
import {
  azureAnswers,
  cloudAnswers,
  ec2Answers,
  ecsAnswers,
  gceAnswers,
} from './testing/answers.ts';
import { found, on, run } from './testing/run.ts';

describe('clouds', () => {
  const cases: readonly (readonly [string, Record<string, string>, object?])[] = [
    [
      'akamai',
      {
        'cloud.account.id': 'account',
        'cloud.platform': 'akamai_cloud.compute',
        'cloud.provider': 'akamai_cloud',
        'cloud.region': 'us-east',
        'host.id': '42',
        'host.image.id': 'linode/debian12',
        'host.image.name': 'Debian 12',
        'host.name': 'node',
        'host.type': 'g6-standard-1',
      },
    ],
    [
      'alibaba_ecs',
      {
        'cloud.account.id': '99',
        'cloud.availability_zone': 'cn-hangzhou-a',
        'cloud.platform': 'alibaba_cloud_ecs',
        'cloud.provider': 'alibaba_cloud',
        'cloud.region': 'cn-hangzhou',
        'host.id': 'ali-id',
        'host.image.id': 'ali-image',
        'host.name': 'ali-host',
        'host.type': 'ali-type',
      },
    ],
    [
      'digitalocean',
      {
        'cloud.provider': 'digitalocean',
        'cloud.region': 'nyc3',
        'host.id': '2756294',
        'host.name': 'drop',
      },
    ],
    [
      'hetzner',
      {
        'cloud.availability_zone': 'fsn1-dc14',
        'cloud.platform': 'hetzner.cloud_server',
        'cloud.provider': 'hetzner',
        'cloud.region': 'eu-central',
        'host.id': '77',
        'host.name': 'hetz',
      },
      { hetzner: on('cloud.platform') },
    ],
    [
      'ibmcloud_vpc',
      {
        'cloud.account.id': 'acct',
        'cloud.availability_zone': 'us-south-1',
        'cloud.platform': 'ibm_cloud.vpc',
        'cloud.provider': 'ibm_cloud',
        'cloud.region': 'us-south',
        'cloud.resource_id': 'crn:v1:bluemix:public:is:us-south-1:a/acct::instance:vpc-id',
        'host.id': 'vpc-id',
        'host.image.id': 'img',
        'host.image.name': 'ibm-debian',
        'host.name': 'vpc-host',
        'host.type': 'bx2-2x8',
      },
    ],
    [
      'nova',
      {
        'cloud.account.id': 'project',
        'cloud.availability_zone': 'nova-zone',
        'cloud.platform': 'openstack_nova',
        'cloud.provider': 'openstack',
        'host.id': 'nova-id',
        'host.name': 'nova-host',
        'host.type': 'm1.small',
        'openstack.nova.meta.team': 'shop',
      },
      { nova: { labels: ['^te'] } },
    ],
    [
      'oraclecloud',
      {
        'cloud.availability_zone': 'AD-1',
        'cloud.platform': 'oracle_cloud_oke',
        'cloud.provider': 'oracle_cloud',
        'cloud.region': 'us-ashburn-1',
        'host.id': 'ocid1',
        'host.name': 'oracle-host',
        'host.type': 'VM.Standard',
        'k8s.cluster.name': 'oke',
        'oracle_cloud.realm': 'oc1',
      },
    ],
    [
      'scaleway',
      {
        'cloud.account.id': 'org',
        'cloud.availability_zone': 'fr-par-1',
        'cloud.platform': 'scaleway_cloud_compute',
        'cloud.provider': 'scaleway_cloud',
        'cloud.region': 'fr-par',
        'host.id': 'scw-id',
        'host.image.id': 'img',
        'host.image.name': 'Debian',
        'host.name': 'scw',
        'host.type': 'DEV1-S',
      },
    ],
    [
      'tencent_cvm',
      {
        'cloud.account.id': '1250',
        'cloud.availability_zone': 'ap-guangzhou-1',
        'cloud.platform': 'tencent_cloud_cvm',
        'cloud.provider': 'tencent_cloud',
        'cloud.region': 'ap-guangzhou',
        'host.id': 'ten-id',
        'host.image.id': 'ten-image',
        'host.name': 'ten-host',
        'host.type': 'S5',
      },
    ],
    [
      'upcloud',
      {
        'cloud.provider': 'upcloud',
        'cloud.region': 'nyc3',
        'host.id': 'up-id',
        'host.name': 'drop',
      },
    ],
    [
      'vultr',
      { 'cloud.provider': 'vultr', 'cloud.region': 'ewr', 'host.id': 'uuid', 'host.name': 'vul' },
    ],
  ];
  for (const [name, expected, options = {}] of cases) {
    it(`${name}: what its service says, and nothing elsewhere`, async () => {
      assert.deepEqual(await found(name, { answers: cloudAnswers, options }), expected);
      assert.deepEqual(await found(name, { options }), {});
    });
  }

  it('ibmcloud_classic', async () => {
    const base = 'GET https://api.service.softlayer.com/rest/v3.1/SoftLayer_Resource_Metadata';
    const answers = {
      [`${base}/getId.txt`]: '5\n',
      [`${base}/getHostname.txt`]: 'classic',
      [`${base}/getDatacenter.txt`]: 'dal10',
      [`${base}/getAccountId.txt`]: '1',
      [`${base}/getGlobalIdentifier.txt`]: 'uuid',
    };
    assert.deepEqual(await found('ibmcloud_classic', { answers }), {
      'cloud.account.id': '1',
      'cloud.availability_zone': 'dal10',
      'cloud.platform': 'ibm_cloud.classic',
      'cloud.provider': 'ibm_cloud',
      'cloud.resource_id': 'uuid',
      'host.id': '5',
      'host.name': 'classic',
    });
  });

  it('fail_on_missing_metadata makes it an error to be elsewhere', async () => {
    for (const name of ['alibaba_ecs', 'ec2', 'nova', 'tencent_cvm', 'upcloud', 'vultr']) {
      const options = { [name]: { fail_on_missing_metadata: true } };
      const { error } = await run(name, { options });
      assert.match(error?.message ?? '', /status 404/, name);
    }
  });

  it('azure: a machine with tags, and nothing elsewhere', async () => {
    const options = { azure: { tags: ['^te'], ...on('cloud.availability_zone') } };
    assert.deepEqual(await found('azure', { answers: azureAnswers, options }), {
      'azure.resourcegroup.name': 'MC_group_cluster_westeurope',
      'azure.tag.team': 'shop',
      'azure.vm.name': 'vm-1',
      'azure.vm.scaleset.name': 'set',
      'azure.vm.size': 'Standard_D2',
      'cloud.account.id': 'sub',
      'cloud.availability_zone': '2',
      'cloud.platform': 'azure.vm',
      'cloud.provider': 'azure',
      'cloud.region': 'westeurope',
      'host.id': 'id-1',
      'host.name': 'computer',
    });
    assert.deepEqual(await found('azure'), {});
  });

  it('aks: a node, in a cluster only', async () => {
    const options = { aks: on('k8s.cluster.name') };
    const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    assert.deepEqual(await found('aks', { answers: azureAnswers, options, env }), {
      'cloud.platform': 'azure.aks',
      'cloud.provider': 'azure',
      'k8s.cluster.name': 'cluster',
    });
    assert.deepEqual(await found('aks', { answers: azureAnswers, options }), {});
  });
});

describe('aws', () => {
  it('ec2: the instance, with a token and tags', async () => {
    const options = { ec2: { tags: ['^te'], tags_from_imds: true } };
    const { found: one, requests } = await run('ec2', { answers: ec2Answers, options });
    assert.deepEqual(Object.fromEntries(one.attributes), {
      'cloud.account.id': '123',
      'cloud.availability_zone': 'eu-west-1a',
      'cloud.platform': 'aws_ec2',
      'cloud.provider': 'aws',
      'cloud.region': 'eu-west-1',
      'ec2.tag.team': 'shop',
      'host.id': 'i-1',
      'host.image.id': 'ami-1',
      'host.name': 'ip-10-0-0-1.internal',
      'host.type': 'm5.large',
    });
    assert.equal(requests.filter((line) => line.startsWith('PUT')).length, 1);
    const read = requests.filter((line) => line.startsWith('GET'));
    assert.ok(read.every((line) => line.endsWith('x-aws-ec2-metadata-token=aws-token')));
  });

  it('ec2: the first version of the service, which knows no tokens', async () => {
    const { 'PUT http://169.254.169.254/latest/api/token': _token, ...answers } = ec2Answers;
    assert.equal((await found('ec2', { answers }))['host.id'], 'i-1');
  });

  it('ec2: tags by the API, signed with what the environment, container or instance has', async () => {
    const item = (key: string, value: string) =>
      `<item><resourceId>i-1</resourceId><key>${key}</key><value>${value}</value></item>`;
    const xml = `<tagSet>${item('team', 'a &amp; b &#228;')}${item('other', 'x')}</tagSet>`;
    const role = 'GET http://169.254.169.254/latest/meta-data/iam/security-credentials/';
    const keys = { AccessKeyId: 'KEY', SecretAccessKey: 'secret', Token: 'token' };
    const answers = {
      ...ec2Answers,
      'POST https://ec2.eu-west-1.amazonaws.com/': xml,
      [role]: 'role\n',
      [`${role}role`]: keys,
      'GET http://169.254.170.2/creds': { ...keys, AccessKeyId: 'TASK' },
    };
    const options = { ec2: { tags: ['^te'] } };
    const signer = async (env: Readonly<Record<string, string>>) => {
      const { found: one, requests } = await run('ec2', { answers, options, env });
      assert.equal(one.attributes.get('ec2.tag.team'), 'a & b ä');
      assert.equal(one.attributes.has('ec2.tag.other'), false);
      const post = requests.find((line) => line.startsWith('POST')) ?? '';
      return /Credential=(\w+)\/\d{8}\/eu-west-1\/ec2\//.exec(post)?.[1];
    };
    assert.equal(await signer({ AWS_ACCESS_KEY_ID: 'ENV', AWS_SECRET_ACCESS_KEY: 's' }), 'ENV');
    assert.equal(await signer({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/creds' }), 'TASK');
    assert.equal(await signer({}), 'KEY');
    const { found: one, error, lines } = await run('ec2', { answers: ec2Answers, options });
    assert.equal(error, undefined);
    assert.equal(one.attributes.get('host.id'), 'i-1', 'without tags the rest is found');
    assert.match(lines, /failed fetching ec2 instance tags/);
  });

  it('signs as the test suite of AWS does', () => {
    const headers = signedHeaders(
      {
        url: new URL('https://example.amazonaws.com/'),
        region: 'us-east-1',
        service: 'service',
        contentType: 'application/x-www-form-urlencoded',
        body: 'Param1=value1',
        unixMs: Date.UTC(2015, 7, 30, 12, 36),
      },
      { id: 'AKIDEXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', token: '' },
    );
    const signature = 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a';
    assert.ok(headers.authorization?.endsWith(`Signature=${signature}`), headers.authorization);
  });

  it('ec2: nothing elsewhere, and when the service is switched off', async () => {
    assert.deepEqual(await found('ec2'), {});
    const env = { AWS_EC2_METADATA_DISABLED: 'true' };
    assert.deepEqual(await found('ec2', { answers: ec2Answers, env }), {});
  });

  it('ecs: the task and the logs of its other containers', async () => {
    const env = { ECS_CONTAINER_METADATA_URI_V4: 'http://169.254.170.2/v4/x' };
    const arn = 'arn:aws:logs:eu-west-1:123:log-group:group';
    assert.deepEqual(await found('ecs', { answers: ecsAnswers, env }), {
      'aws.ecs.cluster.arn': 'arn:aws:ecs:eu-west-1:123:cluster/main',
      'aws.ecs.launchtype': 'fargate',
      'aws.ecs.task.arn': 'arn:aws:ecs:eu-west-1:123:task/main/abc',
      'aws.ecs.task.family': 'shop',
      'aws.ecs.task.id': 'abc',
      'aws.ecs.task.revision': '7',
      'aws.log.group.arns': [arn],
      'aws.log.group.names': ['group'],
      'aws.log.stream.arns': [`${arn}:log-stream:stream`],
      'aws.log.stream.names': ['stream'],
      'cloud.account.id': '123',
      'cloud.availability_zone': 'eu-west-1a',
      'cloud.platform': 'aws_ecs',
      'cloud.provider': 'aws',
      'cloud.region': 'eu-west-1',
    });
    assert.deepEqual(await found('ecs'), {});
    const { error } = await run('ecs', { env });
    assert.match(error?.message ?? '', /unable to fetch task metadata/);
  });

  it('eks: by the token of the pod, or the API of the cluster', async () => {
    const inCluster = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    const byToken = { ...inCluster, AWS_WEB_IDENTITY_TOKEN_FILE: '/var/eks.amazonaws.com/token' };
    const platform = { 'cloud.platform': 'aws_eks', 'cloud.provider': 'aws' };
    assert.deepEqual(await found('eks', { env: byToken }), platform);
    const version = { 'GET /version': { gitVersion: 'v1.30.0-eks-123' } };
    assert.deepEqual(await found('eks', { env: inCluster, answers: version }), platform);
    const other = { 'GET /version': { gitVersion: 'v1.30.0' } };
    assert.deepEqual(await found('eks', { env: inCluster, answers: other }), {});
    assert.deepEqual(await found('eks'), {});
    const named = (tag: string, value: string) => ({
      ...ec2Answers,
      'POST https://ec2.eu-west-1.amazonaws.com/': `<item><key>${tag}</key><value>${value}</value></item>`,
    });
    const keys = { AWS_ACCESS_KEY_ID: 'ID', AWS_SECRET_ACCESS_KEY: 'secret' };
    const cluster = async (tag: string, value: string) =>
      (
        await found('eks', {
          env: { ...byToken, ...keys },
          answers: named(tag, value),
          options: { eks: on('k8s.cluster.name') },
        })
      )['k8s.cluster.name'];
    assert.equal(await cluster('eks:cluster-name', 'shop'), 'shop');
    assert.equal(await cluster('kubernetes.io/cluster/shop', 'owned'), 'shop');
    assert.equal(await cluster('Name', 'shop'), undefined);
    const options = { eks: on('host.id', 'cloud.region') };
    assert.deepEqual(await found('eks', { env: byToken, answers: ec2Answers, options }), {
      ...platform,
      'cloud.region': 'eu-west-1',
      'host.id': 'i-1',
    });
    const { error } = await run('eks', { env: byToken, options });
    assert.match(error?.message ?? '', /the API of EC2 is not supported/);
  });
});

describe('gcp', () => {
  const account = { 'cloud.account.id': 'project', 'cloud.provider': 'gcp' };
  const zone = { 'cloud.availability_zone': 'us-central1-a', 'cloud.region': 'us-central1' };

  it('an instance', async () => {
    assert.deepEqual(await found('gcp', { answers: gceAnswers }), {
      ...account,
      ...zone,
      'cloud.platform': 'gcp_compute_engine',
      'gcp.gce.instance_group_manager.name': 'group-1',
      'gcp.gce.instance_group_manager.region': 'us-central1',
      'host.id': '4711',
      'host.name': 'gce-1',
      'host.type': 'projects/1/machineTypes/n1-standard-1',
    });
    assert.deepEqual(await found('gcp'), {});
  });

  it('the other platforms', async () => {
    const run = async (env: Readonly<Record<string, string>>) =>
      found('gcp', { answers: gceAnswers, env });
    assert.deepEqual(await run({ KUBERNETES_SERVICE_HOST: 'x' }), {
      ...account,
      'cloud.platform': 'gcp_kubernetes_engine',
      'cloud.region': 'us-central1',
      'host.id': '4711',
      'host.name': 'gce-1',
      'k8s.cluster.name': 'gke-1',
    });
    const service = { 'cloud.region': 'us-central1', 'faas.instance': '4711', 'faas.name': 's' };
    assert.deepEqual(await run({ K_CONFIGURATION: 'c', K_SERVICE: 's', K_REVISION: 'r' }), {
      ...account,
      ...service,
      'cloud.platform': 'gcp_cloud_run',
      'faas.version': 'r',
    });
    assert.deepEqual(await run({ FUNCTION_TARGET: 'f', K_SERVICE: 's', K_REVISION: 'r' }), {
      ...account,
      ...service,
      'cloud.platform': 'gcp_cloud_functions',
      'faas.version': 'r',
    });
    const job = { CLOUD_RUN_JOB: 's', CLOUD_RUN_EXECUTION: 'e', CLOUD_RUN_TASK_INDEX: '3' };
    assert.deepEqual(await run(job), {
      ...account,
      ...service,
      'cloud.platform': 'gcp_cloud_run',
      'gcp.cloud_run.job.execution': 'e',
      'gcp.cloud_run.job.task_index': '3',
    });
    const app = { GAE_SERVICE: 's', GAE_VERSION: 'v', GAE_INSTANCE: 'i' };
    const engine = {
      ...account,
      ...zone,
      'cloud.platform': 'gcp_app_engine',
      'faas.instance': 'i',
      'faas.name': 's',
      'faas.version': 'v',
    };
    assert.deepEqual(await run(app), engine);
    assert.deepEqual(await run({ ...app, GAE_ENV: 'standard' }), engine);
    assert.deepEqual(
      await found('gcp', {
        env: { BMS_PROJECT_ID: 'p', BMS_REGION: 'r', BMS_INSTANCE_ID: 'i' },
      }),
      {
        'cloud.account.id': 'p',
        'cloud.platform': 'gcp_bare_metal_solution',
        'cloud.provider': 'gcp',
        'cloud.region': 'r',
        'host.name': 'i',
      },
    );
  });
});
