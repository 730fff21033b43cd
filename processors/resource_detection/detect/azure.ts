import { Finding, type Found, nothing, orAbsent, type Wanted } from '../found.ts';
import { listAt, textAt } from '../json.ts';
import { fetchJson, type World } from '../world.ts';
import { quietly } from './quiet.ts';
import { anyPattern } from './tags.ts';

const url = 'http://169.254.169.254/metadata/instance/compute?api-version=2020-09-01&format=json';

const compute = (world: World) => fetchJson(world, { url, headers: { metadata: 'true' } });

/**
 * A virtual machine of Azure.
 * @param tags patterns of the tags that become `azure.tag.<name>`
 */
export async function azure(world: World, wanted: Wanted, tags: readonly string[]): Promise<Found> {
  return quietly(
    world,
    'Azure',
    () => compute(world),
    (vm) => {
      const name = textAt(vm, 'name');
      const finding = new Finding(wanted)
        .set('cloud.provider', 'azure')
        .set('cloud.platform', 'azure.vm')
        .set('host.name', orAbsent(textAt(vm, 'osProfile', 'computerName') || name))
        .set('cloud.region', textAt(vm, 'location'))
        .set('host.id', textAt(vm, 'vmId'))
        .set('cloud.account.id', textAt(vm, 'subscriptionId'))
        .set('cloud.availability_zone', orAbsent(textAt(vm, 'zone')))
        .set('azure.vm.name', name)
        .set('azure.vm.size', textAt(vm, 'vmSize'))
        .set('azure.vm.scaleset.name', orAbsent(textAt(vm, 'vmScaleSetName')))
        .set('azure.resourcegroup.name', textAt(vm, 'resourceGroupName'));
      const matches = anyPattern(tags);
      for (const tag of listAt(vm, 'tagsList')) {
        const key = textAt(tag, 'name');
        if (matches(key)) finding.add(`azure.tag.${key}`, textAt(tag, 'value'));
      }
      return finding.found();
    },
  );
}

/** The name of the cluster is in that of the resource group of its nodes: MC_group_NAME_location. */
function clusterOf(group: string): string {
  const parts = group.split('_');
  return parts.length === 4 && parts[0]!.toLowerCase() === 'mc' ? parts[2]! : group;
}

/** A node of Azure's Kubernetes service. */
export async function aks(world: World, wanted: Wanted): Promise<Found> {
  if ((world.env('KUBERNETES_SERVICE_HOST') ?? '') === '') return nothing;
  return quietly(
    world,
    'AKS',
    () => compute(world),
    (vm) =>
      new Finding(wanted)
        .set('cloud.provider', 'azure')
        .set('cloud.platform', 'azure.aks')
        .set('k8s.cluster.name', clusterOf(textAt(vm, 'resourceGroupName')))
        .found(),
  );
}
