import { type GrpcClientConfig, grpcClientKeys } from '../../config/groups/grpc-client.ts';
import { deliveryKeys, type ExporterConfig } from '../config.ts';

/** What a sender of OTLP over gRPC is told. */
export type OtlpGrpcConfig = GrpcClientConfig & ExporterConfig;

/** The keys of a sender of OTLP over gRPC, to be spread into a schema. */
export function otlpGrpcKeys() {
  return { ...deliveryKeys(), ...grpcClientKeys({ compression: 'gzip' }) };
}
