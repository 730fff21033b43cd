import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseResource } from './detect/local.ts';
import { found, on, run } from './testing/run.ts';

describe('env', () => {
  it('takes OTEL_RESOURCE_ATTRIBUTES, else OTEL_RESOURCE', async () => {
    const env = { OTEL_RESOURCE_ATTRIBUTES: ' a = 1 ,b=x%20y+z,c= ', OTEL_RESOURCE: 'd=1' };
    assert.deepEqual(await found('env', { env }), { a: '1', b: 'x y z', c: '' });
    assert.deepEqual(await found('env', { env: { OTEL_RESOURCE: 'd=1' } }), { d: '1' });
    assert.deepEqual(await found('env'), {});
  });

  it('refuses what is no list of attributes', () => {
    assert.throws(() => parseResource('nothing'), /invalid resource format: "nothing"/);
    assert.throws(() => parseResource('a=1,,'), /invalid resource format/);
    assert.throws(() => parseResource('a=%zz'), /invalid resource format in attribute/);
    assert.deepEqual(parseResource('a=%C3%A4'), new Map([['a', 'ä']]));
  });
});

describe('files and variables of platforms', () => {
  it('dynatrace: three properties of its file', async () => {
    const path = '/var/lib/dynatrace/enrichment/dt_host_metadata.properties';
    const text = 'dt.entity.host=HOST-1\nhost.name= name \nother=x\ndt.smartscape.host=\n\nbad\n';
    const { found: one, lines } = await run('dynatrace', { files: { [path]: text } });
    assert.deepEqual(Object.fromEntries(one.attributes), {
      'dt.entity.host': 'HOST-1',
      'host.name': 'name',
    });
    assert.match(lines, /Skipping line/);
  });

  it('heroku', async () => {
    const env = {
      HEROKU_APP_ID: 'app',
      HEROKU_APP_NAME: 'name',
      HEROKU_DYNO_ID: 'dyno',
      HEROKU_RELEASE_CREATED_AT: 'then',
      HEROKU_RELEASE_VERSION: 'v1',
      HEROKU_SLUG_COMMIT: 'abc',
    };
    assert.deepEqual(await found('heroku', { env }), {
      'cloud.provider': 'heroku',
      'heroku.app.id': 'app',
      'heroku.release.commit': 'abc',
      'heroku.release.creation_timestamp': 'then',
      'service.instance.id': 'dyno',
      'service.name': 'name',
      'service.version': 'v1',
    });
    assert.deepEqual(await found('heroku'), {});
  });

  it('lambda', async () => {
    const env = {
      AWS_LAMBDA_FUNCTION_NAME: 'fn',
      AWS_LAMBDA_FUNCTION_VERSION: '3',
      AWS_REGION: 'eu',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      AWS_LAMBDA_LOG_GROUP_NAME: 'group',
      AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
    };
    assert.deepEqual(await found('lambda', { env }), {
      'aws.log.group.names': ['group'],
      'aws.log.stream.names': ['stream'],
      'cloud.platform': 'aws_lambda',
      'cloud.provider': 'aws',
      'cloud.region': 'eu',
      'faas.instance': 'stream',
      'faas.max_memory': '128',
      'faas.name': 'fn',
      'faas.version': '3',
    });
    assert.deepEqual(await found('lambda', { env: { AWS_REGION: 'eu' } }), {});
  });

  it('elastic_beanstalk', async () => {
    const path = '/var/elasticbeanstalk/xray/environment.conf';
    const text = '{"deployment_id":23,"environment_name":"prod","version_label":"app-1"}';
    assert.deepEqual(await found('elastic_beanstalk', { files: { [path]: text } }), {
      'cloud.platform': 'aws_elastic_beanstalk',
      'cloud.provider': 'aws',
      'deployment.environment': 'prod',
      'service.instance.id': '23',
      'service.version': 'app-1',
    });
    const { error } = await run('elastic_beanstalk', {
      files: { [path]: '{"deployment_id":"x"}' },
    });
    assert.match(error?.message ?? '', /deployment_id is no number/);
  });
});

describe('system', () => {
  it('finds name and type of the system by default', async () => {
    assert.deepEqual(await found('system'), {
      'host.name': 'host.example.com',
      'os.type': 'linux',
    });
    const options = { system: { hostname_sources: ['cname', 'os'] } };
    const names = await found('system', { options });
    assert.equal(names['host.name'], 'host', 'the next source counts when one fails');
  });

  it('finds all that is enabled', async () => {
    const wanted = [
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
    ];
    assert.deepEqual(await found('system', { options: { system: on(...wanted) } }), {
      'host.arch': 'amd64',
      'host.cpu.cache.l2.size': 512,
      'host.cpu.family': '6',
      'host.cpu.model.id': '7',
      'host.cpu.model.name': 'Model',
      'host.cpu.stepping': '2',
      'host.cpu.vendor.id': 'Vendor',
      'host.id': 'machine-id',
      'host.interface': ['lo', 'eth0'],
      'host.ip': ['10.0.0.1', 'fe80::1'],
      'host.mac': ['02-42-AC-11-00-02'],
      'host.name': 'host.example.com',
      'os.build.id': 'build',
      'os.description': 'Debian (Linux)',
      'os.name': 'debian',
      'os.type': 'linux',
      'os.version': '12',
    });
  });

  it('fails when no source has a name', async () => {
    const { error, found: one } = await run('system', {
      options: { system: { hostname_sources: ['cname'] } },
    });
    assert.match(error?.message ?? '', /all hostname sources failed/);
    assert.equal(one.attributes.size, 0);
  });
});

describe('services and clusters', () => {
  it('consul: the node of the agent, with metadata that is asked for', async () => {
    const url = 'http://10.0.0.1:8500/v1/agent/self?dc=dc2&ns=team';
    const answers = {
      [`GET ${url}`]: {
        Config: { NodeName: 'node', Datacenter: 'dc2', NodeID: 'id' },
        Meta: { rack: 'r1', other: 'x' },
      },
    };
    const options = {
      consul: {
        address: '10.0.0.1:8500',
        datacenter: 'dc2',
        namespace: 'team',
        token: 'secret',
        meta: { rack: null },
      },
    };
    const { found: one, requests } = await run('consul', { answers, options });
    assert.deepEqual(Object.fromEntries(one.attributes), {
      'cloud.region': 'dc2',
      'host.id': 'id',
      'host.name': 'node',
      rack: 'r1',
    });
    assert.deepEqual(requests, [`GET ${url} x-consul-token=secret`]);
    const { error } = await run('consul');
    assert.match(error?.message ?? '', /status 404/);
  });

  it('docker: the daemon and the own container', async () => {
    const at = '/var/run/docker.sock:http://docker';
    const answers = {
      [`GET ${at}/info`]: { Name: 'big-host', OSType: 'linux' },
      [`GET ${at}/containers/host/json`]: { Name: '/shop', Image: 'sha256:1' },
    };
    const options = { docker: on('container.name', 'container.image.name') };
    assert.deepEqual(await found('docker', { answers, options }), {
      'container.image.name': 'sha256:1',
      'container.name': '/shop',
      'host.name': 'big-host',
      'os.type': 'linux',
    });
    const { error } = await run('docker', { env: { DOCKER_HOST: 'ssh://x' } });
    assert.match(error?.message ?? '', /cannot use DOCKER_HOST "ssh:\/\/x"/);
  });

  it('k8s_api: the node that a variable names, and the cluster', async () => {
    const answers = {
      'GET /api/v1/nodes/n1': { metadata: { name: 'n1', uid: 'node-uid' } },
      'GET /api/v1/namespaces/kube-system': { metadata: { uid: 'cluster-uid' } },
    };
    const node = { 'k8s.node.name': 'n1', 'k8s.node.uid': 'node-uid' };
    const expected = { ...node, 'k8s.cluster.uid': 'cluster-uid' };
    assert.deepEqual(await found('k8s_api', { answers, env: { K8S_NODE_NAME: 'n1' } }), expected);
    const options = { k8snode: { node_from_env_var: 'NODE' } };
    assert.deepEqual(await found('k8snode', { answers, env: { NODE: 'n1' }, options }), expected);
    const { error } = await run('k8s_api', { answers });
    assert.match(error?.message ?? '', /node name can't be found/);
    const forbidden = { ...answers, 'GET /api/v1/namespaces/kube-system': 403 };
    const env = { K8S_NODE_NAME: 'n1' };
    assert.deepEqual(await found('k8s_api', { answers: forbidden, env }), node);
  });

  it('kubeadm: the name in its map, and the cluster', async () => {
    const answers = {
      'GET /api/v1/namespaces/kube-system/configmaps/kubeadm-config': {
        data: { ClusterConfiguration: 'apiVersion: v1\nclusterName: "main"\n' },
      },
      'GET /api/v1/namespaces/kube-system': { metadata: { uid: 'uid' } },
    };
    assert.deepEqual(await found('kubeadm', { answers }), {
      'k8s.cluster.name': 'main',
      'k8s.cluster.uid': 'uid',
    });
  });

  it('openshift: the infrastructure of the cluster', async () => {
    const url = 'https://api:6443/apis/config.openshift.io/v1/infrastructures/cluster/status';
    const status = {
      infrastructureName: 'ocp',
      platformStatus: { type: 'Azure', azure: { cloudName: 'AzurePublicCloud' } },
    };
    const answers = { [`GET ${url}`]: { status } };
    const tls = { insecure: true };
    const options = { openshift: { address: 'https://api:6443', token: 'x', tls } };
    assert.deepEqual(await found('openshift', { answers, options }), {
      'cloud.platform': 'azure.openshift',
      'cloud.provider': 'azure',
      'cloud.region': 'azurepubliccloud',
      'k8s.cluster.name': 'ocp',
    });
    const { error } = await run('openshift', { options: { openshift: { token: 'x' } } });
    assert.match(error?.message ?? '', /could not extract openshift api host/);
  });
});

describe('several detectors', () => {
  it('the first that has an attribute counts, and the first schema', async () => {
    const env = { OTEL_RESOURCE_ATTRIBUTES: 'host.name=mine' };
    const { found: one } = await run(['env', 'system'], { env });
    assert.deepEqual(Object.fromEntries(one.attributes), {
      'host.name': 'mine',
      'os.type': 'linux',
    });
    assert.equal(one.schemaUrl, 'https://opentelemetry.io/schemas/1.40.0');
  });

  it('one that fails is run again, and does not take from the others', async () => {
    const { error, found: one, lines } = await run(['consul', 'system']);
    assert.match(error?.message ?? '', /status 404/);
    assert.equal(one.attributes.get('os.type'), 'linux');
    assert.ok(lines.split('failed to detect resource').length > 2, 'more than one attempt');
  });

  it('none at all is an error', async () => {
    const { error } = await run([]);
    assert.match(error?.message ?? '', /no detectors succeeded/);
  });
});
