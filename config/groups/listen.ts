import { z } from 'zod';
import { duration, parseEndpoint } from '../schema/index.ts';

const transports = [
  'tcp',
  'tcp4',
  'tcp6',
  'udp',
  'udp4',
  'udp6',
  'ip',
  'ip4',
  'ip6',
  'unix',
  'unixgram',
  'unixpacket',
  'npipe',
  '',
] as const;

/** Where a server listens: `host:port`, or a path with transport `unix`. */
export interface ListenConfig {
  readonly endpoint: string;
  readonly transport: (typeof transports)[number];
}

/** The keys of {@link ListenConfig}. */
export function listenKeys(defaultEndpoint: string) {
  return {
    endpoint: z
      .string()
      .default(defaultEndpoint)
      .describe('address to listen on, `host:port`; a path when transport is unix'),
    transport: z
      .enum(transports)
      .default('tcp')
      .describe('tcp, tcp4, tcp6, or unix for a socket file; others are refused at start'),
    dialer: z
      .strictObject({
        timeout: duration({ min: Number.NEGATIVE_INFINITY })
          .prefault(0)
          .describe('time that connecting may take')
          .meta({ unused: 'a listener connects to nothing' }),
      })
      .prefault({})
      .describe('for addresses that are connected to; a listener has no use for it'),
  };
}

/** Refines what {@link listenKeys} decodes. */
export function checkListen(config: ListenConfig, ctx: z.RefinementCtx): void {
  const report = (key: string, message: string) =>
    ctx.addIssue({ code: 'custom', path: [key], message });
  if (config.transport === '') report('transport', 'invalid transport type ""');
  if (config.transport !== 'npipe') return;
  if (/^\\\\[^\\]+\\pipe\\[^\\]+$/i.test(config.endpoint) && config.endpoint.length <= 256) return;
  report('endpoint', `no named pipe path: ${JSON.stringify(config.endpoint)}`);
}

/**
 * What node:net listens on; an empty host stands for every interface.
 * @throws Error when nothing can be listened on there
 */
export function listenAddress(
  config: ListenConfig,
): { host?: string; port: number; ipv6Only?: boolean } | { path: string } {
  const { endpoint, transport } = config;
  if (transport === 'unix') return { path: endpoint };
  if (!['tcp', 'tcp4', 'tcp6'].includes(transport)) {
    throw new Error(`cannot listen with transport ${transport}: only tcp, tcp4, tcp6 and unix can`);
  }
  const parsed = endpoint === '' ? { host: '', port: 0 } : parseEndpoint(endpoint);
  if (parsed === undefined) {
    throw new Error(`cannot listen: expected "host:port", got ${JSON.stringify(endpoint)}`);
  }
  const { port } = parsed;
  if (transport === 'tcp6') return { host: parsed.host || '::', port, ipv6Only: true };
  if (parsed.host !== '') return parsed;
  return transport === 'tcp4' ? { host: '0.0.0.0', port } : { port };
}

/** Opens a listener. @throws Error that names the endpoint and says why it cannot be opened */
export async function openAt<T>(endpoint: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`cannot listen on ${endpoint}: ${text}`, { cause });
  }
}
