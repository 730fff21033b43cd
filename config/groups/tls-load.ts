import { readFile } from 'node:fs/promises';
import type { ConnectionOptions, SecureContextOptions, TlsOptions } from 'node:tls';
import type { Secret } from '../schema/index.ts';
import { isGiven, type TlsClientConfig, type TlsConfig, type TlsServerConfig } from './tls.ts';
import { insecureSuites, secureSuites, tls13Suites, tlsCurves, tlsVersions } from './tls-names.ts';

async function pem(
  file: string | undefined,
  text: Secret | undefined,
): Promise<string | undefined> {
  if (isGiven(text)) return text!.reveal();
  if (!isGiven(file)) return undefined;
  try {
    return await readFile(file!, 'utf8');
  } catch (cause) {
    throw new Error(`cannot read TLS file ${JSON.stringify(file)}: ${(cause as Error).message}`);
  }
}

/** OpenSSL's list for Go's names. @throws Error that names the suites that it does not know */
function ciphersOf(config: TlsConfig): string | undefined {
  const old = config.min_version === '1.0' || config.min_version === '1.1';
  // OpenSSL refuses TLS below 1.2 at its default level of security.
  const level = old ? ':@SECLEVEL=0' : '';
  if (config.cipher_suites.length === 0) return old ? `DEFAULT${level}` : undefined;
  const known = config.include_insecure_cipher_suites
    ? { ...secureSuites, ...insecureSuites }
    : secureSuites;
  const modern: readonly string[] = tls13Suites;
  const own = config.cipher_suites.filter((suite) => !modern.includes(suite));
  const unknown = own.filter((suite) => !known[suite]);
  if (unknown.length > 0) {
    const list = unknown.map((suite) => JSON.stringify(suite)).join(', ');
    throw new Error(`cannot use cipher_suites: invalid TLS cipher suite: ${list}`);
  }
  return [...modern, ...own.map((suite) => known[suite])].join(':') + level;
}

function curvesOf({ curve_preferences: curves }: TlsConfig): string | undefined {
  if (curves.length === 0) return undefined;
  const unknown = curves.find((curve) => !Object.hasOwn(tlsCurves, curve));
  if (unknown !== undefined) {
    const expected = Object.keys(tlsCurves).join(' ');
    throw new Error(
      `cannot use curve_preferences: invalid curve type: ${unknown}. Expected values are ${expected}`,
    );
  }
  return curves.map((curve) => tlsCurves[curve]).join(':');
}

async function authorities(ca: string, config: TlsConfig): Promise<string[]> {
  if (!ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw new Error('cannot load CA certificates: failed to parse cert');
  }
  if (!config.include_system_ca_certs_pool) return [ca];
  const { getCACertificates } = await import('node:tls');
  return [ca, ...getCACertificates('system')];
}

async function context(config: TlsConfig, ca: string | undefined): Promise<SecureContextOptions> {
  const cert = await pem(config.cert_file, config.cert_pem);
  const key = await pem(config.key_file, config.key_pem);
  const options: SecureContextOptions = { minVersion: tlsVersions[config.min_version || '1.2']! };
  if (config.max_version !== '') options.maxVersion = tlsVersions[config.max_version]!;
  if (cert !== undefined) options.cert = cert;
  if (key !== undefined) options.key = key;
  const ciphers = ciphersOf(config);
  if (ciphers !== undefined) options.ciphers = ciphers;
  const curves = curvesOf(config);
  if (curves !== undefined) options.ecdhCurve = curves;
  if (ca !== undefined) options.ca = await authorities(ca, config);
  const { createSecureContext } = await import('node:tls');
  try {
    createSecureContext(options);
  } catch (cause) {
    throw new Error(`cannot load TLS certificate and key: ${(cause as Error).message}`, { cause });
  }
  return options;
}

/**
 * Reads certificates and makes the options of a TLS server.
 * @throws Error naming the file that cannot be read, or what is wrong with what was read
 */
export async function loadTlsServer(config: TlsServerConfig): Promise<TlsOptions> {
  const clients = isGiven(config.client_ca_file);
  const ca = clients
    ? await pem(config.client_ca_file, undefined)
    : await pem(config.ca_file, config.ca_pem);
  const options: TlsOptions = await context(config, ca);
  if (clients) {
    options.requestCert = true;
    options.rejectUnauthorized = true;
  }
  return options;
}

/** Whether a client with this section speaks TLS where the endpoint does not say. */
export function wantsTls(config: TlsClientConfig): boolean {
  return !config.insecure || isGiven(config.ca_file) || isGiven(config.ca_pem);
}

/** Reads certificates and makes the options of a TLS client. @throws Error as loadTlsServer */
export async function loadTlsClient(config: TlsClientConfig): Promise<ConnectionOptions> {
  const ca = await pem(config.ca_file, config.ca_pem);
  const options: ConnectionOptions = await context(config, ca);
  if (config.insecure_skip_verify) options.rejectUnauthorized = false;
  if (config.server_name_override !== '') options.servername = config.server_name_override;
  return options;
}
