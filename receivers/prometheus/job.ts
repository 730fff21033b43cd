import type { PrometheusConfig } from './config/index.ts';
import type { GlobalConfig, ScrapeConfig, ScrapeProtocol } from './config/scrape.ts';
import { type CompiledRule, compileRules } from './relabel.ts';

type Prometheus = NonNullable<PrometheusConfig['config']>;

/** A job with what `global` says put in; times in milliseconds, sizes in bytes, 0 = any. */
export interface Job {
  readonly config: ScrapeConfig;
  readonly name: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly bodyLimit: number;
  readonly sampleLimit: number;
  readonly targetLimit: number;
  readonly labelLimit: number;
  readonly labelNameLimit: number;
  readonly labelValueLimit: number;
  readonly utf8: boolean;
  readonly escaping: string;
  readonly protocols: readonly ScrapeProtocol[];
  readonly fallback: ScrapeProtocol;
  readonly natives: boolean;
  readonly classics: boolean;
  readonly extraMetrics: boolean;
  readonly rules: readonly CompiledRule[];
  readonly metricRules: readonly CompiledRule[];
  /** Labels that every sample gets, flat. */
  readonly external: readonly string[];
}

const textProtocols: readonly ScrapeProtocol[] = [
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
];

/** The jobs of a configuration. @param env for variables in external labels */
export function jobsOf(
  { global, scrape_configs: jobs }: Prometheus,
  env: NodeJS.ProcessEnv,
): Job[] {
  return jobs.map((config) => jobOf(global, config, env));
}

function jobOf(global: GlobalConfig, config: ScrapeConfig, env: NodeJS.ProcessEnv): Job {
  const intervalMs = config.scrape_interval || global.scrape_interval || 60_000;
  const globalInterval = global.scrape_interval || 60_000;
  const globalTimeout = global.scrape_timeout || Math.min(10_000, globalInterval);
  const scheme = config.metric_name_validation_scheme || global.metric_name_validation_scheme;
  const utf8 = scheme !== 'legacy';
  const natives = config.scrape_native_histograms ?? global.scrape_native_histograms ?? false;
  const usual = natives ? (['PrometheusProto', ...textProtocols] as const) : textProtocols;
  const protocols = config.scrape_protocols ?? global.scrape_protocols ?? usual;
  return {
    config,
    name: config.job_name,
    intervalMs,
    timeoutMs: config.scrape_timeout || Math.min(globalTimeout, intervalMs),
    bodyLimit: config.body_size_limit || global.body_size_limit,
    sampleLimit: config.sample_limit || global.sample_limit,
    targetLimit: config.target_limit || global.target_limit,
    labelLimit: config.label_limit || global.label_limit,
    labelNameLimit: config.label_name_length_limit || global.label_name_length_limit,
    labelValueLimit: config.label_value_length_limit || global.label_value_length_limit,
    utf8,
    escaping: escapingOf(global, config, utf8),
    protocols: protocols as readonly ScrapeProtocol[],
    fallback: (config.fallback_scrape_protocol || 'PrometheusText0.0.4') as ScrapeProtocol,
    natives,
    classics:
      config.always_scrape_classic_histograms ?? global.always_scrape_classic_histograms ?? false,
    extraMetrics: config.extra_scrape_metrics ?? global.extra_scrape_metrics ?? false,
    rules: compileRules(config.relabel_configs, utf8),
    metricRules: compileRules(config.metric_relabel_configs, utf8),
    external: externalLabels(global, env),
  };
}

function escapingOf(global: GlobalConfig, config: ScrapeConfig, utf8: boolean): string {
  if (config.metric_name_escaping_scheme !== '') return config.metric_name_escaping_scheme;
  const local = config.metric_name_validation_scheme !== '';
  if (!local && global.metric_name_escaping_scheme !== '') {
    return global.metric_name_escaping_scheme;
  }
  return utf8 ? 'allow-utf-8' : 'underscores';
}

function externalLabels({ external_labels: labels }: GlobalConfig, env: NodeJS.ProcessEnv) {
  return Object.entries(labels ?? {}).flatMap(([name, value]) => [name, expand(value, env)]);
}

/** Puts variables in for $NAME and ${NAME}; $$ is one dollar. */
function expand(text: string, env: NodeJS.ProcessEnv): string {
  return text.replace(/\$(?:\$|\{([^}]*)\}|([a-zA-Z0-9_]+))/g, (whole, inBraces, bare) => {
    if (whole === '$$' || inBraces === '$') return '$';
    return env[String(inBraces ?? bare)] ?? '';
  });
}
