import { Finding, type Found, nothing, orAbsent, type Wanted } from '../found.ts';
import { numberAt, textAt } from '../json.ts';
import { fetchJson, fetchText, type World } from '../world.ts';
import { quietly } from './quiet.ts';
import { anyPattern } from './tags.ts';

const link = 'http://169.254.169.254';

/** Reads several texts at once, by name. */
async function texts<K extends string>(
  paths: Readonly<Record<K, string>>,
  read: (path: string) => Promise<string>,
): Promise<Record<K, string>> {
  const names = Object.keys(paths) as K[];
  const values = await Promise.all(names.map((name) => read(paths[name])));
  return Object.fromEntries(names.map((name, i) => [name, values[i]!])) as Record<K, string>;
}

/** What metadata say of an instance, each under a path of its own. */
type Instance = Readonly<
  Record<'host' | 'image' | 'id' | 'type' | 'account' | 'region' | 'zone', string>
>;

function foundInstance(
  wanted: Wanted,
  provider: string,
  platform: string,
  instance: Instance,
): Found {
  return new Finding(wanted)
    .set('cloud.provider', provider)
    .set('cloud.platform', platform)
    .set('cloud.account.id', instance.account)
    .set('cloud.region', instance.region)
    .set('cloud.availability_zone', instance.zone)
    .set('host.id', instance.id)
    .set('host.name', instance.host)
    .set('host.image.id', instance.image)
    .set('host.type', instance.type)
    .found();
}

/** Akamai's (Linode's) metadata service, `/v1/instance`; nothing where none answers. */
export async function akamai(world: World, wanted: Wanted): Promise<Found> {
  const ask = async () => {
    const token = await fetchJson(world, {
      url: `${link}/v1/token`,
      method: 'PUT',
      headers: { 'metadata-token-expiry-seconds': '3600', accept: 'application/json' },
    });
    const headers = { 'metadata-token': textAt(token, '0'), accept: 'application/json' };
    return fetchJson(world, { url: `${link}/v1/instance`, headers });
  };
  return quietly(world, 'Akamai', ask, (instance) =>
    new Finding(wanted)
      .set('cloud.account.id', textAt(instance, 'account_euuid'))
      .set('cloud.provider', 'akamai_cloud')
      .set('cloud.platform', 'akamai_cloud.compute')
      .set('cloud.region', textAt(instance, 'region'))
      .set('host.id', numberAt(instance, 'id'))
      .set('host.image.id', textAt(instance, 'image', 'id'))
      .set('host.image.name', textAt(instance, 'image', 'label'))
      .set('host.name', textAt(instance, 'label'))
      .set('host.type', textAt(instance, 'type'))
      .found(),
  );
}

/** Alibaba Cloud's metadata service. @param needed whether no answer is an error */
export async function alibabaEcs(world: World, wanted: Wanted, needed: boolean): Promise<Found> {
  const base = 'http://100.100.100.200/latest';
  const ask = async () => {
    const token = await fetchText(world, {
      url: `${base}/api/token`,
      method: 'PUT',
      headers: { 'x-aliyun-ecs-metadata-token-ttl-seconds': '21600' },
    });
    const headers = { 'x-aliyun-ecs-metadata-token': token };
    const paths = {
      host: 'hostname',
      image: 'image-id',
      id: 'instance-id',
      type: 'instance/instance-type',
      account: 'owner-account-id',
      region: 'region-id',
      zone: 'zone-id',
    };
    return texts(paths, (path) => fetchText(world, { url: `${base}/meta-data/${path}`, headers }));
  };
  const found = (instance: Instance) =>
    foundInstance(wanted, 'alibaba_cloud', 'alibaba_cloud_ecs', instance);
  return quietly(world, 'Alibaba Cloud ECS', ask, found, needed);
}

/** DigitalOcean's metadata of a droplet, `/metadata/v1.json`; nothing where none answers. */
export async function digitalOcean(world: World, wanted: Wanted): Promise<Found> {
  const ask = () => fetchJson(world, { url: `${link}/metadata/v1.json`, timeoutMs: 2000 });
  return quietly(world, 'DigitalOcean', ask, (droplet) =>
    new Finding(wanted)
      .set('cloud.provider', 'digitalocean')
      .set('host.id', numberAt(droplet, 'droplet_id'))
      .set('host.name', textAt(droplet, 'hostname'))
      .set('cloud.region', textAt(droplet, 'region'))
      .found(),
  );
}

/** Hetzner's metadata, one text a path; nothing where there is no `hostname`. */
export async function hetzner(world: World, wanted: Wanted): Promise<Found> {
  const read = async (path: string) => {
    const text = await fetchText(world, { url: `${link}/hetzner/v1/metadata/${path}` });
    return text.trim();
  };
  const ask = async () => {
    const name = await read('hostname');
    if (name === '') throw new Error('the host has no name');
    return name;
  };
  const found = async (name: string) => {
    const id = await read('instance-id').catch(() => '');
    return new Finding(wanted)
      .set('cloud.provider', 'hetzner')
      .set('cloud.platform', 'hetzner.cloud_server')
      .set('host.id', /^\d+$/.test(id) ? id : '0')
      .set('host.name', name)
      .set('cloud.region', await read('region').catch(() => ''))
      .set('cloud.availability_zone', await read('availability-zone').catch(() => ''))
      .found();
  };
  return quietly(world, 'Hetzner', ask, found);
}

/**
 * OpenStack's `meta_data.json`. @param labels patterns of keys of `meta` @param needed whether no
 * answer is an error
 */
export async function nova(
  world: World,
  wanted: Wanted,
  labels: readonly string[],
  needed: boolean,
): Promise<Found> {
  const ask = async () => {
    const url = `${link}/openstack/latest/meta_data.json`;
    const document = await fetchJson(world, { url, timeoutMs: 2000 });
    if (textAt(document, 'uuid') !== '') return document;
    throw new Error('instance ID (uuid) not found in metadata');
  };
  const found = async (document: unknown) => {
    const host = textAt(document, 'hostname');
    if (host === '') throw new Error('failed getting hostname: hostname not found in metadata');
    const url = `${link}/latest/meta-data/instance-type`;
    const type = await fetchText(world, { url, timeoutMs: 2000 }).catch(() => '');
    const finding = new Finding(wanted)
      .set('host.type', orAbsent(type))
      .set('cloud.provider', 'openstack')
      .set('cloud.platform', 'openstack_nova')
      .set('cloud.account.id', textAt(document, 'project_id'))
      .set('cloud.availability_zone', textAt(document, 'availability_zone'))
      .set('host.id', textAt(document, 'uuid'))
      .set('host.name', host);
    const meta = (document as { readonly meta?: Readonly<Record<string, string>> }).meta ?? {};
    const matches = anyPattern(labels);
    for (const [key, value] of Object.entries(meta)) {
      if (matches(key)) finding.add(`openstack.nova.meta.${key}`, value);
    }
    return finding.found();
  };
  return quietly(world, 'OpenStack Nova', ask, found, needed);
}

/**
 * Oracle Cloud's metadata, version 2; asked for 200 ms at first, since other networks do not
 * answer.
 */
export async function oracleCloud(world: World, wanted: Wanted): Promise<Found> {
  const url = `${link}/opc/v2/instance/`;
  const headers = { authorization: 'Bearer Oracle' };
  const probe = world.fetch({ url, headers, method: 'HEAD', timeoutMs: 200 });
  if ((await probe.catch(() => undefined))?.status !== 200) return nothing;
  const instance = await fetchJson(world, { url, headers });
  return new Finding(wanted)
    .set('cloud.provider', 'oracle_cloud')
    .set('cloud.platform', 'oracle_cloud_oke')
    .set('cloud.region', textAt(instance, 'canonicalRegionName'))
    .set('cloud.availability_zone', textAt(instance, 'availabilityDomain'))
    .set('host.id', textAt(instance, 'id'))
    .set('host.name', textAt(instance, 'displayName'))
    .set('host.type', textAt(instance, 'shape'))
    .set('k8s.cluster.name', textAt(instance, 'metadata', 'oke-cluster-display-name'))
    .set('oracle_cloud.realm', textAt(instance, 'metadata', 'realm'))
    .found();
}

/** Scaleway's `/conf?format=json`; nothing where none answers. */
export async function scaleway(world: World, wanted: Wanted): Promise<Found> {
  const ask = () => fetchJson(world, { url: 'http://169.254.42.42/conf?format=json' });
  return quietly(world, 'Scaleway', ask, (server) => {
    const zone = textAt(server, 'location', 'zone_id');
    const cut = zone.lastIndexOf('-');
    return new Finding(wanted)
      .set('cloud.account.id', textAt(server, 'organization'))
      .set('cloud.availability_zone', zone)
      .set('cloud.provider', 'scaleway_cloud')
      .set('cloud.platform', 'scaleway_cloud_compute')
      .set('cloud.region', cut > 0 ? zone.slice(0, cut) : undefined)
      .set('host.id', textAt(server, 'id'))
      .set('host.image.id', textAt(server, 'image', 'id'))
      .set('host.image.name', textAt(server, 'image', 'name'))
      .set('host.name', textAt(server, 'name'))
      .set('host.type', textAt(server, 'commercial_type'))
      .found();
  });
}

/** Tencent Cloud's metadata, one text a path. @param needed whether no answer is an error */
export async function tencentCvm(world: World, wanted: Wanted, needed: boolean): Promise<Found> {
  const base = 'http://metadata.tencentyun.com/latest/meta-data';
  const paths = {
    host: 'instance-name',
    image: 'instance/image-id',
    id: 'instance-id',
    type: 'instance/instance-type',
    account: 'app-id',
    region: 'placement/region',
    zone: 'placement/zone',
  };
  const ask = () => texts(paths, (path) => fetchText(world, { url: `${base}/${path}` }));
  const found = (instance: Instance) =>
    foundInstance(wanted, 'tencent_cloud', 'tencent_cloud_cvm', instance);
  return quietly(world, 'Tencent Cloud CVM', ask, found, needed);
}

/** UpCloud's `/metadata/v1.json`. @param needed whether no answer is an error */
export async function upcloud(world: World, wanted: Wanted, needed: boolean): Promise<Found> {
  const ask = () => fetchJson(world, { url: `${link}/metadata/v1.json`, timeoutMs: 2000 });
  const found = (server: unknown) =>
    new Finding(wanted)
      .set('cloud.provider', textAt(server, 'cloud_name'))
      .set('cloud.region', textAt(server, 'region'))
      .set('host.id', textAt(server, 'instance_id'))
      .set('host.name', textAt(server, 'hostname'))
      .found();
  return quietly(world, 'Upcloud', ask, found, needed);
}

/** Vultr's `/v1.json`. @param needed whether no answer is an error */
export async function vultr(world: World, wanted: Wanted, needed: boolean): Promise<Found> {
  const ask = () => fetchJson(world, { url: `${link}/v1.json`, timeoutMs: 2000 });
  const found = (server: unknown) =>
    new Finding(wanted)
      .set('cloud.provider', 'vultr')
      .set('cloud.platform', 'vultr.cloud_compute')
      .set('cloud.region', textAt(server, 'region', 'regioncode').toLowerCase())
      .set('host.id', textAt(server, 'instance-v2-id') || textAt(server, 'instanceid'))
      .set('host.name', textAt(server, 'hostname'))
      .found();
  return quietly(world, 'Vultr', ask, found, needed);
}
