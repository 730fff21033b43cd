import { textAt } from '../json.ts';
import { fetchJson, fetchText, type World } from '../world.ts';
import { type Credentials, signedHeaders } from './aws-signature.ts';
import type { InstanceMetadata } from './instance-metadata.ts';

/** @returns undefined when the environment has none */
function ofEnvironment(world: World): Credentials | undefined {
  const id = world.env('AWS_ACCESS_KEY_ID') ?? '';
  const secret = world.env('AWS_SECRET_ACCESS_KEY') ?? '';
  if (id === '' || secret === '') return undefined;
  return { id, secret, token: world.env('AWS_SESSION_TOKEN') ?? '' };
}

/** Those of an ECS task or an EKS pod. @returns undefined when there are none */
async function ofContainer(world: World): Promise<Credentials | undefined> {
  const relative = world.env('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI') ?? '';
  const full = world.env('AWS_CONTAINER_CREDENTIALS_FULL_URI') ?? '';
  if (relative === '' && full === '') return undefined;
  const url = relative === '' ? full : `http://169.254.170.2${relative}`;
  const file = world.env('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE') ?? '';
  const inFile = file === '' ? undefined : (await world.readText(file))?.trim();
  const authorization = inFile ?? world.env('AWS_CONTAINER_AUTHORIZATION_TOKEN') ?? '';
  const headers = authorization === '' ? {} : { authorization };
  return parsed(await fetchJson(world, { url, headers }));
}

function parsed(answer: unknown): Credentials {
  const [id, secret] = [textAt(answer, 'AccessKeyId'), textAt(answer, 'SecretAccessKey')];
  if (id === '' || secret === '') throw new Error('cannot use credentials: the answer has none');
  return { id, secret, token: textAt(answer, 'Token') };
}

async function ofInstance(metadata: InstanceMetadata): Promise<Credentials> {
  const folder = 'meta-data/iam/security-credentials/';
  const role = (await metadata.text(folder)).split('\n')[0]!.trim();
  return parsed(JSON.parse(await metadata.text(folder + role)));
}

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

function plainText(xml: string): string {
  return xml.replace(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w+));/g, (all, hex, decimal, name) => {
    if (name !== undefined) return entities[name] ?? all;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

/** Names and values in an answer of DescribeTags. */
function parseTags(xml: string): (readonly [name: string, value: string])[] {
  return xml
    .split('<item>')
    .slice(1)
    .map((item) => {
      const field = (name: string) =>
        plainText(new RegExp(`<${name}>([^<]*)</${name}>`).exec(item)?.[1] ?? '');
      return [field('key'), field('value')] as const;
    });
}

/**
 * The tags of an instance, by the API of EC2.
 * @throws Error without credentials, or when they are not good for it
 */
export async function describeTags(
  world: World,
  metadata: InstanceMetadata,
  region: string,
  instance: string,
): Promise<(readonly [name: string, value: string])[]> {
  const credentials =
    ofEnvironment(world) ?? (await ofContainer(world)) ?? (await ofInstance(metadata));
  const own = world.env('AWS_ENDPOINT_URL_EC2') || world.env('AWS_ENDPOINT_URL');
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const url = new URL(own || `https://ec2.${region}.${domain}/`);
  const body = new URLSearchParams({
    Action: 'DescribeTags',
    Version: '2016-11-15',
    'Filter.1.Name': 'resource-id',
    'Filter.1.Value.1': instance,
  }).toString();
  const headers = signedHeaders(
    {
      url,
      region,
      service: 'ec2',
      contentType: 'application/x-www-form-urlencoded',
      body,
      unixMs: world.unixMs(),
    },
    credentials,
  );
  return parseTags(await fetchText(world, { url: url.href, method: 'POST', headers, body }));
}
