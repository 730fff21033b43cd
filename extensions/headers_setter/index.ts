import type { ExtensionFactory } from '../../component/factory.ts';
import { config, type HeadersSetterConfig } from './config.ts';
import { createHeadersSetter } from './extension.ts';

/** Sets headers of requests that exporters send. */
export const factory: ExtensionFactory<HeadersSetterConfig> = {
  kind: 'extension',
  type: 'headers_setter',
  stability: {},
  description: 'Sets headers of requests from values, files or what is known of the client.',
  config,
  create: createHeadersSetter,
};
