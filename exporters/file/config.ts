import { z } from 'zod';
import { duration, section } from '../../config/schema/index.ts';
import { SharedOutput } from './shared-output.ts';

const rotation = z.strictObject({
  max_megabytes: z.int().default(0).describe('MiB from which a file is rotated; 0 = 100'),
  max_days: z.int().default(0).describe('days that old files are kept; 0 = age does not count'),
  max_backups: z.int().default(100).describe('old files that are kept; 0 = all'),
  localtime: z.boolean().default(false).describe('local time in names of old files, not UTC'),
});

const groupBy = z.strictObject({
  enabled: z.boolean().default(false).describe('whether to write a file for each value'),
  resource_attribute: z
    .string()
    .default('fileexporter.path_segment')
    .describe('resource attribute whose value stands for the * of path'),
  max_open_files: z.int().default(100).describe('files that are open at the same time'),
});

const fields = z.strictObject({
  path: z.string().default('').describe('file to write to; required'),
  append: z.boolean().default(false).describe('whether a file that is there is added to'),
  rotation: section(rotation).describe('a new file from some size on; absent = never'),
  format: z.string().default('json').describe('json: a line each batch; proto: length and bytes'),
  encoding: z.string().optional().describe('encoding extensions do not exist here: refused'),
  compression: z
    .string()
    .default('')
    .describe('zstd: each batch by itself, with its length before it; absent = none'),
  compression_params: z
    .strictObject({ level: z.int().default(0).describe('zstd level, 1 to 22; 0 = 3') })
    .default({ level: 0 }),
  flush_interval: duration({ min: Number.NEGATIVE_INFINITY })
    .prefault('1s')
    .describe('time after which what waits to fill a page is written; 0 = 1s'),
  group_by: groupBy.prefault({}).describe('files by the value of a resource attribute'),
  create_directory: z.boolean().default(false).describe('whether the directory is made'),
  directory_permissions: z
    .string()
    .default('')
    .describe('octal permissions of directories that are made, less the umask; absent = 0755'),
});

type Fields = z.output<typeof fields>;

/** Permissions of directories; undefined when the text is no octal number. */
export function parsePermissions(text: string): number | undefined {
  if (text === '') return 0o755;
  return /^\+?[0-7]{1,10}$/.test(text) ? Number.parseInt(text.replace('+', ''), 8) : undefined;
}

function* groupFaults({ path, group_by: group }: Fields): Generator<[string[], string]> {
  if (!group.enabled) return;
  const stars = path.split('*').length - 1;
  if (stars !== 1) yield [['path'], 'path must contain exactly one * when group_by is enabled'];
  else if (path.startsWith('*')) {
    yield [['path'], 'path must not start with * when group_by is enabled'];
  }
  if (group.resource_attribute === '') {
    const text = 'resource_attribute must not be empty when group_by is enabled';
    yield [['group_by', 'resource_attribute'], text];
  }
}

function* directoryFaults(given: Fields): Generator<[string[], string]> {
  const { create_directory: create, directory_permissions: text } = given;
  const key = ['directory_permissions'];
  if (!create) {
    if (text !== '') yield [key, 'directory_permissions requires create_directory to be true'];
    return;
  }
  const bits = parsePermissions(text);
  if (bits === undefined) {
    yield [key, 'directory_permissions value must be a valid octal representation'];
  } else if ((bits & 0o777) !== bits) {
    yield [key, 'directory_permissions contain invalid bits for file access'];
  }
}

/** Faults of a whole configuration: the key and the Go collector's text. */
function* faults(given: Fields): Generator<[string[], string]> {
  if (given.path === '') yield [['path'], 'path must be non-empty'];
  if (given.append && given.rotation !== undefined) {
    yield [['append'], 'append and rotation enabled at the same time is not supported'];
  }
  if (given.format !== 'json' && given.format !== 'proto') {
    yield [['format'], `format type is not supported: ${JSON.stringify(given.format)}`];
  }
  if (given.encoding !== undefined) {
    yield [['encoding'], 'encoding extensions do not exist here: use format json or proto'];
  }
  if (given.compression !== '' && given.compression !== 'zstd') {
    yield [['compression'], `compression is not supported: ${JSON.stringify(given.compression)}`];
  }
  if (given.flush_interval < 0) {
    yield [['flush_interval'], 'flush_interval must be larger than zero'];
  }
  yield* groupFaults(given);
  yield* directoryFaults(given);
}

export const config = fields
  .superRefine((given, ctx) => {
    for (const [path, message] of faults(given)) ctx.addIssue({ code: 'custom', path, message });
  })
  .transform((given) => ({
    ...given,
    flush_interval: given.flush_interval === 0 ? 1000 : given.flush_interval,
    /** The files, which the exporters of all signals with this configuration share. */
    shared: new SharedOutput(),
  }));

/** The keys as they are decoded; times in milliseconds. */
export type Config = z.output<typeof config>;
