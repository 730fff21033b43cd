import { z } from 'zod';
import { type GrpcServerConfig, grpcServer } from '../../config/groups/grpc-server.ts';
import {
  checkHttpServer,
  type HttpServerConfig,
  httpServerKeys,
} from '../../config/groups/http-server.ts';
import { parseEndpoint, section } from '../../config/schema/index.ts';

/** The keys as they are decoded; a protocol that is undefined is off. */
export interface SkywalkingConfig {
  readonly protocols: {
    readonly grpc?: GrpcServerConfig | undefined;
    readonly http?: HttpServerConfig | undefined;
  };
}

/** Bodies come whole within this time; the Go collector waits for ever. */
const times = { read_timeout: '5m' };

const http = z.strictObject(httpServerKeys('localhost:12800', times)).superRefine(checkHttpServer);

/** A port from 1 to 65535, as the Go collector's receiver asks for. */
function portFault(endpoint: string): string | undefined {
  const parsed = parseEndpoint(endpoint);
  if (parsed === undefined) return 'endpoint is not formatted correctly';
  return parsed.port >= 1 ? undefined : 'port number must be between 1 and 65535';
}

const names = { grpc: 'gRPC', http: 'HTTP' } as const;

/** Configuration of the receiver; a protocol without its key is off. */
export const config = z.strictObject({
  protocols: z
    .strictObject({
      grpc: section(grpcServer('localhost:11800')).describe('SkyWalking over gRPC; absent = off'),
      http: section(http).describe('SkyWalking over HTTP, JSON; absent = off'),
    })
    .superRefine((protocols, ctx) => {
      if (protocols.grpc === undefined && protocols.http === undefined) {
        const message = 'must specify at least one protocol when using the Skywalking receiver';
        ctx.addIssue({ code: 'custom', message });
      }
      for (const key of ['grpc', 'http'] as const) {
        const given = protocols[key];
        if (given === undefined || given.transport === 'unix') continue;
        const fault = portFault(given.endpoint);
        if (fault === undefined) continue;
        const message = `unable to extract port for the ${names[key]} endpoint: ${fault}`;
        ctx.addIssue({ code: 'custom', path: [key, 'endpoint'], message });
      }
    })
    .describe('what to listen for'),
});
