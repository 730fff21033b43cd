import { z } from 'zod';
import { type TlsClientConfig, tlsClient } from '../../config/groups/tls.ts';
import { duration, type Secret, secret } from '../../config/schema/index.ts';

/** Times in milliseconds. */
export interface OAuth2Config {
  readonly client_id: string;
  readonly client_id_file: string;
  readonly client_secret: Secret;
  readonly client_secret_file: string;
  readonly grant_type: string;
  readonly client_certificate_key: Secret;
  readonly client_certificate_key_file: string;
  readonly client_certificate_key_id: string;
  readonly signature_algorithm: string;
  readonly iss: string;
  readonly audience: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly token_url: string;
  readonly scopes: readonly string[];
  readonly endpoint_params: Readonly<Record<string, readonly string[]>>;
  readonly tls: TlsClientConfig;
  readonly timeout: number;
  readonly expiry_buffer: number;
}

/** Grant type of RFC 7523. */
export const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

const text = (what: string) => z.string().default('').describe(what);
const hidden = (what: string) => secret().prefault('').describe(what);

const keys = {
  client_id: text("the client's id"),
  client_id_file: text('file with it; goes before client_id'),
  client_secret: hidden("the client's secret"),
  client_secret_file: text('file with it; goes before client_secret'),
  grant_type: text(`client_credentials (the default) or ${jwtBearer}`),
  client_certificate_key: hidden('RSA key in PEM that assertions are signed with (jwt-bearer)'),
  client_certificate_key_file: text('file with it; goes before client_certificate_key'),
  client_certificate_key_id: text('id of that key, for the header of assertions'),
  signature_algorithm: text('RS256 (the default), RS384 or RS512'),
  iss: text('issuer of assertions; absent = the client id'),
  audience: text('audience of assertions; absent = token_url'),
  claims: z.record(z.string(), z.unknown()).default({}).describe('more claims of assertions'),
  token_url: text('URL that tokens are fetched from'),
  scopes: z.array(z.string()).default([]).describe('what is asked for'),
  endpoint_params: z
    .record(z.string(), z.array(z.string()))
    .default({})
    .describe('more parameters of the request for a token'),
  tls: tlsClient().prefault({}).describe('TLS of the token server'),
  timeout: duration({ min: Number.NEGATIVE_INFINITY })
    .prefault(0)
    .describe('time that fetching a token may take; 0 = any'),
  expiry_buffer: duration({ min: Number.NEGATIVE_INFINITY })
    .prefault('5m')
    .describe('a token is renewed so long before it expires'),
};

/** Configuration of the extension. */
export const config = z.strictObject(keys).superRefine((given, ctx) => {
  const report = (message: string) => ctx.addIssue({ code: 'custom', message });
  const { grant_type: grant } = given;
  if (grant !== '' && grant !== 'client_credentials' && grant !== jwtBearer) {
    report(`unsupported grant_type ${JSON.stringify(grant)}`);
  }
  if (given.client_id === '' && given.client_id_file === '') {
    report('no ClientID provided in the OAuth2 exporter configuration: client_id');
  }
  if (grant === jwtBearer) {
    if (given.client_certificate_key.reveal() === '' && given.client_certificate_key_file === '') {
      report('no client certificate key provided: client_certificate_key');
    }
    if (!['', 'RS256', 'RS384', 'RS512'].includes(given.signature_algorithm)) {
      report(`invalid signature_algorithm ${JSON.stringify(given.signature_algorithm)}`);
    }
  } else if (given.client_secret.reveal() === '' && given.client_secret_file === '') {
    report('no ClientSecret provided in OAuth Client Credentials configuration: client_secret');
  }
  if (given.token_url === '') {
    report('no TokenURL provided in OAuth Client Credentials configuration: token_url');
  }
});
