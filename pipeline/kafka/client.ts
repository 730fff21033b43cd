import { isIP } from 'node:net';
import type { BaseOptions, SASLOptions } from '@platformatic/kafka';
import type { Settings } from '../../component/settings.ts';
import { isGiven, type TlsClientConfig } from '../../config/groups/tls.ts';
import { loadTlsClient, wantsTls } from '../../config/groups/tls-load.ts';
import type { KafkaClientConfig } from './config.ts';

/** Longest time that metadata may be kept: as long as timers go. */
const foreverMs = 2 ** 31 - 1;

/**
 * Options of a client: brokers, TLS, credentials, retries.
 * @param timeoutMs of one request; 0 = the library's default
 * @throws Error for certificates that cannot be read and an extension that gives no tokens
 */
export async function clientOptions(
  settings: Settings,
  config: KafkaClientConfig,
  timeoutMs: number,
): Promise<BaseOptions> {
  const { metadata } = config;
  const tls = config.tls ?? config.auth.tls;
  const sasl = saslOptions(settings, config);
  const options: BaseOptions = {
    clientId: config.client_id === '' ? 'otel-collector' : config.client_id,
    bootstrapBrokers: config.brokers.map(brokerOf),
    retries: Math.max(0, metadata.retry.max),
    retryDelay: Math.max(0, metadata.retry.backoff),
    metadataMaxAge: metadata.refresh_interval > 0 ? metadata.refresh_interval : foreverMs,
    autocreateTopics: false,
  };
  if (timeoutMs > 0) options.requestTimeout = timeoutMs;
  if (timeoutMs > 0) options.timeout = timeoutMs;
  if (config.rack_id !== '') options.clientRack = config.rack_id;
  if (tls !== undefined && wantsTls(tls)) {
    options.tls = await loadTlsClient(tls);
    options.tlsServerName = serverName(tls, options.bootstrapBrokers[0]!);
  }
  if (sasl !== undefined) options.sasl = sasl;
  return options;
}

/** The name that is sent; none where brokers are named by IP address, which is no name. */
function serverName(tls: TlsClientConfig, first: { host: string } | string): string | boolean {
  if (isGiven(tls.server_name_override)) return tls.server_name_override;
  return isIP(typeof first === 'string' ? first : first.host) === 0;
}

/** @throws Error for what is no address */
function brokerOf(text: string): { host: string; port: number } {
  const found = /^(?:[a-z]+:\/\/)?(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(text);
  const port = Number(found?.[3] ?? 9092);
  if (found === null || port > 65_535) {
    throw new Error(`cannot use broker ${JSON.stringify(text)}: expected host:port`);
  }
  return { host: (found[1] ?? found[2]) || 'localhost', port };
}

function saslOptions(settings: Settings, { auth }: KafkaClientConfig): SASLOptions | undefined {
  const { sasl, plain_text: plain } = auth;
  if (sasl === undefined) {
    if (plain === undefined) return undefined;
    return { mechanism: 'PLAIN', username: plain.username, password: plain.password.reveal() };
  }
  if (sasl.mechanism === 'OAUTHBEARER') {
    return { mechanism: 'OAUTHBEARER', token: tokenOf(settings, sasl.oauthbearer_token_source!) };
  }
  return {
    mechanism: sasl.mechanism as SASLOptions['mechanism'],
    username: sasl.username,
    password: sasl.password.reveal(),
  };
}

/** Tokens of an extension that puts them into the header `authorization` elsewhere. */
function tokenOf({ host }: Settings, id: string): () => Promise<string> {
  const extension = host.extension(id);
  if (extension === undefined) throw new Error(`extension ${id} is not configured`);
  const source = extension.capabilities.clientAuth;
  if (source === undefined) throw new Error(`cannot use extension ${id}: it gives no tokens`);
  return async () => {
    const changes = await source.headers({ headers: new Map(), client: undefined });
    const header = changes.find(([name]) => name === 'authorization')?.[1] ?? '';
    if (!header.startsWith('Bearer ')) throw new Error(`extension ${id} gave no bearer token`);
    return header.slice('Bearer '.length);
  };
}
