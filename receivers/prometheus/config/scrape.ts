import { z } from 'zod';
import { discoveryKeys } from './discovery.ts';
import { httpClientKeys } from './http-client.ts';
import { promBytes } from './prom-bytes.ts';
import { promDuration } from './prom-duration.ts';
import { relabelRule } from './relabel.ts';
import { text } from './text.ts';

const limit = (text: string) => z.int().min(0).default(0).describe(`${text}; 0 = any`);
const optional = (text: string) => z.boolean().nullish().describe(text);

export const scrapeProtocols = [
  'PrometheusProto',
  'PrometheusText0.0.4',
  'PrometheusText1.0.0',
  'OpenMetricsText0.0.1',
  'OpenMetricsText1.0.0',
] as const;

/** A format of answers, as configuration names it. */
export type ScrapeProtocol = (typeof scrapeProtocols)[number];

const protocols = () =>
  z.array(z.string()).optional().describe(`what targets are asked for, best first`);

/** Keys that `global` and each scrape configuration have. */
const commonKeys = () => ({
  scrape_interval: promDuration().optional().describe('time between two scrapes'),
  scrape_timeout: promDuration().optional().describe('time that one may take'),
  scrape_protocols: protocols(),
  scrape_failure_log_file: z.string().default('').describe('refused: failures are logged'),
  body_size_limit: promBytes().prefault('0').describe('bytes of an answer; 0 = 128 MiB'),
  sample_limit: limit('samples of a scrape, after relabeling'),
  target_limit: limit('targets of a job'),
  label_limit: limit('labels of a sample'),
  label_name_length_limit: limit("bytes of a label's name"),
  label_value_length_limit: limit("bytes of a label's value"),
  keep_dropped_targets: limit('dropped targets that are kept to be shown').meta({
    unused: 'none are shown',
  }),
  metric_name_validation_scheme: z.string().default('').describe('utf8 or legacy'),
  metric_name_escaping_scheme: z
    .string()
    .default('')
    .describe('allow-utf-8, underscores, dots or values: how targets shall write names'),
  scrape_native_histograms: optional('whether native histograms are taken'),
  always_scrape_classic_histograms: optional('whether classic ones are taken beside them'),
  convert_classic_histograms_to_nhcb: optional('refused when true'),
  extra_scrape_metrics: optional('whether limits and size of each scrape are metrics'),
});

const elsewhere = { unused: 'it is not about scraping' };

export const globalConfig = z.strictObject({
  ...commonKeys(),
  evaluation_interval: promDuration().optional().describe('of rules').meta(elsewhere),
  rule_query_offset: promDuration().optional().describe('of rules').meta(elsewhere),
  query_log_file: z.string().default('').describe('log of queries').meta(elsewhere),
  external_labels: z
    .record(z.string(), text())
    .nullish()
    .describe('labels that every sample gets; environment variables are put in'),
});

/** What scrape configurations have where they say nothing; durations in milliseconds. */
export type GlobalConfig = z.output<typeof globalConfig>;

export const scrapeConfig = z.strictObject({
  job_name: text().prefault('').describe('name of the job: service.name'),
  ...commonKeys(),
  honor_labels: z.boolean().default(false).describe("whether a target's own labels win"),
  honor_timestamps: z.boolean().default(true).describe('whether times that targets say count'),
  track_timestamps_staleness: z
    .boolean()
    .default(false)
    .describe('whether the end of series with times is told'),
  fallback_scrape_protocol: z
    .string()
    .default('')
    .describe('format of answers without a known type; absent = PrometheusText0.0.4'),
  native_histogram_bucket_limit: z
    .int()
    .min(0)
    .default(0)
    .describe('refused: buckets of a histogram'),
  native_histogram_min_bucket_factor: z
    .number()
    .default(0)
    .describe('refused: least growth from bucket to bucket'),
  params: z.record(z.string(), z.array(text())).default({}).describe('query of the URL'),
  metrics_path: z.string().default('/metrics').describe('path of the URL'),
  scheme: z.string().default('http').describe('http or https'),
  enable_compression: z.boolean().default(true).describe('whether gzip is asked for'),
  ...discoveryKeys(),
  ...httpClientKeys(),
  relabel_configs: z.array(relabelRule).default([]).describe('what becomes of targets'),
  metric_relabel_configs: z.array(relabelRule).default([]).describe('what becomes of samples'),
});

/** An entry of `scrape_configs`; durations in milliseconds, absent = as `global` says. */
export type ScrapeConfig = z.output<typeof scrapeConfig>;
