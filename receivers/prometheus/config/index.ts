import { z } from 'zod';
import { duration } from '../../../config/schema/index.ts';
import { checkPrometheus } from './check.ts';
import { globalConfig, scrapeConfig } from './scrape.ts';

const elsewhere = { unused: 'it is not about scraping' };
const refused = (what: string) => z.unknown().optional().describe(`refused: ${what}`);
const ignored = (what: string) => z.unknown().optional().describe(what).meta(elsewhere);

const prometheus = z.strictObject({
  global: globalConfig.prefault({}).describe('what holds for all scrape configurations'),
  scrape_configs: z.array(scrapeConfig).default([]).describe('jobs: what is scraped, and how'),
  scrape_config_files: refused('write the jobs here').optional(),
  rule_files: refused('rules are not evaluated'),
  alerting: refused('alerts are not sent'),
  remote_write: refused('name an exporter'),
  remote_read: refused('nothing is read'),
  runtime: ignored("of Prometheus' process"),
  storage: ignored("of Prometheus' storage"),
  tracing: ignored("of Prometheus' own traces"),
  otlp: ignored('of what Prometheus receives'),
});

const keys = z.strictObject({
  config: prometheus.nullish().describe("Prometheus' own configuration; a dollar sign is `$$`"),
  trim_metric_suffixes: z
    .boolean()
    .default(false)
    .describe('whether names lose the suffixes of their type and unit'),
  target_allocator: refused('targets are found by config'),
  api_server: z
    .strictObject({
      enabled: z.boolean().default(false).describe('refused when true'),
      server_config: z.unknown().optional().describe('of that server').meta(elsewhere),
    })
    .prefault({})
    .describe("a server of Prometheus' API for targets: not supported"),
  scrape_on_shutdown: z.boolean().default(false).describe('whether the end is scraped once more'),
  discovery_reload_on_startup: z
    .boolean()
    .default(false)
    .describe('whether targets are looked up at once')
    .meta({ unused: 'they always are' }),
  initial_scrape_offset: duration({ min: Number.NEGATIVE_INFINITY })
    .prefault('0s')
    .describe('time before the first scrape'),
});

/** The keys as they are decoded; durations in milliseconds. */
export type PrometheusConfig = z.output<typeof keys>;

/** Configuration of the receiver; durations in milliseconds. */
export const config = keys.superRefine((given, ctx) => {
  checkPrometheus(given, (path, message) => {
    ctx.addIssue({ code: 'custom', path: [...path], message });
  });
});
