import { z } from 'zod';
import type { ExtensionFactory } from '../../component/factory.ts';
import { checkHttpServer, httpServerKeys } from '../../config/groups/http-server.ts';
import { optionalSection } from '../../config/groups/optional.ts';
import { duration } from '../../config/schema/duration.ts';
import { ReloadExtension } from './extension.ts';

const watch = z.strictObject({
  interval: duration({ min: 100 }).prefault('5s').describe('How often the files are looked at.'),
});

const config = z
  .strictObject({
    watch: optionalSection(watch).describe('Reload when a file of the configuration has changed.'),
    http: optionalSection(
      z.strictObject(httpServerKeys('localhost:13134')).superRefine(checkHttpServer),
    ).describe('Reload on POST /-/reload.'),
  })
  .refine((value) => value.watch !== undefined || value.http !== undefined, {
    error: 'neither watch nor http is configured: nothing would ever reload',
  });

export const factory: ExtensionFactory<z.infer<typeof config>> = {
  kind: 'extension',
  type: 'reload',
  stability: {},
  description: 'Takes a changed configuration when its files change or over HTTP.',
  config,
  create: (settings, decoded) => new ReloadExtension(settings, decoded),
};
