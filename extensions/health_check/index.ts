import { z } from 'zod';
import type { ExtensionFactory } from '../../component/factory.ts';
import { endpoint } from '../../config/schema/endpoint.ts';
import { createHealthCheck } from './server.ts';

const config = z.strictObject({
  endpoint: endpoint().default('localhost:13133').describe('Address to listen on.'),
  path: z
    .string()
    .startsWith('/', { error: 'path must start with /' })
    .default('/')
    .describe('Path that answers.'),
  response_body: z
    .strictObject({
      healthy: z.string().default('').describe('Body while data is taken; empty = the JSON.'),
      unhealthy: z.string().default('').describe('Body while it is not; empty = the JSON.'),
    })
    .optional()
    .describe('Bodies of your own instead of the JSON ones.'),
});

export const factory: ExtensionFactory<z.infer<typeof config>> = {
  kind: 'extension',
  type: 'health_check',
  stability: {},
  description: 'Answers over HTTP whether the pipelines run.',
  config,
  create: createHealthCheck,
};
