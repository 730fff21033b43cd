import type { ExtensionFactory } from '../../component/factory.ts';
import { type Config, checkDirectories, config } from './config.ts';
import { FileStorage } from './storage.ts';

/** Durable queues and checkpoints in a directory; see README.md. */
export const factory: ExtensionFactory<Config> = {
  kind: 'extension',
  type: 'file_storage',
  stability: {},
  description: 'Durable queues and checkpoints in a directory.',
  config,
  metrics: [
    {
      name: 'wirestitch_file_storage_bytes',
      description: 'Bytes of queues on disk',
      unit: 'By',
      kind: 'gauge',
    },
    {
      name: 'wirestitch_file_storage_corruptions',
      description: 'Places in queue files where data was lost to corruption',
      unit: '{places}',
      kind: 'counter',
    },
  ],
  check: checkDirectories,
  create: (settings, decoded) => new FileStorage(settings, decoded),
};
