import type { AttributeValue } from '../../../pdata/values.ts';
import { Finding, type Found, nothing, type Wanted } from '../found.ts';
import { at, numberAt, textAt } from '../json.ts';
import type { World } from '../world.ts';

const pair = /\s*([\0-\x7f]{1,256}?)\s*=\s*([\0-\x7f]{0,256}?)\s*(?:,|$)/g;

/** As Go's url.QueryUnescape. */
function unescaped(text: string): string {
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(text);
  if (bad !== null) throw new Error(`invalid URL escape ${JSON.stringify(bad[0])}`);
  const bytes = Buffer.from(
    text
      .replaceAll('+', ' ')
      .replace(/%([0-9a-fA-F]{2})/g, (_all, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      ),
    'latin1',
  );
  return bytes.toString('utf8');
}

/**
 * The attributes of a text as `a=1,b=2`.
 * @throws Error when something else is in it
 */
export function parseResource(text: string): Map<string, AttributeValue> {
  const fault = (part: string) => new Error(`invalid resource format: ${JSON.stringify(part)}`);
  const attributes = new Map<string, AttributeValue>();
  let end = 0;
  for (const match of text.matchAll(pair)) {
    const [all, key = '', value = ''] = match;
    if (match.index !== end) throw fault(text.slice(end, match.index));
    end = match.index + all.length;
    try {
      attributes.set(key, unescaped(value));
    } catch (cause) {
      const why = (cause as Error).message;
      throw new Error(`invalid resource format in attribute: ${JSON.stringify(all)}, err: ${why}`);
    }
  }
  if (end !== text.length) throw fault(text.slice(end));
  return attributes;
}

/** What OTEL_RESOURCE_ATTRIBUTES says, or OTEL_RESOURCE. */
export async function env(world: World): Promise<Found> {
  const text =
    world.env('OTEL_RESOURCE_ATTRIBUTES')?.trim() || world.env('OTEL_RESOURCE')?.trim() || '';
  return text === '' ? nothing : { attributes: parseResource(text), schemaUrl: '' };
}

const dynatraceKeys = ['dt.entity.host', 'host.name', 'dt.smartscape.host'];

/** What the Dynatrace agent of the host left in its file. */
export async function dynatrace(world: World): Promise<Found> {
  const folder =
    world.machine.osType === 'windows'
      ? `${world.env('ProgramData') || 'C:\\ProgramData'}\\dynatrace\\enrichment\\`
      : '/var/lib/dynatrace/enrichment/';
  const text = (await world.readText(`${folder}dt_host_metadata.properties`)) ?? '';
  const attributes = new Map<string, AttributeValue>();
  for (const line of text.split(/\r?\n/)) {
    const split = line.indexOf('=');
    const [key, value] = [line.slice(0, Math.max(split, 0)), line.slice(split + 1)];
    if (value !== '' && dynatraceKeys.includes(key)) attributes.set(key, value.trim());
    if (split < 0 && line !== '') {
      world.log.warn('Skipping line as it does not match the expected format of "<key>=<value>"', {
        line,
      });
    }
  }
  return { attributes, schemaUrl: '' };
}

/** The variables that Heroku sets. */
export async function heroku(world: World, wanted: Wanted): Promise<Found> {
  const app = world.env('HEROKU_APP_ID');
  return new Finding(wanted)
    .set('service.instance.id', world.env('HEROKU_DYNO_ID'))
    .set('heroku.app.id', app)
    .set('cloud.provider', app === undefined ? undefined : 'heroku')
    .set('service.name', world.env('HEROKU_APP_NAME'))
    .set('heroku.release.creation_timestamp', world.env('HEROKU_RELEASE_CREATED_AT'))
    .set('service.version', world.env('HEROKU_RELEASE_VERSION'))
    .set('heroku.release.commit', world.env('HEROKU_SLUG_COMMIT'))
    .found();
}

/** The variables that AWS Lambda sets. */
export async function lambda(world: World, wanted: Wanted): Promise<Found> {
  const name = world.env('AWS_LAMBDA_FUNCTION_NAME') ?? '';
  if (name === '') return nothing;
  const group = world.env('AWS_LAMBDA_LOG_GROUP_NAME');
  const stream = world.env('AWS_LAMBDA_LOG_STREAM_NAME');
  return new Finding(wanted)
    .set('cloud.provider', 'aws')
    .set('cloud.platform', 'aws_lambda')
    .set('cloud.region', world.env('AWS_REGION'))
    .set('faas.name', name)
    .set('faas.version', world.env('AWS_LAMBDA_FUNCTION_VERSION'))
    .set('faas.instance', stream)
    .set('faas.max_memory', world.env('AWS_LAMBDA_FUNCTION_MEMORY_SIZE'))
    .set('aws.log.group.names', group === undefined ? undefined : [group])
    .set('aws.log.stream.names', stream === undefined ? undefined : [stream])
    .found();
}

/** The file that Elastic Beanstalk leaves for X-Ray. */
export async function elasticBeanstalk(world: World, wanted: Wanted): Promise<Found> {
  const path =
    world.machine.osType === 'windows'
      ? 'C:\\Program Files\\Amazon\\XRay\\environment.conf'
      : '/var/elasticbeanstalk/xray/environment.conf';
  const text = await world.readText(path).catch(() => undefined);
  if (text === undefined) return nothing;
  const conf: unknown = JSON.parse(text);
  const id = at(conf, 'deployment_id');
  if (id !== undefined && typeof id !== 'number') {
    throw new Error(`cannot read ${path}: deployment_id is no number`);
  }
  return new Finding(wanted)
    .set('cloud.provider', 'aws')
    .set('cloud.platform', 'aws_elastic_beanstalk')
    .set('service.instance.id', numberAt(conf, 'deployment_id'))
    .set('deployment.environment', textAt(conf, 'environment_name'))
    .set('service.version', textAt(conf, 'version_label'))
    .found();
}
