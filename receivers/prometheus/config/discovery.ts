import { z } from 'zod';
import { checkHttpClient, httpClientKeys, type Report } from './http-client.ts';
import { promDuration } from './prom-duration.ts';
import { text } from './text.ts';

const labels = z.record(z.string(), text());

/** Targets that belong together. */
export const targetGroup = z.strictObject({
  targets: z.array(z.string()).default([]).describe('addresses, host:port'),
  labels: labels.nullish().describe('labels of all of them'),
});

const refresh = (text: string) =>
  promDuration().prefault(text).describe('time after which they are looked up again');

const fileDiscovery = z.strictObject({
  files: z.array(z.string()).default([]).describe('files (.json, .yml, .yaml); * in the last part'),
  refresh_interval: refresh('5m'),
});

const httpDiscovery = z.strictObject({
  ...httpClientKeys(),
  url: z.string().default('').describe('URL that answers with groups of targets as JSON'),
  refresh_interval: refresh('1m'),
});

const dnsDiscovery = z.strictObject({
  names: z.array(z.string()).default([]).describe('names that are looked up'),
  refresh_interval: refresh('30s'),
  type: z.string().default('SRV').describe('SRV, A, AAAA, MX or NS'),
  port: z.int().default(0).describe('port of the targets, where the record has none'),
});

const kubernetesDiscovery = z.strictObject({
  ...httpClientKeys(),
  api_server: z.string().default('').describe("URL of the API; absent = the pod's own cluster"),
  role: z.string().default('').describe('node, pod, service, endpoints or endpointslice'),
  kubeconfig_file: z.string().default('').describe('refused: give api_server and credentials'),
  namespaces: z
    .strictObject({
      own_namespace: z.boolean().default(false).describe('whether the own namespace is looked at'),
      names: z.array(z.string()).default([]).describe('namespaces; none = all'),
    })
    .prefault({})
    .describe('where is looked'),
  selectors: z
    .array(
      z.strictObject({
        role: z.string().default('').describe('role that it is for'),
        label: z.string().default('').describe('selector by labels'),
        field: z.string().default('').describe('selector by fields'),
      }),
    )
    .default([])
    .describe('which objects count'),
  attach_metadata: z
    .strictObject({
      node: z.boolean().default(false).describe('labels of nodes; refused'),
      namespace: z.boolean().default(false).describe('labels of namespaces; refused'),
      deployment: z.boolean().default(false).describe('names of deployments; refused'),
      job: z.boolean().default(false).describe('names of jobs; refused'),
      cronjob: z.boolean().default(false).describe('names of cron jobs; refused'),
    })
    .prefault({})
    .describe('what targets get beside their own'),
});

/** Ways to find targets that Prometheus has and this program has not. */
const refusedDiscoveries = [
  'aws',
  'azure',
  'consul',
  'digitalocean',
  'docker',
  'dockerswarm',
  'ec2',
  'ecs',
  'elasticache',
  'eureka',
  'gce',
  'hetzner',
  'ionos',
  'kuma',
  'lightsail',
  'linode',
  'marathon',
  'msk',
  'nerve',
  'nomad',
  'oci',
  'openstack',
  'outscale',
  'ovhcloud',
  'puppetdb',
  'rds',
  'scaleway',
  'serverset',
  'stackit',
  'triton',
  'uyuni',
  'vultr',
] as const;

const refused = z.unknown().optional().describe('refused: use http_sd_configs or file_sd_configs');

type RefusedKey = `${(typeof refusedDiscoveries)[number]}_sd_configs`;
const refusedKeys = Object.fromEntries(
  refusedDiscoveries.map((name) => [`${name}_sd_configs`, refused]),
) as Record<RefusedKey, typeof refused>;

/** Keys of a scrape configuration that say where targets are. */
export const discoveryKeys = () => ({
  static_configs: z.array(targetGroup).default([]).describe('targets that are listed here'),
  file_sd_configs: z.array(fileDiscovery).default([]).describe('targets listed in files'),
  http_sd_configs: z.array(httpDiscovery).default([]).describe('targets listed by a server'),
  dns_sd_configs: z.array(dnsDiscovery).default([]).describe('targets from DNS records'),
  kubernetes_sd_configs: z
    .array(kubernetesDiscovery)
    .default([])
    .describe('targets from the Kubernetes API'),
  ...refusedKeys,
});

const shape = z.strictObject(discoveryKeys());
/** Where the targets of a scrape configuration are, lists of each way. */
export type DiscoveryConfig = z.output<typeof shape>;
/** An entry of `file_sd_configs`; durations in milliseconds. */
export type FileDiscoveryConfig = z.output<typeof fileDiscovery>;
/** An entry of `http_sd_configs`; durations in milliseconds. */
export type HttpDiscoveryConfig = z.output<typeof httpDiscovery>;
/** An entry of `dns_sd_configs`; durations in milliseconds. */
export type DnsDiscoveryConfig = z.output<typeof dnsDiscovery>;
/** An entry of `kubernetes_sd_configs`. */
export type KubernetesDiscoveryConfig = z.output<typeof kubernetesDiscovery>;

const fileName = /^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$/;
const kubernetesRoles = ['node', 'pod', 'service', 'endpoints', 'endpointslice'];

/** Checks the keys as Prometheus does. */
export function checkDiscovery(config: DiscoveryConfig, report: Report): void {
  for (const key of Object.keys(refusedKeys) as RefusedKey[]) {
    const value = config[key];
    if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) {
      continue;
    }
    report([key], `${key} is not supported; use http_sd_configs or file_sd_configs`);
  }
  for (const [i, one] of config.file_sd_configs.entries()) {
    checkFiles(one, (path, text) => report(['file_sd_configs', i, ...path], text));
  }
  for (const [i, one] of config.http_sd_configs.entries()) {
    checkHttp(one, (path, text) => report(['http_sd_configs', i, ...path], text));
  }
  for (const [i, one] of config.dns_sd_configs.entries()) {
    checkDns(one, (path, text) => report(['dns_sd_configs', i, ...path], text));
  }
  for (const [i, one] of config.kubernetes_sd_configs.entries()) {
    checkKubernetes(one, (path, text) => report(['kubernetes_sd_configs', i, ...path], text));
  }
}

function checkFiles({ files }: FileDiscoveryConfig, report: Report): void {
  if (files.length === 0) {
    report(['files'], 'file service discovery config must contain at least one path name');
  }
  for (const [i, name] of files.entries()) {
    if (fileName.test(name)) continue;
    report(['files', i], `path name ${JSON.stringify(name)} is not valid for file discovery`);
  }
}

function checkHttp(config: HttpDiscoveryConfig, report: Report): void {
  const { url } = config;
  if (url === '') report(['url'], 'URL is missing');
  else if (!/^https?:/.test(url)) report(['url'], "URL scheme must be 'http' or 'https'");
  else if (!URL.canParse(url)) report(['url'], 'host is missing in URL');
  checkHttpClient(config, report);
}

function checkDns({ names, type, port }: DnsDiscoveryConfig, report: Report): void {
  if (names.length === 0) {
    report(['names'], 'DNS-SD config must contain at least one SRV record name');
  }
  const kind = type.toUpperCase();
  if (!['SRV', 'A', 'AAAA', 'MX', 'NS'].includes(kind)) {
    report(['type'], `invalid DNS-SD records type ${type}`);
  } else if (kind !== 'SRV' && port === 0) {
    const what = 'a port is required in DNS-SD configs for all record types except SRV';
    report(['port'], what);
  }
}

function checkKubernetes(config: KubernetesDiscoveryConfig, report: Report): void {
  const { role, kubeconfig_file: kubeconfig, attach_metadata: attach } = config;
  if (role === '') {
    const roles = 'endpointslice, service, pod, node, ingress or endpoints';
    report(['role'], `role missing (one of: ${roles})`);
  } else if (role === 'ingress') report(['role'], 'role ingress is not supported');
  else if (!kubernetesRoles.includes(role)) {
    report(['role'], `unknown Kubernetes SD role ${JSON.stringify(role)}`);
  }
  if (kubeconfig !== '') report(['kubeconfig_file'], 'kubeconfig_file is not supported');
  for (const key of ['node', 'namespace', 'deployment', 'job', 'cronjob'] as const) {
    if (attach[key]) report(['attach_metadata', key], `attach_metadata ${key} is not supported`);
  }
  if (config.namespaces.own_namespace && config.api_server !== '') {
    const what = "cannot use 'namespaces.own_namespace' simultaneously";
    report(['namespaces', 'own_namespace'], `${what} with 'api_server'`);
  }
  checkHttpClient(config, report);
}
