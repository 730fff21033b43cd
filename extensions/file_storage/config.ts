import { z } from 'zod';
import { byteSize, duration } from '../../config/schema/index.ts';
import { segmentBytesMin } from './log/log.ts';

const mebibyte = 2 ** 20;
const bboltOnly =
  'has no meaning here: this storage keeps segment files, which are removed when they are done ' +
  'with, not a bbolt database; remove the key';

/** A key of the Go collector that this storage cannot honour: its presence is an error. */
const refused = (why: string) =>
  z
    .unknown()
    .superRefine((value, ctx) => {
      if (value !== undefined) ctx.addIssue({ code: 'custom', message: why });
    })
    .optional()
    .describe(why);

const permissions = z.union([z.string(), z.number()]).transform((value, ctx): number => {
  const text = String(value);
  if (!/^0?[0-7]{3,4}$/.test(text)) {
    const message = `expected octal permissions such as "0750", got ${JSON.stringify(value)}`;
    ctx.addIssue({ code: 'custom', message });
    return z.NEVER;
  }
  return Number.parseInt(text, 8);
});

export const config = z
  .strictObject({
    directory: z
      .string()
      .min(1)
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
    recreate: refused(
      'is not supported: a corrupt place costs the rest of its segment, the rest is kept',
    ),
    compaction: refused(bboltOnly),
  })
  .superRefine((given, ctx) => {
    if (given.max_bytes === 0 || given.max_bytes >= 2 * given.segment_size) return;
    const message = '`max_bytes` must be at least twice `segment_size`, or 0';
    ctx.addIssue({ code: 'custom', path: ['max_bytes'], message });
  });

export type Config = z.output<typeof config>;

/**
 * Space set aside for each queue, so that a full disk can be emptied: the batches of a segment are
 * written once more before they are sent, in a form that may be larger, and only then it goes.
 */
export function reserveBytesOf(segmentBytes: number): number {
  return Math.min(48 * mebibyte, 3 * segmentBytes);
}
