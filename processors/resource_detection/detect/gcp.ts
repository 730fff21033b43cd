import { Finding, type Found, nothing, type Wanted } from '../found.ts';
import { fetchText, type World } from '../world.ts';

/** Google's metadata service. */
class Metadata {
  readonly #world: World;
  readonly #base: string;

  constructor(world: World) {
    this.#world = world;
    const host = world.env('GCE_METADATA_HOST') || '169.254.169.254';
    this.#base = `http://${host}/computeMetadata/v1`;
  }

  async text(path: string): Promise<string> {
    const headers = { 'metadata-flavor': 'Google' };
    return (await fetchText(this.#world, { url: `${this.#base}/${path}`, headers })).trim();
  }

  /** @returns undefined when the service has none */
  async optional(path: string): Promise<string | undefined> {
    const headers = { 'metadata-flavor': 'Google' };
    const url = `${this.#base}/${path}`;
    const { status, body } = await this.#world.fetch({ url, headers });
    if (status === 404) return undefined;
    if (status === 200) return body.trim();
    throw new Error(`cannot read ${url}: status ${status}`);
  }

  async has(path: string): Promise<boolean> {
    return this.text(path).then(
      () => true,
      () => false,
    );
  }

  /** What follows the last slash. */
  async last(path: string): Promise<string> {
    const text = await this.text(path);
    return text.slice(text.lastIndexOf('/') + 1);
  }
}

type Platform = 'gke' | 'functions' | 'run' | 'run_job' | 'app_standard' | 'app_flex' | 'gce';

async function platformOf(world: World, metadata: Metadata): Promise<Platform | undefined> {
  const has = (name: string) => world.env(name) !== undefined;
  const location = 'instance/attributes/cluster-location';
  if (has('KUBERNETES_SERVICE_HOST') && (await metadata.has(location))) return 'gke';
  if (has('FUNCTION_TARGET')) return 'functions';
  if (has('K_CONFIGURATION')) return 'run';
  if (has('CLOUD_RUN_JOB')) return 'run_job';
  if (has('CLOUD_RUN_WORKER_POOL')) return 'run';
  if (world.env('GAE_ENV') === 'standard') return 'app_standard';
  if (has('GAE_SERVICE')) return 'app_flex';
  return (await metadata.has('instance/machine-type')) ? 'gce' : undefined;
}

/** @throws Error when none of the variables is set */
function variable(world: World, ...names: readonly string[]): string {
  const found = names.map((name) => world.env(name)).find((value) => value !== undefined);
  if (found === undefined) throw new Error(`environment variable not found: ${names.join(', ')}`);
  return found;
}

async function setZoneAndRegion(finding: Finding, metadata: Metadata): Promise<void> {
  const zone = await metadata.last('instance/zone');
  const parts = zone.split('-');
  if (parts.length < 3) {
    throw new Error(`zone was not in the expected format: country-region-zone.  Got ${zone}`);
  }
  const region = parts.slice(0, 2).join('-');
  finding.set('cloud.availability_zone', zone).set('cloud.region', region);
}

async function setFunction(finding: Finding, world: World, metadata: Metadata): Promise<void> {
  const names = ['K_SERVICE', 'CLOUD_RUN_JOB', 'CLOUD_RUN_WORKER_POOL'];
  finding
    .set('faas.name', variable(world, ...names))
    .set('faas.instance', await metadata.text('instance/id'))
    .set('cloud.region', await metadata.last('instance/region'));
}

async function setGke(finding: Finding, world: World, metadata: Metadata): Promise<void> {
  const location = await metadata.text('instance/attributes/cluster-location');
  const dashes = location.split('-').length - 1;
  if (dashes !== 1 && dashes !== 2) {
    throw new Error(`unrecognized format for cluster location: ${location}`);
  }
  finding
    .set('cloud.platform', 'gcp_kubernetes_engine')
    .set(dashes === 1 ? 'cloud.region' : 'cloud.availability_zone', location)
    .set('k8s.cluster.name', await metadata.text('instance/attributes/cluster-name'))
    .set('host.id', await metadata.text('instance/id'));
  const name = await metadata.text('instance/name').catch((error: Error) => {
    world.log.info('no host name: with workload identity there is none', { error: error.message });
    return undefined;
  });
  finding.set('host.name', name);
}

async function setGroup(finding: Finding, metadata: Metadata): Promise<void> {
  const creator = (await metadata.optional('instance/attributes/created-by')) ?? '';
  const pattern = /^projects\/[^/]+\/(zone|region)s\/([^/]+)\/instanceGroupManagers\/([^/]+)$/;
  const match = pattern.exec(creator);
  if (match === null) return;
  finding
    .set('gcp.gce.instance_group_manager.name', match[3])
    .set(`gcp.gce.instance_group_manager.${match[1]}`, match[2]);
}

async function setGce(finding: Finding, metadata: Metadata): Promise<void> {
  finding.set('cloud.platform', 'gcp_compute_engine');
  await setZoneAndRegion(finding, metadata);
  const name = await metadata.text('instance/name');
  finding
    .set('host.type', await metadata.text('instance/machine-type'))
    .set('host.id', await metadata.text('instance/id'))
    .set('host.name', name)
    .set('gcp.gce.instance.hostname', await metadata.text('instance/hostname'))
    .set('gcp.gce.instance.name', name);
  await setGroup(finding, metadata);
}

async function setAppEngine(finding: Finding, world: World): Promise<void> {
  finding
    .set('cloud.platform', 'gcp_app_engine')
    .set('faas.name', variable(world, 'GAE_SERVICE'))
    .set('faas.version', variable(world, 'GAE_VERSION'))
    .set('faas.instance', variable(world, 'GAE_INSTANCE'));
}

const fillers: Readonly<
  Record<Platform, (finding: Finding, world: World, metadata: Metadata) => Promise<void>>
> = {
  gke: setGke,
  gce: (finding, _world, metadata) => setGce(finding, metadata),
  async functions(finding, world, metadata) {
    finding
      .set('cloud.platform', 'gcp_cloud_functions')
      .set('faas.version', variable(world, 'CLOUD_RUN_REVISION', 'K_REVISION'));
    await setFunction(finding, world, metadata);
  },
  async run(finding, world, metadata) {
    finding
      .set('cloud.platform', 'gcp_cloud_run')
      .set('faas.version', variable(world, 'CLOUD_RUN_REVISION', 'K_REVISION'));
    await setFunction(finding, world, metadata);
  },
  async run_job(finding, world, metadata) {
    finding.set('cloud.platform', 'gcp_cloud_run');
    await setFunction(finding, world, metadata);
    finding
      .set('gcp.cloud_run.job.execution', variable(world, 'CLOUD_RUN_EXECUTION'))
      .set('gcp.cloud_run.job.task_index', variable(world, 'CLOUD_RUN_TASK_INDEX'));
  },
  async app_flex(finding, world, metadata) {
    await setZoneAndRegion(finding, metadata);
    await setAppEngine(finding, world);
  },
  async app_standard(finding, world, metadata) {
    await setAppEngine(finding, world);
    finding
      .set('cloud.availability_zone', await metadata.last('instance/zone'))
      .set('cloud.region', await metadata.last('instance/region'));
  },
};

/** Google Cloud, whichever of its platforms. */
export async function gcp(world: World, wanted: Wanted): Promise<Found> {
  const finding = new Finding(wanted).set('cloud.provider', 'gcp');
  const [project, region, id] = ['PROJECT_ID', 'REGION', 'INSTANCE_ID'].map(
    (name) => world.env(`BMS_${name}`) || undefined,
  );
  if (project !== undefined && region !== undefined && id !== undefined) {
    return finding
      .set('cloud.account.id', project)
      .set('cloud.platform', 'gcp_bare_metal_solution')
      .set('host.name', id)
      .set('cloud.region', region)
      .found();
  }
  const metadata = new Metadata(world);
  const isThere = await metadata.has('project/project-id');
  if (!isThere && world.env('GCE_METADATA_HOST') === undefined) return nothing;
  finding.set('cloud.account.id', await metadata.text('project/project-id'));
  const platform = await platformOf(world, metadata);
  if (platform !== undefined) await fillers[platform](finding, world, metadata);
  return finding.found();
}
