import { z } from 'zod';
import { duration, type Secret, secret } from '../schema/index.ts';
import { tlsVersions } from './tls-names.ts';

/** What both ends of TLS can be told; an empty text is as if absent. */
export interface TlsConfig {
  readonly ca_file?: string | undefined;
  readonly ca_pem?: Secret | undefined;
  readonly cert_file?: string | undefined;
  readonly cert_pem?: Secret | undefined;
  readonly key_file?: string | undefined;
  readonly key_pem?: Secret | undefined;
  readonly include_system_ca_certs_pool: boolean;
  /** '' = 1.2. */
  readonly min_version: string;
  /** '' = any. */
  readonly max_version: string;
  /** Go's names; checked when certificates are loaded. */
  readonly cipher_suites: readonly string[];
  readonly include_insecure_cipher_suites: boolean;
  readonly curve_preferences: readonly string[];
  /** Milliseconds; 0 = never. */
  readonly reload_interval: number;
}

/** TLS of a side that connects; `insecure` asks for plain text, without TLS. */
export interface TlsClientConfig extends TlsConfig {
  readonly insecure: boolean;
  readonly insecure_skip_verify: boolean;
  readonly server_name_override: string;
}

/** TLS of a side that listens; with `client_ca_file` clients have to show a certificate. */
export interface TlsServerConfig extends TlsConfig {
  readonly client_ca_file?: string | undefined;
  readonly client_ca_file_reload: boolean;
}

const file = (text: string) => z.string().optional().describe(text);
const pem = () => secret().optional().describe('the same as text');
const version = (text: string) => z.string().default('').describe(text);

const noModule = { unused: 'keys in a Trusted Platform Module cannot be used' };

const tpm = z.strictObject({
  enabled: z.boolean().default(false).describe('must be false: keys in a TPM are not supported'),
  path: z.string().default('').describe('of the module').meta(noModule),
  owner_auth: z.string().default('').describe('of the module').meta(noModule),
  auth: z.string().default('').describe('of the module').meta(noModule),
});

const common = () => ({
  ca_file: file('PEM file of the authorities that the peer is checked by'),
  ca_pem: pem(),
  cert_file: file('PEM file of the own certificate and its chain'),
  cert_pem: pem(),
  key_file: file('PEM file of the key of the own certificate'),
  key_pem: pem(),
  include_system_ca_certs_pool: z
    .boolean()
    .default(false)
    .describe("whether the system's authorities count beside ca_file"),
  min_version: version('lowest TLS version, 1.0 to 1.3; absent = 1.2'),
  max_version: version('highest TLS version; absent = 1.3'),
  cipher_suites: z
    .array(z.string())
    .default([])
    .describe("cipher suites of TLS 1.2 by Go's names; absent = all that are safe"),
  include_insecure_cipher_suites: z
    .boolean()
    .default(false)
    .describe('whether cipher_suites may name suites that are called insecure'),
  curve_preferences: z
    .array(z.string())
    .default([])
    .describe('key exchange groups, best first: X25519MLKEM768, X25519, P256, P384, P521'),
  reload_interval: duration({ min: Number.NEGATIVE_INFINITY })
    .prefault(0)
    .describe('time after which certificate files are read again; 0 = never'),
  tpm: tpm.prefault({}).describe('a key in a Trusted Platform Module: not supported'),
});

type Given = z.infer<z.ZodObject<ReturnType<typeof common>>>;

/** Whether a file or a text was given; '' is none. */
export function isGiven(value: string | Secret | undefined): boolean {
  return value !== undefined && (typeof value === 'string' ? value : value.reveal()) !== '';
}

function checkPairs(config: Given, ctx: z.RefinementCtx): void {
  const report = (key: string, message: string) =>
    ctx.addIssue({ code: 'custom', path: [key], message });
  for (const what of ['ca', 'cert', 'key'] as const) {
    if (!isGiven(config[`${what}_file`]) || !isGiven(config[`${what}_pem`])) continue;
    const long = { ca: 'CA', cert: 'certificate', key: 'key' }[what];
    report(`${what}_pem`, `provide either ${long} file or PEM, but not both`);
  }
  const cert = isGiven(config.cert_file) || isGiven(config.cert_pem);
  const key = isGiven(config.key_file) || isGiven(config.key_pem);
  if (cert !== key) {
    const missing = cert ? 'key_file or key_pem is missing' : 'cert_file or cert_pem is missing';
    const message = `TLS configuration must include both certificate and key: ${missing}`;
    ctx.addIssue({ code: 'custom', message });
  }
  if (config.tpm.enabled) {
    ctx.addIssue({
      code: 'custom',
      path: ['tpm', 'enabled'],
      message: 'cannot use keys in a Trusted Platform Module (tpm): not supported',
    });
  }
}

function checkVersions(config: Given, ctx: z.RefinementCtx): void {
  const { min_version: min, max_version: max } = config;
  for (const [key, given] of Object.entries({ min_version: min, max_version: max })) {
    if (given === '' || Object.hasOwn(tlsVersions, given)) continue;
    const message = `invalid TLS ${key}: unsupported TLS version: ${JSON.stringify(given)}`;
    ctx.addIssue({ code: 'custom', path: [key], message });
    return;
  }
  if (max === '' || (min || '1.2') <= max) return;
  const message = 'invalid TLS configuration: min_version cannot be greater than max_version';
  ctx.addIssue({ code: 'custom', path: ['min_version'], message });
}

/** The `tls` section of a client. */
export function tlsClient() {
  return z
    .strictObject({
      ...common(),
      insecure: z
        .boolean()
        .default(false)
        .describe('no TLS at all, unless ca_file or ca_pem is given'),
      insecure_skip_verify: z
        .boolean()
        .default(false)
        .describe("whether the server's certificate goes unchecked"),
      server_name_override: z
        .string()
        .default('')
        .describe('name that the certificate is checked for, instead of the host'),
    })
    .superRefine((config, ctx) => {
      checkPairs(config, ctx);
      checkVersions(config, ctx);
    });
}

/** The `tls` section of a server. */
export function tlsServer() {
  return z
    .strictObject({
      ...common(),
      client_ca_file: z
        .string()
        .optional()
        .describe('PEM file of the authorities that clients must have a certificate of'),
      client_ca_file_reload: z
        .boolean()
        .default(false)
        .describe('whether client_ca_file is read again when it changes'),
    })
    .superRefine((config, ctx) => {
      checkPairs(config, ctx);
      checkVersions(config, ctx);
      const own = [config.cert_file, config.cert_pem, config.key_file, config.key_pem];
      if (own.some(isGiven)) return;
      const message =
        'TLS configuration must include both certificate and key for server connections: ' +
        'cert_file and key_file';
      ctx.addIssue({ code: 'custom', message });
    });
}
