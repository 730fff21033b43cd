import { existsSync } from 'node:fs';
import { z } from 'zod';
import type { Secret } from '../../../config/schema/index.ts';
import { secretText, text } from './text.ts';

const file = (text: string) => z.string().default('').describe(text);
const hidden = (text: string) => secretText().optional().describe(text);
const managed = () =>
  z.string().default('').describe('refused: there is no manager of secrets to name one of');

const basicAuth = z.strictObject({
  username: text().prefault('').describe('name that is sent'),
  username_file: file('file that holds the name'),
  username_ref: managed(),
  password: hidden('password that is sent'),
  password_file: file('file that holds the password'),
  password_ref: managed(),
});

const authorization = z.strictObject({
  type: z.string().default('Bearer').describe('scheme; not basic'),
  credentials: hidden('what follows the scheme'),
  credentials_file: file('file that holds it'),
  credentials_ref: managed(),
});

const tls = z.strictObject({
  ca: z.string().default('').describe('authorities that the server is checked by, as PEM'),
  cert: z.string().default('').describe('own certificate, as PEM'),
  key: hidden('key of the own certificate, as PEM'),
  ca_file: file('file of the authorities'),
  cert_file: file('file of the own certificate'),
  key_file: file('file of its key'),
  ca_ref: managed(),
  cert_ref: managed(),
  key_ref: managed(),
  server_name: z.string().default('').describe('name that the certificate is checked for'),
  insecure_skip_verify: z.boolean().default(false).describe('whether it is not checked'),
  min_version: z.enum(['', 'TLS10', 'TLS11', 'TLS12', 'TLS13']).default('').describe('lowest TLS'),
  max_version: z.enum(['', 'TLS10', 'TLS11', 'TLS12', 'TLS13']).default('').describe('highest TLS'),
});

const headerValues = z.strictObject({
  values: z.array(z.string()).default([]).describe('values'),
  secrets: z.array(secretText()).default([]).describe('values that are not shown'),
  files: z.array(z.string()).default([]).describe('files that hold values'),
});

/** How a server is asked, of targets and of services that list them. */
export const httpClientKeys = () => ({
  basic_auth: basicAuth.nullish().describe('name and password'),
  authorization: authorization.nullish().describe('header Authorization'),
  oauth2: z.unknown().optional().describe('refused: tokens are not fetched'),
  bearer_token: hidden('older form of authorization.credentials'),
  bearer_token_file: file('older form of authorization.credentials_file'),
  tls_config: tls.prefault({}).describe('TLS of https'),
  follow_redirects: z.boolean().default(true).describe('whether answers may point elsewhere'),
  enable_http2: z
    .boolean()
    .default(true)
    .describe('whether servers are offered HTTP/2')
    .meta({ unused: 'requests are made over HTTP/1.1' }),
  proxy_url: z.string().default('').describe('URL of an HTTP proxy'),
  no_proxy: z.string().default('').describe('hosts that are asked without it'),
  proxy_from_environment: z
    .boolean()
    .default(false)
    .describe('whether HTTP_PROXY, HTTPS_PROXY and NO_PROXY count'),
  proxy_connect_header: z
    .record(z.string(), z.array(secretText()))
    .default({})
    .describe('headers for the proxy'),
  http_headers: z
    .record(z.string(), headerValues)
    .nullish()
    .describe('further headers of requests'),
});

const shape = z.strictObject(httpClientKeys());
/** Keys of Prometheus' HTTP clients, decoded. */
export type PromHttpClient = z.output<typeof shape>;

/** Notes a fault at a path below what is checked. */
export type Report = (path: readonly (string | number)[], message: string) => void;

const given = (...values: readonly (string | Secret | undefined)[]): number =>
  values.filter((one) => (typeof one === 'string' ? one : (one?.reveal() ?? '')) !== '').length;

/** Checks what keys say together, as github.com/prometheus/common does. */
export function checkHttpClient(client: PromHttpClient, report: Report): void {
  const { basic_auth: basic, authorization: auth, bearer_token: token } = client;
  const tokens = given(token, client.bearer_token_file);
  if (client.oauth2 !== undefined && client.oauth2 !== null) {
    report(['oauth2'], 'oauth2 is not supported: give authorization a credentials_file');
  }
  if (tokens > 1) {
    const keys = 'bearer_token & bearer_token_file';
    report(['bearer_token'], `at most one of ${keys} must be configured`);
  }
  if (basic && tokens > 0) {
    const keys = 'basic_auth, oauth2, bearer_token & bearer_token_file';
    report(['basic_auth'], `at most one of ${keys} must be configured`);
  }
  if (basic) checkBasic(basic, report);
  if (auth) {
    if (tokens > 0) {
      const message = 'authorization is not compatible with bearer_token & bearer_token_file';
      report(['authorization'], message);
    }
    checkAuthorization(auth, report);
    if (basic) {
      const keys = 'basic_auth, oauth2 & authorization';
      report(['authorization'], `at most one of ${keys} must be configured`);
    }
  }
  checkTls(client.tls_config, report);
  checkProxy(client, report);
}

/** Checks that files of credentials and certificates are there. */
export function checkClientFiles(client: PromHttpClient, report: Report): void {
  const { authorization: auth, bearer_token_file: token, tls_config: own } = client;
  for (const [what, path, file] of [
    ['authorization credentials', ['authorization', 'credentials_file'], auth?.credentials_file],
    ['authorization credentials', ['bearer_token_file'], token],
    ['client cert', ['tls_config', 'cert_file'], own.cert_file],
    ['client key', ['tls_config', 'key_file'], own.key_file],
  ] as const) {
    if (!file || existsSync(file)) continue;
    const name = JSON.stringify(file);
    report(path, `error checking ${what} file ${name}: stat ${file}: no such file or directory`);
  }
}

function checkBasic(basic: z.output<typeof basicAuth>, report: Report): void {
  if (given(basic.username, basic.username_file, basic.username_ref) > 1) {
    const keys = 'basic_auth username, username_file & username_ref';
    report(['basic_auth'], `at most one of ${keys} must be configured`);
  }
  if (given(basic.password, basic.password_file, basic.password_ref) > 1) {
    const keys = 'basic_auth password, password_file & password_ref';
    report(['basic_auth'], `at most one of ${keys} must be configured`);
  }
  for (const key of ['username_ref', 'password_ref'] as const) {
    if (basic[key] !== '') report(['basic_auth', key], `${key} is not supported`);
  }
}

function checkAuthorization(auth: z.output<typeof authorization>, report: Report): void {
  if (given(auth.credentials, auth.credentials_file, auth.credentials_ref) > 1) {
    const keys = 'authorization credentials & credentials_file';
    report(['authorization'], `at most one of ${keys} must be configured`);
  }
  if (auth.type.trim().toLowerCase() === 'basic') {
    const message = 'authorization type cannot be set to "basic", use "basic_auth" instead';
    report(['authorization', 'type'], message);
  }
  if (auth.credentials_ref !== '') {
    report(['authorization', 'credentials_ref'], 'credentials_ref is not supported');
  }
}

function checkTls(config: PromHttpClient['tls_config'], report: Report): void {
  const at = ['tls_config'];
  if (given(config.ca, config.ca_file, config.ca_ref) > 1) {
    report(at, 'at most one of ca, ca_file & ca_ref must be configured');
  }
  const certs = given(config.cert, config.cert_file, config.cert_ref);
  const keys = given(config.key, config.key_file, config.key_ref);
  if (certs > 1) report(at, 'at most one of cert, cert_file & cert_ref must be configured');
  if (keys > 1) report(at, 'at most one of key and key_file must be configured');
  if (certs > 0 && keys === 0) {
    const what = 'exactly one of key or key_file must be configured';
    report(at, `${what} when a client certificate is configured`);
  } else if (keys > 0 && certs === 0) {
    const what = 'exactly one of cert or cert_file must be configured';
    report(at, `${what} when a client key is configured`);
  }
  for (const key of ['ca_ref', 'cert_ref', 'key_ref'] as const) {
    if (config[key] !== '') report([...at, key], `${key} is not supported`);
  }
}

function checkProxy(client: PromHttpClient, report: Report): void {
  const { proxy_url: url, no_proxy: none, proxy_from_environment: environment } = client;
  if (Object.keys(client.proxy_connect_header).length > 0 && url === '' && !environment) {
    const what = 'proxy_url or proxy_from_environment must also be configured';
    report(['proxy_connect_header'], `if proxy_connect_header is configured, ${what}`);
  }
  if (environment && url !== '') {
    const message = 'if proxy_from_environment is configured, proxy_url must not be configured';
    report(['proxy_from_environment'], message);
  }
  if (environment && none !== '') {
    const message = 'if proxy_from_environment is configured, no_proxy must not be configured';
    report(['proxy_from_environment'], message);
  } else if (url === '' && none !== '') {
    report(['no_proxy'], 'if no_proxy is configured, proxy_url must also be configured');
  }
  if (url !== '' && !URL.canParse(url)) {
    report(['proxy_url'], `proxy_url is no URL: ${JSON.stringify(url)}`);
  }
}
