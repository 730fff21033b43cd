import { z } from 'zod';
import { duration } from '../../config/schema/index.ts';
import { regexpFault } from '../../pdata/regexp/index.ts';
import { authTypes } from './api/auth-types.ts';
import { defaultMetadata, metadataFields } from './metadata-fields.ts';
import { SharedCluster } from './store/shared-cluster.ts';

/** Most sources of one association. */
const maxSources = 4;

const origins = [
  'pod',
  'namespace',
  'deployment',
  'statefulset',
  'daemonset',
  'job',
  'node',
] as const;
/** The kind of object that a label or an annotation is read from. */
export type Origin = (typeof origins)[number];

const text = (what: string) => z.string().default('').describe(what);

const field = z
  .strictObject({
    tag_name: text('attribute to set; with key_regex $1 is what its first group matched'),
    key: text('label or annotation to take, by its name'),
    key_regex: text('or all whose whole names match a regular expression'),
    from: text(`what has it: ${origins.join(', ')}; '' = pod`),
  })
  .superRefine(({ key, key_regex: pattern, from }, ctx) => {
    const issue = (path: string, message: string) =>
      ctx.addIssue({ code: 'custom', path: [path], message });
    if (key !== '' && pattern !== '') {
      issue(
        'key_regex',
        `Out of Key or KeyRegex only one option is expected to be configured at a time, currently Key:${key} and KeyRegex:${pattern}`,
      );
    }
    if (from !== '' && !origins.includes(from as Origin)) {
      issue(
        'from',
        `${from} is not a valid choice for From. Must be one of: ${origins.join(', ')}`,
      );
    }
    const fault = pattern === '' ? undefined : regexpFault(`^(?:${pattern})$`);
    if (fault !== undefined) issue('key_regex', fault);
  });

const filter = (operations: readonly string[], what: string) =>
  z
    .strictObject({
      key: text(what),
      value: text('what it is compared with'),
      op: text(`comparison: ${operations.join(', ')}; '' = equals`),
    })
    .superRefine(({ key, value, op }, ctx) => {
      if (op === '' || operations.includes(op)) return;
      const message = `'${op}' is not a valid label filter operation for key=${key}, value=${value}`;
      ctx.addIssue({ code: 'custom', path: ['op'], message });
    });

const extract = z.strictObject({
  metadata: z
    .array(
      z.string().refine((name) => metadataFields.has(name), {
        error: (issue) => `"${String(issue.input)}" is not a supported metadata field`,
      }),
    )
    .default([...defaultMetadata])
    .describe('attributes to set'),
  annotations: z.array(field).default([]).describe('annotations to set as attributes'),
  labels: z.array(field).default([]).describe('labels to set as attributes'),
  otel_annotations: z
    .boolean()
    .default(false)
    .describe('whether annotations resource.opentelemetry.io/NAME of pods are set as NAME'),
  deployment_name_from_replicaset: z
    .boolean()
    .default(true)
    .describe('whether the name of a deployment is made of that of its ReplicaSet')
    .meta({ deprecated: true }),
});

const filters = z
  .strictObject({
    node: text('only pods of this node; what it is called'),
    node_from_env_var: text('the same, by the environment variable that has the name'),
    namespace: text('only pods of this namespace'),
    fields: z
      .array(filter(['equals', 'not-equals'], 'field of a pod, as the API selects by'))
      .default([])
      .describe('only pods with these fields'),
    labels: z
      .array(filter(['equals', 'not-equals', 'exists', 'does-not-exist'], 'label of a pod'))
      .default([])
      .describe('only pods with these labels'),
  })
  .superRefine(({ node_from_env_var: name }, ctx) => {
    if (name === '' || process.env[name] !== undefined) return;
    const message = `\`node_from_env_var\` is configured but envvar ${JSON.stringify(name)} is not set`;
    ctx.addIssue({ code: 'custom', path: ['node_from_env_var'], message });
  });

const association = z.strictObject({
  sources: z
    .array(
      z.strictObject({
        from: text('where the identifier comes from: connection, resource_attribute'),
        name: text('resource_attribute: the attribute'),
      }),
    )
    .max(maxSources, { error: `too many association sources. limit is ${maxSources}` })
    .default([])
    .describe('what identifies a pod together; a resource must have all of it'),
});

const notNegative = (key: string) =>
  duration({ min: Number.NEGATIVE_INFINITY }).refine((ms) => ms >= 0, {
    error: `${key} must be greater than or equal to 0`,
  });

const positive = (key: string) => (value: number, ctx: z.RefinementCtx) => {
  if (value < 0) ctx.addIssue({ code: 'custom', message: `${key} must be greater than 0` });
};

const fields = z.strictObject({
  auth_type: z
    .string()
    .default('serviceAccount')
    .refine((type) => authTypes.has(type), {
      error: (issue) => `auth_type: invalid authType for kubernetes: ${String(issue.input)}`,
    })
    .describe(`how the API is reached: ${[...authTypes].join(', ')}`),
  context: text('kubeConfig: context to use instead of the current one'),
  kube_api_qps: z
    .number()
    .default(0)
    .superRefine(positive('kube_api_qps'))
    .describe('requests a second to the API; 0 = 5'),
  kube_api_burst: z
    .int()
    .default(0)
    .superRefine(positive('kube_api_burst'))
    .describe('requests to the API at once; 0 = 10'),
  passthrough: z
    .boolean()
    .default(false)
    .describe('only sets k8s.pod.ip, and does not ask the API'),
  extract: extract.prefault({}).describe('what is set'),
  filter: filters.prefault({}).describe('which pods are known'),
  pod_association: z
    .array(association)
    .default([])
    .describe('how the pod of a resource is found: the first whose sources are all there'),
  exclude: z
    .strictObject({
      pods: z
        .array(z.strictObject({ name: text('regular expression that a name contains') }))
        .default([{ name: 'jaeger-agent' }, { name: 'jaeger-collector' }])
        .describe('pods that are left alone; none = jaeger-agent and jaeger-collector'),
    })
    .prefault({})
    .describe('pods that are not known'),
  wait_for_metadata: z
    .boolean()
    .default(false)
    .describe('whether the program starts only when the pods are known'),
  wait_for_metadata_timeout: duration({ min: Number.NEGATIVE_INFINITY })
    .prefault('10s')
    .describe('time after which the start fails that waits'),
  watch_sync_period: notNegative('watch_sync_period')
    .prefault('5m')
    .describe('how often what is known is worked out anew; 0 = never'),
  pod_delete_grace_period: notNegative('pod_delete_grace_period')
    .prefault('2m')
    .describe('time for which a deleted pod stays known'),
});

/** Keys of the processor. */
export const config = fields.transform((given) => ({
  ...given,
  /** The view of the cluster that processors of several pipelines may share. */
  shared: new SharedCluster(),
}));

/** The keys as they are decoded; times in milliseconds. */
export type Config = z.output<typeof fields>;
/** An entry of `extract::labels` or `extract::annotations`. */
export type FieldConfig = z.output<typeof field>;
/** Which pods are followed at all; '' and empty lists leave nothing out. */
export type FilterConfig = Config['filter'];
/** An entry of `pod_association`: sources that have to be there together. */
export type AssociationConfig = Config['pod_association'][number];
