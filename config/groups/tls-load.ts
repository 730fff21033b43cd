import { readFile } from 'node:fs/promises';
import type { ConnectionOptions, SecureContextOptions, TlsOptions } from 'node:tls';
import type { Secret } from '../schema/index.ts';
import { type TlsClientConfig, type TlsConfig, type TlsServerConfig, tlsNames } from './tls.ts';

async function pem(
  file: string | undefined,
  text: Secret | undefined,
): Promise<string | undefined> {
  if (text !== undefined) return text.reveal();
  if (file === undefined) return undefined;
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new Error(`cannot read TLS file ${JSON.stringify(file)}: ${(cause as Error).message}`);
  }
}

async function context(config: TlsConfig, ca: string | undefined): Promise<SecureContextOptions> {
  const cert = await pem(config.cert_file, config.cert_pem);
  const key = await pem(config.key_file, config.key_pem);
  const { versions, suites, curves } = tlsNames;
  const options: SecureContextOptions = { minVersion: versions[config.min_version] };
  if (config.max_version !== undefined) options.maxVersion = versions[config.max_version];
  if (cert !== undefined) options.cert = cert;
  if (key !== undefined) options.key = key;
  if (config.cipher_suites.length > 0) {
    const tls13 = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';
    options.ciphers = [tls13, ...config.cipher_suites.map((suite) => suites[suite])].join(':');
  }
  if (config.curve_preferences.length > 0) {
    options.ecdhCurve = config.curve_preferences.map((curve) => curves[curve]).join(':');
  }
  if (ca !== undefined) {
    options.ca = ca;
    if (config.include_system_ca_certs_pool) {
      const { getCACertificates } = await import('node:tls');
      options.ca = [ca, ...getCACertificates('system')];
    }
  }
  return options;
}

/**
 * Reads certificates and makes the options of a TLS server.
 * @throws Error naming the file that cannot be read
 */
export async function loadTlsServer(config: TlsServerConfig): Promise<TlsOptions> {
  const ca = await pem(config.client_ca_file ?? config.ca_file, config.ca_pem);
  const options: TlsOptions = await context(config, ca);
  if (config.client_ca_file !== undefined) {
    options.requestCert = true;
    options.rejectUnauthorized = true;
  }
  return options;
}

/** Reads certificates and makes the options of a TLS client. */
export async function loadTlsClient(config: TlsClientConfig): Promise<ConnectionOptions> {
  const ca = await pem(config.ca_file, config.ca_pem);
  const options: ConnectionOptions = await context(config, ca);
  if (config.insecure_skip_verify) options.rejectUnauthorized = false;
  if (config.server_name_override !== undefined) options.servername = config.server_name_override;
  return options;
}
