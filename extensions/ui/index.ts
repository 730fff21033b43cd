import type { ExtensionFactory } from '../../component/factory.ts';
import { type Config, config } from './config.ts';
import { Ui } from './extension.ts';

export const factory: ExtensionFactory<Config> = {
  kind: 'extension',
  type: 'ui',
  stability: {},
  description:
    'A page to look at: stored traces, services, and the running pipelines; with the API it asks.',
  config,
  create: (settings, options) => new Ui(settings, options),
};
