import { statSync } from 'node:fs';
import { z } from 'zod';
import { byteSize, duration } from '../../config/schema/index.ts';
import { segmentBytesMin } from './log/log.ts';

const mebibyte = 2 ** 20;
/** Files are removed when what they hold is done with: there is never room to win back. */
const always = { unused: 'room is won back all the time' };

const compaction = z
  .strictObject({
    on_start: z.boolean().default(false).describe('at the start').meta(always),
    on_rebound: z.boolean().default(false).describe('when there is little left').meta(always),
    directory: z
      .string()
      .default('/var/lib/otelcol/file_storage')
      .describe('for files in between')
      .meta(always),
    rebound_needed_threshold_mib: z.int().default(100).describe('size to begin at').meta(always),
    rebound_trigger_threshold_mib: z.int().default(10).describe('what is left then').meta(always),
    max_transaction_size: z
      .int()
      .min(0, { error: 'max transaction size for compaction cannot be less than 0' })
      .default(65_536)
      .describe('items at once')
      .meta(always),
    check_interval: duration({ min: Number.NEGATIVE_INFINITY })
      .prefault('5s')
      .describe('how often it is looked at')
      .meta(always),
    cleanup_on_start: z.boolean().default(false).describe('whether old files go').meta(always),
  })
  .refine((given) => !given.on_rebound || given.check_interval > 0, {
    path: ['check_interval'],
    error: 'compaction check interval must be positive when rebound compaction is set',
  });

/** NaN where they are wrong: that matters only when the directory is made. */
const permissions = z.union([z.string(), z.number()]).transform((value): number => {
  const text = String(value);
  return /^0?[0-7]{1,3}$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
});

export const config = z
  .strictObject({
    directory: z
      .string()
      .default('/var/lib/otelcol/file_storage')
      .describe('directory of all queues and checkpoints; one process at a time'),
    create_directory: z.boolean().default(false).describe('whether to make it when it is absent'),
    directory_permissions: permissions
      .prefault('0750')
      .describe('permissions of the directory when it is made, octal, before umask'),
    timeout: duration().prefault('1s').describe('time to wait for the lock of the directory'),
    fsync: z
      .boolean()
      .default(false)
      .describe('whether every write survives power loss, not only the end of the process'),
    max_bytes: byteSize()
      .prefault('16GiB')
      .describe('bytes of all queues on disk, beyond which data is refused; 0 = what the disk has'),
    segment_size: byteSize({ min: segmentBytesMin, max: 1024 * mebibyte })
      .prefault('8MiB')
      .describe('size from which a segment file takes no more'),
    recreate: z
      .boolean()
      .default(false)
      .describe('whether a corrupt file is made anew')
      .meta({ unused: 'a corrupt place costs the rest of its segment, the rest is kept' }),
    compaction: compaction
      .prefault({})
      .describe('taken, and done all the time: a file is removed when what it holds is done with'),
  })
  .superRefine((given, ctx) => {
    if (given.max_bytes === 0 || given.max_bytes >= 2 * given.segment_size) return;
    const message = '`max_bytes` must be at least twice `segment_size`, or 0';
    ctx.addIssue({ code: 'custom', path: ['max_bytes'], message });
  });

/** The keys as they are decoded; sizes in bytes, times in milliseconds. */
export type Config = z.output<typeof config>;

/** @throws Error for a folder that is not there and is not to be made, or is none */
export function checkDirectories(given: Config): void {
  if (given.create_directory && Number.isNaN(given.directory_permissions)) {
    throw new Error('directory_permissions: expected octal permissions such as "0750"');
  }
  const { on_start, on_rebound, directory } = given.compaction;
  const folders = on_start || on_rebound ? [given.directory, directory] : [given.directory];
  for (const folder of folders) {
    const found = statSync(folder, { throwIfNoEntry: false });
    if (found === undefined && !given.create_directory) {
      const advice = 'create_directory makes it';
      throw new Error(`directory must exist: ${JSON.stringify(folder)} does not; ${advice}`);
    }
    if (found?.isDirectory() === false) {
      throw new Error(`directory ${JSON.stringify(folder)} is not a directory`);
    }
  }
}

/**
 * Space set aside for each queue, so that a full disk can be emptied: the batches of a segment are
 * written once more before they are sent, in a form that may be larger, and only then it goes.
 */
export function reserveBytesOf(segmentBytes: number): number {
  return Math.min(48 * mebibyte, 3 * segmentBytes);
}
