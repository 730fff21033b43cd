import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { parseKeys } from './keys.ts';

/** Who issues tokens and what of them counts. */
export interface ProviderConfig {
  readonly issuer_url: string;
  readonly audience: string;
  readonly ignore_audience: boolean;
  readonly ignore_issuer: boolean;
  readonly issuer_ca_path: string;
  readonly username_claim: string;
  readonly groups_claim: string;
  readonly public_keys_file: string;
}

/** The keys as they are decoded; a provider whose keys stand at the top is the first. */
export interface OidcConfig {
  readonly attribute: string;
  readonly providers: readonly ProviderConfig[];
}

const text = (what: string) => z.string().default('').describe(what);

const common = {
  issuer_url: text('base URL of the provider; `iss` of its tokens'),
  audience: text('what `aud` of tokens has to hold'),
  ignore_audience: z.boolean().default(false).describe('whether `aud` goes unchecked'),
  issuer_ca_path: text("PEM file of the authority of the provider's certificate"),
  username_claim: text('claim that names the client; absent = `sub`'),
  groups_claim: text('claim that lists the groups of the client'),
};

const provider = z.strictObject({
  ...common,
  ignore_issuer: z.boolean().default(false).describe('whether `iss` goes unchecked'),
  public_keys_file: text('JWKS file with the only keys that count; nothing is fetched then'),
});

const keys = {
  ...common,
  attribute: z.string().default('authorization').describe('header that carries the token'),
  providers: z.array(provider).default([]).describe('those whose tokens are taken'),
};

/** What is wrong with a file of keys. */
function keysFault(path: string): string | undefined {
  try {
    parseKeys(readFileSync(path, 'utf8'));
    return undefined;
  } catch (error) {
    return `invalid public_keys_file ${JSON.stringify(path)}: ${(error as Error).message}`;
  }
}

function faultOf(given: ProviderConfig, all: readonly ProviderConfig[]): string | undefined {
  const url = given.issuer_url;
  if (all.findIndex((other) => other.issuer_url === url) !== all.indexOf(given)) {
    return `duplicate issuer URL found: ${url}`;
  }
  if (given.audience === '' && !given.ignore_audience) {
    return 'no Audience provided for the OIDC configuration';
  }
  if (url === '') return 'no IssuerURL provided for the OIDC configuration';
  if (given.ignore_issuer && all.length > 1) {
    return 'ignore_issuer cannot be true when multiple providers are configured';
  }
  return given.public_keys_file === '' ? undefined : keysFault(given.public_keys_file);
}

/** Configuration of the extension; one provider may stand at the top, as it used to. */
export const config = z.strictObject(keys).transform((given, ctx): OidcConfig => {
  const { attribute, providers, ...flat } = given;
  const legacy = { ...flat, ignore_issuer: false, public_keys_file: '' };
  const used = Object.values(flat).some((value) => value !== '' && value !== false);
  const all = used ? [legacy, ...providers] : providers;
  for (const one of all) {
    const message = faultOf(one, all);
    if (message !== undefined) ctx.addIssue({ code: 'custom', message });
  }
  return { attribute: attribute === '' ? 'authorization' : attribute, providers: all };
});
