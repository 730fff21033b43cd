import { z } from 'zod';
import { otlpGrpcKeys } from '../../pipeline/otlp-grpc/config.ts';

/** Configuration of the exporter. */
export const config = z.strictObject(otlpGrpcKeys()).superRefine(({ endpoint }, ctx) => {
  if (endpoint.replace(/^https?:\/\/|^dns:\/\/\/?/, '') !== '') return;
  const message = 'requires a non-empty "endpoint"';
  ctx.addIssue({ code: 'custom', path: ['endpoint'], message });
});
