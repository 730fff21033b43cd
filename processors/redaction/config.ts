import { z } from 'zod';
import { type Secret, secret } from '../../config/schema/index.ts';

const hashes = ['', 'sha1', 'sha3', 'md5', 'hmac-sha256', 'hmac-sha512'] as const;
/** Least lengths of keys, in bytes. */
const keyBytes: Readonly<Record<string, number>> = { 'hmac-sha256': 32, 'hmac-sha512': 64 };

const list = (what: string) => z.array(z.string()).default([]).describe(what);

const database = (what: string) =>
  z
    .strictObject({
      enabled: z.boolean().default(false).describe(`Masks data in statements of ${what}.`),
      attributes: list('Attributes that hold statements; bodies of logs are masked in any case.'),
    })
    .prefault({});

const spanNames = z
  .boolean()
  .nullable()
  .default(true)
  .transform((value) => value ?? true)
  .describe('Names of spans are sanitized too.');

/** Keys of the processor. */
export const config = z
  .strictObject({
    allow_all_keys: z.boolean().default(false).describe('Attributes are not removed by key.'),
    allowed_keys: list('Keys of attributes that stay, others are removed.'),
    ignored_keys: list('Keys of attributes that stay as they are.'),
    ignored_key_patterns: list('The same as regular expressions.'),
    blocked_key_patterns: list('Regular expressions of keys whose values are masked.'),
    blocked_values: list('Regular expressions of what is masked in values.'),
    allowed_values: list('Regular expressions of values that stay as they are.'),
    redact_all_types: z
      .boolean()
      .default(false)
      .describe('Values that are no texts are looked at as texts.'),
    hash_function: z
      .string()
      .default('')
      .transform((text, ctx): (typeof hashes)[number] => {
        const hash = hashes.find((known) => known === text.toLowerCase());
        if (hash !== undefined) return hash;
        const names = hashes.filter((name) => name !== '').join(', ');
        const message = `unknown HashFunction ${text}, allowed functions are ${names}`;
        ctx.addIssue({ code: 'custom', message });
        return z.NEVER;
      })
      .describe('What is masked becomes a hash instead of ****.'),
    hmac_key: secret().optional().describe('Key of the hmac functions.'),
    summary: z
      .string()
      .default('')
      .describe('debug adds keys and counts of what was done as attributes, info counts.'),
    url_sanitizer: z
      .strictObject({
        enabled: z.boolean().default(false).describe('Ids in paths become *.'),
        attributes: list('Attributes that hold URLs or paths.'),
        sanitize_span_name: spanNames,
      })
      .prefault({}),
    db_sanitizer: z
      .strictObject({
        sql: database('SQL databases'),
        redis: database('Redis'),
        valkey: database('Valkey'),
        memcached: database('memcached'),
        mongo: database('MongoDB'),
        opensearch: database('OpenSearch'),
        es: database('Elasticsearch'),
        sanitize_span_name: spanNames,
      })
      .prefault({}),
  })
  .superRefine(({ hash_function: hash, hmac_key: key }, ctx) => {
    const least = keyBytes[hash];
    if (least === undefined) return;
    const length = Buffer.byteLength(key?.reveal() ?? '');
    const say = (message: string) => ctx.addIssue({ code: 'custom', path: ['hmac_key'], message });
    if (length === 0) say(`hmac_key must not be empty when hash_function is "${hash}"`);
    else if (length < least) {
      say(`hmac_key must be at least ${least} bytes long for "${hash}", got ${length} bytes`);
    }
  });

/** The keys as they are decoded. */
export type Config = z.output<typeof config>;
/** A name of `hash_function`; '' = values are masked, not hashed. */
export type HashName = (typeof hashes)[number];
export type { Secret };
