import type { ExtensionFactory } from '../../component/factory.ts';
import { config, type ZpagesConfig } from './config.ts';
import { createZpages } from './extension.ts';

/** Pages that show the running program. */
export const factory: ExtensionFactory<ZpagesConfig> = {
  kind: 'extension',
  type: 'zpages',
  stability: {},
  description: 'Pages that show pipelines, extensions, statuses and feature gates.',
  config,
  create: createZpages,
};
