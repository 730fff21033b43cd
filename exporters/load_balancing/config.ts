import { z } from 'zod';
import { duration, section } from '../../config/schema/index.ts';
import { deliveryKeys, queueSchema } from '../../pipeline/config.ts';
import { otlpGrpcKeys } from '../../pipeline/otlp-grpc/config.ts';

const { retry_on_failure: retryOn } = deliveryKeys();

/** Off until `enabled: true`, other than in other exporters. */
const retry = z.preprocess((value) => {
  if (value === null || value === undefined) return { enabled: false };
  return typeof value === 'object' && !('enabled' in value) ? { ...value, enabled: false } : value;
}, retryOn);

const positive = () =>
  duration({ min: Number.NEGATIVE_INFINITY }).describe('0 or less = the default');

const resolver = z
  .strictObject({
    static: z
      .strictObject({ hostnames: z.array(z.string()).default([]).describe('host or host:port') })
      .optional()
      .describe('a fixed list of backends'),
    dns: z
      .strictObject({
        hostname: z.string().default('').describe('name whose addresses are the backends'),
        port: z
          .union([z.string(), z.int().transform(String)])
          .default('')
          .describe('port of the backends; absent = 4317'),
        interval: positive().prefault('5s').describe('time between two look-ups'),
        timeout: positive().prefault('1s').describe('time that a look-up may take'),
      })
      .optional()
      .describe('all addresses of a name'),
    k8s: z
      .strictObject({
        service: z.string().default('').describe('service or service.namespace'),
        ports: z.array(z.int()).default([]).describe('ports of each backend; absent = 4317'),
        timeout: positive().prefault('1s').describe('time that listing may take'),
        return_hostnames: z
          .boolean()
          .default(false)
          .describe('names in place of addresses: for a headless service of a StatefulSet'),
      })
      .optional()
      .describe('the pods of a Kubernetes service'),
    aws_cloud_map: z.unknown().optional().describe('refused: it does not exist here'),
  })
  .superRefine((given, ctx) => {
    const fault = (path: string[], message: string) =>
      ctx.addIssue({ code: 'custom', path, message });
    const { aws_cloud_map: cloudMap, ...others } = given;
    const count = Object.values(others).filter((one) => one !== undefined).length;
    if (cloudMap !== undefined) {
      fault(['aws_cloud_map'], 'aws_cloud_map does not exist here: use static, dns or k8s');
    } else if (count === 0) fault([], 'no resolvers specified for the exporter');
    if (count > 1) fault([], 'only one resolver should be specified');
    if (given.static?.hostnames.length === 0) {
      fault(['static', 'hostnames'], 'no endpoints specified for the static resolver');
    }
    if (given.dns?.hostname === '') {
      fault(['dns', 'hostname'], 'no hostname specified to resolve the backends');
    }
    if (given.k8s?.service === '') {
      fault(['k8s', 'service'], 'no service specified to resolve the backends');
    }
  });

const routingKeys = ['traceID', 'service', 'resource', 'metric', 'streamID', 'attributes'];

export const config = z.strictObject({
  routing_key: z
    .string()
    .default('')
    .refine(
      (key) => key === '' || routingKeys.includes(key),
      `unsupported routing_key: expected one of ${routingKeys.join(', ')}`,
    )
    .describe('what has to go to one backend; absent = traceID of spans, service of all else'),
  routing_attributes: z
    .array(z.string())
    .default([])
    .describe('routing_key attributes: names; span.name, span.kind, log.severity, log.body too'),
  protocol: z
    .strictObject({
      otlp: z
        .strictObject(otlpGrpcKeys())
        .prefault({})
        .describe('keys of the exporter otlp_grpc, for each backend; endpoint is not used'),
    })
    .prefault({}),
  resolver: resolver.prefault({}).describe('where the backends are; one is required'),
  timeout: duration({ min: Number.NEGATIVE_INFINITY })
    .prefault('0s')
    .describe('time that one attempt may take, all backends together; 0 = any'),
  retry_on_failure: retry.describe('whether what a backend refused is routed anew'),
  sending_queue: section(queueSchema()).describe('a queue before the routing; absent = none'),
});

/** The keys as they are decoded; times in milliseconds. */
export type Config = z.output<typeof config>;
