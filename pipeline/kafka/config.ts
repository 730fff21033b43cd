import { z } from 'zod';
import { extensionId } from '../../config/groups/extension-id.ts';
import { optionalSection } from '../../config/groups/optional.ts';
import { tlsClient } from '../../config/groups/tls.ts';
import { duration, secret } from '../../config/schema/index.ts';
import { isKafkaVersion } from './version.ts';

const credentials = {
  username: z.string().default('').describe('user name'),
  password: secret().prefault('').describe('password'),
};

const kerberos = z.strictObject({
  service_name: z.string().default('').describe('of Kerberos'),
  realm: z.string().default('').describe('of Kerberos'),
  use_keytab: z.boolean().default(false).describe('of Kerberos'),
  ...credentials,
  config_file: z.string().default('').describe('of Kerberos'),
  keytab_file: z.string().default('').describe('of Kerberos'),
  disable_fast_negotiation: z.boolean().default(false).describe('of Kerberos'),
});

const noMsk = { unused: 'the mechanism that it is for is not supported' };

const sasl = z
  .strictObject({
    ...credentials,
    mechanism: z
      .string()
      .default('')
      .describe('PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER'),
    version: z
      .int()
      .default(0)
      .meta({ deprecated: true, unused: 'the version is negotiated' })
      .describe('0 or 1'),
    aws_msk: z
      .strictObject({ region: z.string().default('').describe('region').meta(noMsk) })
      .prefault({})
      .describe('for AWS_MSK_IAM_OAUTHBEARER, which is not supported'),
    oauthbearer_token_source: extensionId()
      .optional()
      .describe('id of the extension that gives tokens for OAUTHBEARER (oauth2client)'),
  })
  .superRefine((given, ctx) => {
    for (const [path, message] of saslFaults(given)) {
      ctx.addIssue({ code: 'custom', path, message });
    }
  });

interface SaslFields {
  readonly username: string;
  readonly password: { reveal(): string };
  readonly mechanism: string;
  readonly version: number;
  readonly oauthbearer_token_source?: string | undefined;
}

function* saslFaults(given: SaslFields): Generator<[string[], string]> {
  const { mechanism, version } = given;
  if (['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'].includes(mechanism)) {
    if (given.username === '') yield [['username'], 'username is required'];
    else if (given.password.reveal() === '') yield [['password'], 'password is required'];
  } else if (mechanism === 'OAUTHBEARER') {
    if (given.oauthbearer_token_source === undefined) {
      const text = 'an extension that gives tokens (oauth2client) is required';
      yield [['oauthbearer_token_source'], `oauth2authclient extension is required: ${text}`];
    }
  } else if (mechanism === 'AWS_MSK_IAM_OAUTHBEARER') {
    const text = 'mechanism AWS_MSK_IAM_OAUTHBEARER is not supported: use SCRAM-SHA-512';
    yield [['mechanism'], text];
  } else {
    const names = "'PLAIN', 'OAUTHBEARER', 'SCRAM-SHA-256' or 'SCRAM-SHA-512'";
    const text = `mechanism should be one of ${names}. configured value ${mechanism}`;
    yield [['mechanism'], text];
  }
  if (version !== 0 && version !== 1) {
    yield [['version'], `version has to be either 0 or 1. configured value ${version}`];
  }
}

const auth = z
  .strictObject({
    plain_text: optionalSection(z.strictObject(credentials))
      .meta({ deprecated: true, instead: 'use sasl with mechanism PLAIN' })
      .describe('SASL/PLAIN'),
    sasl: z.preprocess((value) => value ?? undefined, sasl.optional()).optional(),
    kerberos: optionalSection(kerberos)
      .refine((given) => given === undefined, 'kerberos is not supported: use sasl')
      .describe('not supported'),
    tls: z
      .preprocess((value) => value ?? undefined, tlsClient().optional())
      .optional()
      .meta({ deprecated: true, replacedBy: '../tls' })
      .describe('as tls, which comes first'),
  })
  .describe('who the client is');

const metadata = z.strictObject({
  full: z.boolean().default(true).describe('whether all topics are asked for').meta({
    unused: 'only topics that are used are asked for',
  }),
  refresh_interval: duration({ min: Number.NEGATIVE_INFINITY })
    .prefault('10m')
    .describe('time after which what is known of the cluster is asked for again'),
  retry: z
    .strictObject({
      max: z.int().default(3).describe('times that a request is repeated'),
      backoff: duration({ min: Number.NEGATIVE_INFINITY })
        .prefault('250ms')
        .describe('time before a request is repeated'),
    })
    .prefault({}),
});

/** The keys of every client of Kafka, with the Go collector's names, defaults and texts. */
export function kafkaClientKeys() {
  return {
    brokers: z
      .array(z.string())
      .default(['localhost:9092'])
      .refine((list) => list.length > 0, 'brokers must be specified')
      .describe('brokers to ask for the cluster, `host:port`'),
    resolve_canonical_bootstrap_servers_only: z
      .boolean()
      .default(false)
      .meta({ deprecated: true, unused: 'names of brokers are used as they are written' })
      .describe('whether only the canonical names of brokers are used'),
    protocol_version: z
      .string()
      .default('')
      .refine((text) => text === '' || isKafkaVersion(text), {
        error: (issue) => `invalid protocol version: ${JSON.stringify(issue.input)}`,
      })
      .describe('checked only: brokers are asked which versions of requests they speak'),
    client_id: z.string().default('otel-collector').describe('name that brokers see'),
    auth: auth.prefault({}),
    tls: z
      .preprocess((value) => value ?? undefined, tlsClient().optional())
      .optional()
      .describe('TLS; absent = none'),
    metadata: metadata.prefault({}),
    rack_id: z.string().default('').describe('rack of this client, as brokers are told'),
    use_leader_epoch: z
      .boolean()
      .default(true)
      .describe('whether requests name the epoch of the leader, which finds truncated logs'),
    conn_idle_timeout: duration({ min: Number.NEGATIVE_INFINITY })
      .prefault('9m')
      .refine((ms) => ms > 0, 'conn_idle_timeout must be positive')
      .describe('checked only: brokers close idle connections'),
  };
}

/** The keys of every client of Kafka, decoded; times in milliseconds. */
export type KafkaClientConfig = z.output<z.ZodObject<ReturnType<typeof kafkaClientKeys>>>;
