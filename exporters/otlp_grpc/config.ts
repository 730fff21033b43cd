import { z } from 'zod';
import {
  type GrpcClientConfig,
  grpcClientKeys,
  parseGrpcEndpoint,
} from '../../config/groups/grpc-client.ts';
import { deliveryKeys, type ExporterConfig } from '../../pipeline/config.ts';

export type OtlpGrpcConfig = GrpcClientConfig & ExporterConfig;

/** Configuration of the exporter. */
export const config = z
  .strictObject({ ...deliveryKeys(), ...grpcClientKeys({ compression: 'gzip' }) })
  .superRefine((given, ctx) => {
    if (given.endpoint === '') {
      const message = 'requires a non-empty "endpoint"';
      ctx.addIssue({ code: 'custom', path: ['endpoint'], message });
    } else if (parseGrpcEndpoint(given.endpoint) === undefined) {
      const message = `expected "host:port", got ${JSON.stringify(given.endpoint)}`;
      ctx.addIssue({ code: 'custom', path: ['endpoint'], message });
    }
  });
