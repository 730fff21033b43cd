import { z } from 'zod';
import { duration, type Secret, secret } from '../schema/index.ts';

/** TLS versions as they are written, and as Node names them. */
const versions = { '1.2': 'TLSv1.2', '1.3': 'TLSv1.3' } as const;

/** Go's names of the cipher suites of TLS 1.2 that are not called insecure, and OpenSSL's. */
const suites = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
} as const;

const curves = {
  X25519: 'X25519',
  P256: 'P-256',
  P384: 'P-384',
  P521: 'P-521',
  X25519MLKEM768: 'X25519MLKEM768',
} as const;

type Suite = keyof typeof suites;
type Curve = keyof typeof curves;

/** What both ends of TLS can be told. */
export interface TlsConfig {
  readonly ca_file?: string | undefined;
  readonly ca_pem?: Secret | undefined;
  readonly cert_file?: string | undefined;
  readonly cert_pem?: Secret | undefined;
  readonly key_file?: string | undefined;
  readonly key_pem?: Secret | undefined;
  readonly include_system_ca_certs_pool: boolean;
  readonly min_version: keyof typeof versions;
  readonly max_version?: keyof typeof versions | undefined;
  readonly cipher_suites: readonly Suite[];
  readonly curve_preferences: readonly Curve[];
  /** Milliseconds; 0 = never. */
  readonly reload_interval: number;
}

export interface TlsClientConfig extends TlsConfig {
  readonly insecure: boolean;
  readonly insecure_skip_verify: boolean;
  readonly server_name_override?: string | undefined;
}

export interface TlsServerConfig extends TlsConfig {
  readonly client_ca_file?: string | undefined;
}

const names = <K extends string>(table: Readonly<Record<K, string>>) =>
  Object.keys(table) as [K, ...K[]];

const common = () => ({
  ca_file: z
    .string()
    .optional()
    .describe('PEM file of the authorities that the peer is checked by'),
  ca_pem: secret().optional().describe('the same as text'),
  cert_file: z.string().optional().describe('PEM file of the own certificate and its chain'),
  cert_pem: secret().optional().describe('the same as text'),
  key_file: z.string().optional().describe('PEM file of the key of the own certificate'),
  key_pem: secret().optional().describe('the same as text'),
  include_system_ca_certs_pool: z
    .boolean()
    .default(false)
    .describe("whether the system's authorities count beside ca_file"),
  min_version: z.enum(names(versions)).default('1.2').describe('lowest TLS version'),
  max_version: z.enum(names(versions)).optional().describe('highest TLS version'),
  cipher_suites: z
    .array(z.enum(names(suites)))
    .default([])
    .describe('cipher suites of TLS 1.2; absent = all that are safe'),
  curve_preferences: z
    .array(z.enum(names(curves)))
    .default([])
    .describe('key exchange groups, best first'),
  reload_interval: duration()
    .prefault(0)
    .describe('time after which certificate files are read again; 0 = never'),
});

type Given = { readonly [K in keyof TlsConfig]?: unknown };

function checkPairs(config: Given, ctx: z.RefinementCtx): void {
  for (const what of ['ca', 'cert', 'key'] as const) {
    const both = config[`${what}_file`] !== undefined && config[`${what}_pem`] !== undefined;
    if (!both) continue;
    const message = `${what}_file and ${what}_pem cannot both be given`;
    ctx.addIssue({ code: 'custom', path: [`${what}_pem`], message });
  }
  const cert = config.cert_file ?? config.cert_pem;
  const key = config.key_file ?? config.key_pem;
  if ((cert === undefined) === (key === undefined)) return;
  const missing = cert === undefined ? 'cert_file or cert_pem' : 'key_file or key_pem';
  ctx.addIssue({ code: 'custom', message: `${missing} is missing: both are needed` });
}

/** The `tls` section of a client. */
export function tlsClient() {
  return z
    .strictObject({
      ...common(),
      insecure: z.boolean().default(false).describe('no TLS at all'),
      insecure_skip_verify: z
        .boolean()
        .default(false)
        .describe("whether the server's certificate goes unchecked"),
      server_name_override: z
        .string()
        .optional()
        .describe('name that the certificate is checked for, instead of the host'),
    })
    .superRefine(checkPairs);
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
    })
    .superRefine((config, ctx) => {
      checkPairs(config, ctx);
      if ((config.cert_file ?? config.cert_pem) !== undefined) return;
      ctx.addIssue({ code: 'custom', message: 'a TLS server needs cert_file and key_file' });
    });
}

/** Names of Node and OpenSSL for what the configuration says. */
export const tlsNames = { versions, suites, curves };
