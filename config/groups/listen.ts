import { z } from 'zod';
import { parseEndpoint } from '../schema/index.ts';

/** Where a server listens: `host:port`, or a path with transport `unix`. */
export interface ListenConfig {
  readonly endpoint: string;
  readonly transport: 'tcp' | 'unix';
}

/** The keys of {@link ListenConfig}. */
export function listenKeys(defaultEndpoint: string) {
  return {
    endpoint: z
      .string()
      .min(1)
      .default(defaultEndpoint)
      .describe('address to listen on, `host:port`; a path when transport is unix'),
    transport: z.enum(['tcp', 'unix']).default('tcp').describe('tcp, or unix for a socket file'),
  };
}

/** Refines what {@link listenKeys} decodes. */
export function checkListen(config: ListenConfig, ctx: z.RefinementCtx): void {
  if (config.transport === 'unix' || parseEndpoint(config.endpoint) !== undefined) return;
  const message = `expected "host:port", got ${JSON.stringify(config.endpoint)}`;
  ctx.addIssue({ code: 'custom', path: ['endpoint'], message });
}

/** @returns what node:net listens on; an empty host stands for every interface */
export function listenAddress(
  config: ListenConfig,
): { host?: string; port: number } | { path: string } {
  if (config.transport === 'unix') return { path: config.endpoint };
  const parsed = parseEndpoint(config.endpoint);
  if (parsed === undefined) throw new Error(`BUG: endpoint ${JSON.stringify(config.endpoint)}`);
  return parsed.host === '' ? { port: parsed.port } : parsed;
}
