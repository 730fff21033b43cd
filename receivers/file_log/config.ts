import { z } from 'zod';
import { duration } from '../../config/schema/index.ts';
import { compileRegexp } from '../../pdata/regexp/index.ts';
import { lookUpEncoding } from '../../stanza/encoding.ts';
import { operatorList, type ReceiverConfig, receiverKeys } from '../../stanza/receiver/keys.ts';
import { logSize } from '../../stanza/schema.ts';
import { multiline, splitterMaker, trimKeys } from '../../stanza/split.ts';
import { Glob } from './glob.ts';
import { OrderingFault, orderingSection, orderOf } from './ordering.ts';

/** The fewest bytes that tell files apart. */
const minFingerprint = 16;

const flag = (text: string, on = false) => z.boolean().default(on).describe(text);

const header = z.strictObject({
  pattern: z.string().describe('pattern that every line of the header matches'),
  metadata_operators: operatorList().describe('operators whose attributes go to every entry'),
});

/** A key that asks for what this program has not built. */
const absent = (text: string, why: string) =>
  z
    .boolean()
    .default(false)
    .refine((on) => !on, { error: why })
    .describe(text);

const keys = z.strictObject({
  ...receiverKeys,
  include: z
    .array(z.string())
    .default([])
    .describe('patterns of the files to read; `**` = any directories'),
  exclude: z.array(z.string()).default([]).describe('patterns of files not to read'),
  exclude_older_than: duration({ min: Number.NEGATIVE_INFINITY })
    .prefault(0)
    .describe('files changed longer ago are not read; 0 = all are'),
  ordering_criteria: orderingSection().describe(
    'which of the files are read, by what their paths say',
  ),
  include_file_name: flag('attribute log.file.name', true),
  include_file_path: flag('attribute log.file.path'),
  include_file_name_resolved: flag('attribute log.file.name_resolved: behind symbolic links'),
  include_file_path_resolved: flag('attribute log.file.path_resolved: behind symbolic links'),
  include_file_owner_name: flag('attribute log.file.owner.name'),
  include_file_owner_group_name: flag('attribute log.file.owner.group.name'),
  include_file_permissions: flag('attribute log.file.permissions, e.g. 644'),
  include_file_record_number: flag('attribute log.file.record_number: entries count from 1'),
  include_file_record_offset: flag('attribute log.file.record_offset: first byte of the entry'),
  poll_interval: duration().prefault('200ms').describe('pause between looks at the files'),
  max_concurrent_files: z.int().default(1024).describe('files that are open at most'),
  max_batches: z
    .int()
    .default(0)
    .describe('rounds of max_concurrent_files/2 files that one look takes; 0 = all'),
  start_at: z
    .string()
    .default('end')
    .describe('where reading begins at the first start: beginning or end'),
  fingerprint_size: logSize().prefault(1000).describe('first bytes that a file is known by'),
  initial_buffer_size: logSize().prefault(16384).describe('bytes read at once to begin with'),
  max_log_size: logSize().prefault('1MiB').describe('longest entry'),
  max_log_size_behavior: z
    .string()
    .default('split')
    .describe('what happens to longer ones: split, or truncate'),
  encoding: z.string().default('utf-8').describe('utf-8, utf-8-raw, utf-16le, nop, iso-8859-1 ...'),
  multiline: multiline().describe('entries of several lines'),
  ...trimKeys,
  force_flush_period: duration()
    .prefault('500ms')
    .describe('time after which an unfinished entry at the end of a file counts; 0 = never'),
  header: header.optional().describe('lines at the start of each file that describe it'),
  compression: z.string().default('').describe('gzip, auto (by the first bytes), or none'),
  polls_to_archive: z
    .int()
    .default(0)
    .describe('looks for which files that are gone are remembered in storage'),
  on_truncate: z
    .string()
    .default('ignore')
    .describe('when a file shrinks: ignore until it is long again, read_whole_file, read_new'),
  delete_after_read: flag(
    'whether files are deleted once what they hold was taken; needs the feature gate ' +
      'filelog.allowFileDeletion',
  ),
  acquire_fs_lock: absent(
    'whether files are locked while they are read',
    "'acquire_fs_lock' cannot be used: file locks are not built",
  ),
  file_cache_advise: absent(
    'whether the page cache is told to forget what was read',
    "'file_cache_advise' cannot be used: it is not built",
  ),
});

type Keys = z.output<typeof keys>;

function check(config: Keys, ctx: z.RefinementCtx): void {
  const issue = (path: (string | number)[], message: string) =>
    ctx.addIssue({ code: 'custom', path, message });
  const attempt = (path: (string | number)[], step: () => void) => {
    try {
      step();
    } catch (error) {
      issue(
        error instanceof OrderingFault ? [...path, ...error.path] : path,
        (error as Error).message,
      );
    }
  };
  if (config.include.length === 0) issue(['include'], "'include' must be specified");
  for (const key of ['include', 'exclude'] as const) {
    config[key].forEach((pattern, i) => {
      attempt([key, i], () => void new Glob(pattern));
    });
  }
  attempt(['ordering_criteria'], () => {
    orderOf(
      config.ordering_criteria,
      () => 0,
      () => {},
    );
  });
  if (config.fingerprint_size < minFingerprint) {
    issue(['fingerprint_size'], `'fingerprint_size' must be at least ${minFingerprint} bytes`);
  }
  if (config.max_log_size <= 0) issue(['max_log_size'], "'max_log_size' must be positive");
  if (config.max_concurrent_files < 1) {
    issue(['max_concurrent_files'], "'max_concurrent_files' must be positive");
  }
  if (config.max_batches < 0) issue(['max_batches'], "'max_batches' must not be negative");
  const oneOf = (
    key: 'max_log_size_behavior' | 'on_truncate' | 'compression',
    values: string[],
  ) => {
    if (values.includes(config[key])) return;
    const list = values.filter((value) => value !== '').map((value) => `'${value}'`);
    issue([key], `'${key}' must be one of ${list.join(', ')}, got ${JSON.stringify(config[key])}`);
  };
  oneOf('max_log_size_behavior', ['split', 'truncate']);
  oneOf('on_truncate', ['ignore', 'read_whole_file', 'read_new']);
  oneOf('compression', ['', 'gzip', 'auto']);
  if (config.start_at !== 'beginning' && config.start_at !== 'end') {
    issue(['start_at'], `invalid start_at location '${config.start_at}'`);
  }
  attempt(['encoding'], () => void lookUpEncoding(config.encoding));
  if (config.delete_after_read && config.start_at === 'end') {
    issue(['delete_after_read'], "'delete_after_read' cannot be used with 'start_at: end'");
  }
  if (config.header !== undefined) checkHeader(config.header.pattern, config, attempt, issue);
  if (ctx.issues.length > 0) return;
  attempt(['multiline'], () => {
    const encoding = lookUpEncoding(config.encoding);
    splitterMaker({
      encoding,
      multiline: config.multiline,
      flushAtEnd: false,
      maxSize: config.max_log_size,
    });
  });
}

function checkHeader(
  pattern: string,
  config: Keys,
  attempt: (path: string[], step: () => void) => void,
  issue: (path: string[], message: string) => void,
): void {
  if (config.start_at === 'end') {
    issue(['header'], "'header' cannot be specified with 'start_at: end'");
  }
  const { steps } = config.header!.metadata_operators;
  if (steps.length === 0) {
    issue(
      ['header', 'metadata_operators'],
      "invalid config for 'header': at least one operator must be specified for `metadata_operators`",
    );
  }
  if (steps.some(({ plan }) => plan.type === 'filter')) {
    issue(
      ['header', 'metadata_operators'],
      "invalid config for 'header': operator of type filter is not allowed in `metadata_operators`",
    );
  }
  attempt(['header', 'pattern'], () => {
    try {
      compileRegexp(pattern);
    } catch (error) {
      throw new Error(
        `invalid config for 'header': failed to compile \`pattern\`: ${(error as Error).message}`,
      );
    }
  });
}

/** Configuration of the receiver; durations in milliseconds, sizes in bytes. */
export const config = keys.superRefine(check);

/** The keys as they are decoded, those of operators and of the receiver's delivery with them. */
export type FileLogConfig = Keys & ReceiverConfig;
