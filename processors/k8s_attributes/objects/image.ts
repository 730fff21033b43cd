/*
 * References of container images, as registries write them: [DOMAIN/]PATH[:TAG][@DIGEST]
 * (https://pkg.go.dev/github.com/distribution/reference).
 */

const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const host = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])`;
const domain = `${host}(?::[0-9]+)?`;
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const path = `${component}(?:/${component})*`;
const tag = '\\w[\\w.-]{0,127}';
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';

const reference = new RegExp(`^((?:${domain}/)?${path})(?::(${tag}))?(?:@(${digest}))?$`);
const split = new RegExp(`^(?:(${domain})/)?(${path})$`);

/** Nothing that a registry names is longer; what is, is no reference. */
const maxLength = 1024;
const maxPath = 255;

const digestSizes: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

function isDigest(text: string): boolean {
  const at = text.indexOf(':');
  const encoded = text.slice(at + 1);
  return digestSizes[text.slice(0, at)] === encoded.length && /^[a-f0-9]+$/.test(encoded);
}

interface ImageReference {
  /** Domain, if any, and path. */
  readonly name: string;
  /** '' = none. */
  readonly tag: string;
  /** '' = none. */
  readonly digest: string;
}

/** @returns undefined for what is no reference */
export function parseImage(image: string): ImageReference | undefined {
  if (image.length > maxLength) return undefined;
  const found = reference.exec(image);
  if (found === null) return undefined;
  const [, name = '', tagged = '', digested = ''] = found;
  if ((split.exec(name)?.[2] ?? name).length > maxPath) return undefined;
  if (digested !== '' && !isDigest(digested)) return undefined;
  return { name, tag: tagged, digest: digested };
}

/** What an image says of the version of what is in it; undefined = nothing. */
export function versionOf({ tag: tagged, digest: digested }: ImageReference): string | undefined {
  if (digested !== '') return tagged === '' ? digested : `${tagged}@${digested}`;
  return tagged === '' ? undefined : tagged;
}

function qualified(image: string): string {
  const slash = image.indexOf('/');
  const first = image.slice(0, Math.max(slash, 0));
  if (slash < 0) return `docker.io/library/${image}`;
  const rest = image.slice(slash + 1);
  const isDomain = first === 'localhost' || /[.:]/.test(first) || first.toLowerCase() !== first;
  if (!isDomain) return `docker.io/${image}`;
  if (first !== 'docker.io' && first !== 'index.docker.io') return image;
  return `docker.io/${rest.includes('/') ? rest : `library/${rest}`}`;
}

/** An image by its digest, with the domain and path in full; undefined when it has no digest. */
export function canonicalImage(image: string): string | undefined {
  if (image.length > maxLength || /^[a-f0-9]{64}$/.test(image) || isDigest(image)) return undefined;
  const full = qualified(image);
  const parsed = parseImage(full);
  return parsed === undefined || parsed.digest === '' ? undefined : full;
}
