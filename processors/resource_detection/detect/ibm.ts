import { Finding, type Found, type Wanted } from '../found.ts';
import { textAt } from '../json.ts';
import { fetchJson, fetchText, type World } from '../world.ts';
import { quietly } from './quiet.ts';

/** A classic server, by SoftLayer's service. */
export async function ibmClassic(world: World, wanted: Wanted): Promise<Found> {
  const base = 'https://api.service.softlayer.com/rest/v3.1/SoftLayer_Resource_Metadata';
  const read = async (what: string) => {
    const url = `${base}/get${what}.txt`;
    return (await fetchText(world, { url, timeoutMs: 5000 })).trim();
  };
  const names = ['Id', 'Hostname', 'Datacenter', 'AccountId', 'GlobalIdentifier'];
  const ask = () => Promise.all(names.map(read));
  return quietly(world, 'IBM Cloud Classic', ask, ([id, host, zone, account, resource]) =>
    new Finding(wanted)
      .set('cloud.provider', 'ibm_cloud')
      .set('cloud.platform', 'ibm_cloud.classic')
      .set('cloud.account.id', account)
      .set('cloud.availability_zone', zone)
      .set('cloud.resource_id', resource)
      .set('host.id', id)
      .set('host.name', host)
      .found(),
  );
}

/** The account that a cloud resource name is of, '' when it names none. */
function accountOf(crn: string): string {
  return (crn.split(':')[6] ?? '').replace(/^a\//, '');
}

/** A virtual server in a private cloud. */
export async function ibmVpc(
  world: World,
  wanted: Wanted,
  protocol: 'http' | 'https',
): Promise<Found> {
  const base = `${protocol}://api.metadata.cloud.ibm.com`;
  const version = 'version=2026-01-30';
  const ask = async () => {
    const token = await fetchJson(world, {
      url: `${base}/identity/v1/token?${version}`,
      method: 'PUT',
      headers: {
        'metadata-flavor': 'ibm',
        accept: 'application/json',
        'content-type': 'application/json',
      },
      body: '{"expires_in":300}',
    });
    const authorization = `Bearer ${textAt(token, 'access_token')}`;
    return fetchJson(world, {
      url: `${base}/metadata/v1/instance?${version}`,
      headers: { authorization, accept: 'application/json' },
    });
  };
  return quietly(world, 'IBM Cloud VPC', ask, (instance) => {
    const zone = textAt(instance, 'zone', 'name');
    const cut = zone.lastIndexOf('-');
    const crn = textAt(instance, 'crn');
    return new Finding(wanted)
      .set('cloud.provider', 'ibm_cloud')
      .set('cloud.platform', 'ibm_cloud.vpc')
      .set('cloud.region', cut > 0 ? zone.slice(0, cut) : zone)
      .set('cloud.availability_zone', zone)
      .set('cloud.account.id', accountOf(crn))
      .set('cloud.resource_id', crn)
      .set('host.id', textAt(instance, 'id'))
      .set('host.image.id', textAt(instance, 'image', 'id'))
      .set('host.image.name', textAt(instance, 'image', 'name'))
      .set('host.name', textAt(instance, 'name'))
      .set('host.type', textAt(instance, 'profile', 'name'))
      .found();
  });
}
