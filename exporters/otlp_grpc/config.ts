import { z } from 'zod';
import { type GrpcClientConfig, grpcClientKeys } from '../../config/groups/grpc-client.ts';
import { deliveryKeys, type ExporterConfig } from '../../pipeline/config.ts';

export type OtlpGrpcConfig = GrpcClientConfig & ExporterConfig;

/** Configuration of the exporter. */
export const config = z
  .strictObject({ ...deliveryKeys(), ...grpcClientKeys({ compression: 'gzip' }) })
  .superRefine(({ endpoint }, ctx) => {
    if (endpoint.replace(/^https?:\/\/|^dns:\/\/\/?/, '') !== '') return;
    const message = 'requires a non-empty "endpoint"';
    ctx.addIssue({ code: 'custom', path: ['endpoint'], message });
  });
