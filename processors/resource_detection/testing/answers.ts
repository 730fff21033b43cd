import type { Answers } from './metadata-server.ts';

const link = 'http://169.254.169.254';
const alibaba = 'http://100.100.100.200/latest';
const tencent = 'http://metadata.tencentyun.com/latest/meta-data';
const softLayer = 'http://api.service.softlayer.com/rest/v3.1/SoftLayer_Resource_Metadata';
const ibm = 'http://api.metadata.cloud.ibm.com';
const google = 'http://169.254.169.254/computeMetadata/v1';

export const azureAnswers: Answers = {
  [`GET ${link}/metadata/instance/compute?api-version=2020-09-01&format=json`]: {
    location: 'westeurope',
    name: 'vm-1',
    vmId: 'id-1',
    vmSize: 'Standard_D2',
    subscriptionId: 'sub',
    resourceGroupName: 'MC_group_cluster_westeurope',
    vmScaleSetName: 'set',
    zone: '2',
    osProfile: { computerName: 'computer' },
    tagsList: [
      { name: 'team', value: 'shop' },
      { name: 'other', value: 'x' },
    ],
  },
};

export const ec2Answers: Answers = {
  [`PUT ${link}/latest/api/token`]: 'aws-token',
  [`GET ${link}/latest/meta-data/instance-id`]: 'i-1',
  [`GET ${link}/latest/meta-data/hostname`]: 'ip-10-0-0-1.internal',
  [`GET ${link}/latest/dynamic/instance-identity/document`]: {
    region: 'eu-west-1',
    accountId: '123',
    availabilityZone: 'eu-west-1a',
    instanceId: 'i-1',
    imageId: 'ami-1',
    instanceType: 'm5.large',
  },
  [`GET ${link}/latest/meta-data/tags/instance`]: 'team\nother\n',
  [`GET ${link}/latest/meta-data/tags/instance/team`]: 'shop',
};

export const ecsAnswers: Answers = {
  'GET http://169.254.170.2/v4/x': { DockerId: 'self' },
  'GET http://169.254.170.2/v4/x/task': {
    Cluster: 'main',
    TaskARN: 'arn:aws:ecs:eu-west-1:123:task/main/abc',
    Family: 'shop',
    Revision: '7',
    AvailabilityZone: 'eu-west-1a',
    LaunchType: 'FARGATE',
    Containers: [
      {
        DockerId: 'other',
        Type: 'NORMAL',
        KnownStatus: 'RUNNING',
        LogDriver: 'awslogs',
        LogOptions: {
          'awslogs-group': 'group',
          'awslogs-region': 'eu-west-1',
          'awslogs-stream': 'stream',
        },
      },
      { DockerId: 'stopped', Type: 'NORMAL', KnownStatus: 'STOPPED', LogDriver: 'awslogs' },
    ],
  },
};

/** Those of the other clouds; what they share an address with answers only one of them. */
export const cloudAnswers: Answers = {
  [`PUT ${link}/v1/token`]: ['akamai-token'],
  [`GET ${link}/v1/instance`]: {
    id: 42,
    label: 'node',
    region: 'us-east',
    type: 'g6-standard-1',
    account_euuid: 'account',
    image: { id: 'linode/debian12', label: 'Debian 12' },
  },
  [`PUT ${alibaba}/api/token`]: 'ali-token',
  [`GET ${alibaba}/meta-data/hostname`]: 'ali-host',
  [`GET ${alibaba}/meta-data/image-id`]: 'ali-image',
  [`GET ${alibaba}/meta-data/instance-id`]: 'ali-id',
  [`GET ${alibaba}/meta-data/instance/instance-type`]: 'ali-type',
  [`GET ${alibaba}/meta-data/owner-account-id`]: '99',
  [`GET ${alibaba}/meta-data/region-id`]: 'cn-hangzhou',
  [`GET ${alibaba}/meta-data/zone-id`]: 'cn-hangzhou-a',
  [`GET ${link}/metadata/v1.json`]: {
    droplet_id: 2_756_294,
    hostname: 'drop',
    region: 'nyc3',
    cloud_name: 'upcloud',
    instance_id: 'up-id',
  },
  [`GET ${link}/hetzner/v1/metadata/hostname`]: 'hetz\n',
  [`GET ${link}/hetzner/v1/metadata/instance-id`]: '77',
  [`GET ${link}/hetzner/v1/metadata/region`]: 'eu-central',
  [`GET ${link}/hetzner/v1/metadata/availability-zone`]: 'fsn1-dc14',
  [`GET ${link}/openstack/latest/meta_data.json`]: {
    uuid: 'nova-id',
    hostname: 'nova-host',
    availability_zone: 'nova-zone',
    project_id: 'project',
    meta: { team: 'shop', other: 'x' },
  },
  [`GET ${link}/latest/meta-data/instance-type`]: 'm1.small',
  [`HEAD ${link}/opc/v2/instance/`]: 200,
  [`GET ${link}/opc/v2/instance/`]: {
    id: 'ocid1',
    displayName: 'oracle-host',
    shape: 'VM.Standard',
    canonicalRegionName: 'us-ashburn-1',
    availabilityDomain: 'AD-1',
    metadata: { 'oke-cluster-display-name': 'oke', realm: 'oc1' },
  },
  'GET http://169.254.42.42': 'here',
  'GET http://169.254.42.42/': 'here',
  'GET http://169.254.42.42/conf?format=json': {
    id: 'scw-id',
    name: 'scw',
    organization: 'org',
    commercial_type: 'DEV1-S',
    image: { id: 'img', name: 'Debian' },
    location: { zone_id: 'fr-par-1' },
  },
  [`GET ${tencent}/instance-name`]: 'ten-host',
  [`GET ${tencent}/instance/image-id`]: 'ten-image',
  [`GET ${tencent}/instance-id`]: 'ten-id',
  [`GET ${tencent}/instance/instance-type`]: 'S5',
  [`GET ${tencent}/app-id`]: '1250',
  [`GET ${tencent}/placement/region`]: 'ap-guangzhou',
  [`GET ${tencent}/placement/zone`]: 'ap-guangzhou-1',
  [`GET ${link}/v1.json`]: {
    hostname: 'vul',
    instanceid: 'legacy',
    'instance-v2-id': 'uuid',
    region: { regioncode: 'EWR' },
  },
  [`GET ${softLayer}/getId.txt`]: '5 ',
  [`PUT ${ibm}/identity/v1/token?version=2026-01-30`]: {
    access_token: 'ibm-token',
    expires_in: 300,
  },
  [`GET ${ibm}/metadata/v1/instance?version=2026-01-30`]: {
    id: 'vpc-id',
    crn: 'crn:v1:bluemix:public:is:us-south-1:a/acct::instance:vpc-id',
    name: 'vpc-host',
    profile: { name: 'bx2-2x8' },
    zone: { name: 'us-south-1' },
    image: { id: 'img', name: 'ibm-debian' },
  },
};

export const gceAnswers: Answers = {
  [`GET ${google}/project/project-id`]: 'project',
  [`GET ${google}/instance/machine-type`]: 'projects/1/machineTypes/n1-standard-1',
  [`GET ${google}/instance/zone`]: 'projects/1/zones/us-central1-a',
  [`GET ${google}/instance/region`]: 'projects/1/regions/us-central1',
  [`GET ${google}/instance/id`]: '4711',
  [`GET ${google}/instance/name`]: 'gce-1',
  [`GET ${google}/instance/hostname`]: 'gce-1.c.project.internal',
  [`GET ${google}/instance/attributes/created-by`]:
    'projects/1/regions/us-central1/instanceGroupManagers/group-1',
  [`GET ${google}/instance/attributes/cluster-location`]: 'us-central1',
  [`GET ${google}/instance/attributes/cluster-name`]: 'gke-1',
};
