import { z } from 'zod';

/**
 * Parts of `service::telemetry` that come from OpenTelemetry's declarative configuration, version
 * 0.3, as the Go collector takes them. Times are in milliseconds there.
 */

const includeExclude = z.strictObject({
  included: z.array(z.string()).optional().describe('Patterns of what is taken.'),
  excluded: z.array(z.string()).optional().describe('Patterns of what is left out.'),
});

const secretText = () => z.string().meta({ secret: true });

/** A list of {name, value}, or the older form: a map. */
const headers = z.union([
  z.array(z.strictObject({ name: z.string().default(''), value: secretText().optional() })),
  z.record(z.string(), secretText()),
]);

const otlpShape = {
  protocol: z.string().optional().describe('grpc or http/protobuf.'),
  endpoint: z.string().optional().describe('URL, or host:port.'),
  insecure: z.boolean().optional().describe('Whether host:port is spoken to without TLS.'),
  certificate: z.string().optional().describe("File with the authorities of the server's."),
  client_certificate: z.string().optional().describe('File with a certificate of our own.'),
  client_key: z.string().optional().describe('File with the key of client_certificate.'),
  compression: z.string().optional().describe('gzip or none.'),
  timeout: z.int().optional().describe('Milliseconds that an export may take.'),
  headers: headers.optional().describe('Headers of each request.'),
  headers_list: secretText().optional().describe('The same as one text: name=value,name=value.'),
};

const console = z.record(z.string(), z.unknown());
const otlp = z.strictObject(otlpShape);

const otlpMetric = z.strictObject({
  ...otlpShape,
  temporality_preference: z.string().optional().describe('cumulative, delta or lowmemory.'),
  default_histogram_aggregation: z.string().optional(),
});

const logExporter = z.strictObject({ console: console.optional(), otlp: otlp.optional() });
const zipkin = z.strictObject({ endpoint: z.string().optional(), timeout: z.int().optional() });
const spanExporter = z.strictObject({
  console: console.optional(),
  otlp: otlp.optional(),
  zipkin: zipkin.optional(),
});

const batchShape = {
  schedule_delay: z.int().optional().describe('Milliseconds between two exports.'),
  export_timeout: z.int().optional().describe('Milliseconds that an export may take.'),
  max_queue_size: z.int().optional().describe('Items that wait at most.'),
  max_export_batch_size: z.int().optional().describe('Items of an export at most.'),
};

/** `logs::processors`. */
export const logProcessor = z.strictObject({
  batch: z.strictObject({ ...batchShape, exporter: logExporter.prefault({}) }).optional(),
  simple: z.strictObject({ exporter: logExporter.prefault({}) }).optional(),
});

/** `traces::processors`. */
export const spanProcessor = z.strictObject({
  batch: z.strictObject({ ...batchShape, exporter: spanExporter.prefault({}) }).optional(),
  simple: z.strictObject({ exporter: spanExporter.prefault({}) }).optional(),
});

/** `traces::limits`. */
export const spanLimits = z.strictObject({
  attribute_count_limit: z.int().optional(),
  attribute_value_length_limit: z.int().optional(),
  event_attribute_count_limit: z.int().optional(),
  event_count_limit: z.int().optional(),
  link_attribute_count_limit: z.int().optional(),
  link_count_limit: z.int().optional(),
});

/** `traces::sampler`. */
export const sampler: z.ZodType<unknown> = z.lazy(() => samplerObject);

const nothing = z.record(z.string(), z.unknown());
const samplerObject = z.strictObject({
  always_off: nothing.optional(),
  always_on: nothing.optional(),
  trace_id_ratio_based: z.strictObject({ ratio: z.number().optional() }).optional(),
  jaeger_remote: z
    .strictObject({
      endpoint: z.string().optional(),
      initial_sampler: sampler.optional(),
      interval: z.int().optional(),
    })
    .optional(),
  parent_based: z
    .strictObject({
      root: sampler.optional(),
      local_parent_not_sampled: sampler.optional(),
      local_parent_sampled: sampler.optional(),
      remote_parent_not_sampled: sampler.optional(),
      remote_parent_sampled: sampler.optional(),
    })
    .optional(),
});

const prometheus = z
  .strictObject({
    host: z.string().optional().describe('Address to listen on.'),
    port: z.int().optional().describe('Port to listen on.'),
    without_scope_info: z.boolean().optional().describe('Default true.'),
    without_units: z.boolean().optional().describe('Default true.'),
    without_type_suffix: z.boolean().optional().describe('Default true.'),
    with_resource_constant_labels: includeExclude
      .optional()
      .describe('Attributes of the resource that are labels of every series.'),
  })
  .transform((value) => ({
    ...value,
    without_scope_info: value.without_scope_info ?? true,
    without_units: value.without_units ?? true,
    without_type_suffix: value.without_type_suffix ?? true,
  }));

/** `metrics::readers`. */
export const metricReader = z.strictObject({
  pull: z
    .strictObject({
      exporter: z.strictObject({ prometheus: prometheus.optional() }).prefault({}),
    })
    .optional()
    .describe('An endpoint that others read.'),
  periodic: z
    .strictObject({
      interval: z.int().optional().describe('Milliseconds between two exports.'),
      timeout: z.int().optional().describe('Milliseconds that an export may take.'),
      exporter: z
        .strictObject({ console: console.optional(), otlp: otlpMetric.optional() })
        .prefault({}),
    })
    .optional()
    .describe('Sends metrics again and again.'),
  producers: z
    .array(z.strictObject({ opencensus: z.record(z.string(), z.unknown()).optional() }))
    .optional(),
});

/** `metrics::views`. */
export const metricView = z.strictObject({
  selector: z
    .strictObject({
      instrument_name: z.string().optional(),
      instrument_type: z.string().optional(),
      meter_name: z.string().optional(),
      meter_schema_url: z.string().optional(),
      meter_version: z.string().optional(),
      unit: z.string().optional(),
    })
    .optional(),
  stream: z
    .strictObject({
      name: z.string().optional(),
      description: z.string().optional(),
      attribute_keys: includeExclude.optional(),
      aggregation: z
        .strictObject({
          base2_exponential_bucket_histogram: z
            .strictObject({
              max_scale: z.int().optional(),
              max_size: z.int().optional(),
              record_min_max: z.boolean().optional(),
            })
            .optional(),
          default: nothing.optional(),
          drop: nothing.optional(),
          explicit_bucket_histogram: z
            .strictObject({
              boundaries: z.array(z.number()).optional(),
              record_min_max: z.boolean().optional(),
            })
            .optional(),
          last_value: nothing.optional(),
          sum: nothing.optional(),
        })
        .optional(),
    })
    .optional(),
});

/** The keys of `resource` in its newer form. */
export const resourceKeys = {
  attributes: z
    .array(
      z.strictObject({
        name: z.string().default(''),
        value: z.unknown(),
        type: z.unknown().optional(),
      }),
    )
    .optional()
    .describe('Attributes of the program itself.'),
  attributes_list: z.string().optional(),
  detectors: z
    .strictObject({ attributes: includeExclude.optional() })
    .optional()
    .describe('Taken for compatibility: the Go collector has no detectors here, nor has this.'),
  schema_url: z.string().optional().describe('Schema of the attributes.'),
};
