import { checkDiscovery } from './discovery.ts';
import { checkClientFiles, checkHttpClient, type Report } from './http-client.ts';
import type { PrometheusConfig } from './index.ts';
import { checkRelabel } from './relabel.ts';
import { type GlobalConfig, type ScrapeConfig, scrapeProtocols } from './scrape.ts';

const under =
  (report: Report, ...at: (string | number)[]): Report =>
  (path, message) =>
    report([...at, ...path], message);

const isSet = (value: unknown): boolean =>
  value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);

/** Checks what keys say together, with Prometheus' own words where it has some. */
export function checkPrometheus(given: PrometheusConfig, report: Report): void {
  const { config, api_server: server } = given;
  if (isSet(given.target_allocator)) {
    report(['target_allocator'], 'target_allocator is not supported');
  }
  if (server.enabled) {
    const named = server.server_config as { readonly endpoint?: unknown } | null | undefined;
    const what = 'if api_server is enabled, it requires a non-empty server_config endpoint';
    const message = named?.endpoint ? 'api_server is not supported' : what;
    report(['api_server'], message);
  }
  if (!config || (config.scrape_configs.length === 0 && !isSet(config.scrape_config_files))) {
    if (!isSet(given.target_allocator)) {
      report([], 'no Prometheus scrape_configs or target_allocator set');
    }
    if (!config) return;
  }
  if (isSet(config.scrape_config_files)) {
    const message = 'scrape_config_files is not supported: write the jobs to scrape_configs';
    report(['config', 'scrape_config_files'], message);
  }
  for (const key of ['remote_write', 'remote_read', 'rule_files'] as const) {
    if (isSet(config[key])) report(['config', key], `unsupported features: ${key}`);
  }
  checkAlerting(config.alerting, report);
  checkJobs(config.global, config.scrape_configs, report);
}

function checkAlerting(alerting: unknown, report: Report): void {
  if (typeof alerting !== 'object' || alerting === null) return;
  for (const [key, name] of [
    ['alert_relabel_configs', 'relabel_configs'],
    ['alertmanagers', 'alertmanagers'],
  ] as const) {
    if (!isSet((alerting as Record<string, unknown>)[key])) continue;
    report(['config', 'alerting', key], `unsupported features: alert_config.${name}`);
  }
}

function checkJobs(global: GlobalConfig, jobs: readonly ScrapeConfig[], report: Report): void {
  const atGlobal = under(report, 'config', 'global');
  const { scrape_interval: interval, scrape_timeout: timeout } = global;
  if ((timeout ?? 0) > (interval || 60_000)) {
    atGlobal(['scrape_timeout'], 'global scrape timeout greater than scrape interval');
  }
  checkCommon(global, 'for global config', atGlobal);
  const utf8 = global.metric_name_validation_scheme !== 'legacy';
  for (const name of Object.keys(global.external_labels ?? {})) {
    if (isLabelName(name, utf8)) continue;
    const message = `${JSON.stringify(name)} is not a valid label name`;
    atGlobal(['external_labels', name], message);
  }
  const names = new Set<string>();
  for (const [i, job] of jobs.entries()) {
    const at = under(report, 'config', 'scrape_configs', i);
    if (job.job_name === '') at(['job_name'], 'job_name is empty');
    else if (names.has(job.job_name)) {
      const name = JSON.stringify(job.job_name);
      at(['job_name'], `found multiple scrape configs with job name ${name}`);
    }
    names.add(job.job_name);
    checkJob(global, job, at);
  }
}

function isLabelName(name: string, utf8: boolean): boolean {
  return utf8 ? name !== '' : /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name);
}

function checkCommon(
  config: Omit<GlobalConfig, 'external_labels'> | ScrapeConfig,
  where: string,
  report: Report,
): void {
  const protocols = config.scrape_protocols;
  if (protocols !== undefined) {
    if (protocols.length === 0) {
      report(['scrape_protocols'], `scrape_protocols cannot be empty ${where}`);
    }
    for (const [i, name] of protocols.entries()) {
      const fault = protocolFault(name);
      if (fault !== undefined)
        report(['scrape_protocols', i], `scrape_protocols: ${fault} ${where}`);
      else if (protocols.indexOf(name) !== i) {
        const list = protocols.join(' ');
        const what = `duplicated protocol in scrape_protocols, got [${list}]`;
        report(['scrape_protocols', i], `${what} ${where}`);
      }
    }
  }
  const { scrape_failure_log_file: log, convert_classic_histograms_to_nhcb: convert } = config;
  if (log !== '') {
    report(['scrape_failure_log_file'], 'scrape_failure_log_file is not supported');
  }
  if (convert) {
    const key = 'convert_classic_histograms_to_nhcb';
    report([key], `${key} is not supported: classic histograms have their buckets anyway`);
  }
}

function protocolFault(name: string): string | undefined {
  if (scrapeProtocols.some((one) => one === name)) return undefined;
  const supported = [...scrapeProtocols].sort().join(' ');
  return `unknown scrape protocol ${name}, supported: [${supported}]`;
}

function checkJob(global: GlobalConfig, job: ScrapeConfig, report: Report): void {
  const named = `for scrape config with job name ${JSON.stringify(job.job_name)}`;
  const interval = job.scrape_interval || global.scrape_interval || 60_000;
  if ((job.scrape_timeout ?? 0) > interval) {
    report(['scrape_timeout'], `scrape timeout greater than scrape interval ${named}`);
  }
  checkCommon(job, named, report);
  const fallback = job.fallback_scrape_protocol;
  const fault = fallback === '' ? undefined : protocolFault(fallback);
  if (fault !== undefined) {
    const message = `invalid fallback_scrape_protocol ${named}: ${fault}`;
    report(['fallback_scrape_protocol'], message);
  }
  if (job.native_histogram_min_bucket_factor > 0) {
    const key = 'native_histogram_min_bucket_factor';
    report([key], `${key} is not supported`);
  }
  if (job.native_histogram_bucket_limit > 0) {
    const key = 'native_histogram_bucket_limit';
    report([key], `${key} is not supported`);
  }
  const utf8 = checkSchemes(global, job, report);
  for (const key of ['relabel_configs', 'metric_relabel_configs'] as const) {
    for (const [i, rule] of job[key].entries()) {
      checkRelabel(rule, utf8, under(report, key, i));
    }
  }
  checkHttpClient(job, report);
  checkClientFiles(job, report);
  for (const [i, one] of job.kubernetes_sd_configs.entries()) {
    checkClientFiles(one, under(report, 'kubernetes_sd_configs', i));
  }
  checkDiscovery(job, report);
  if (job.relabel_configs.length === 0) checkTargets(job, report);
}

function checkTargets(job: ScrapeConfig, report: Report): void {
  for (const [i, { targets }] of job.static_configs.entries()) {
    for (const [j, target] of targets.entries()) {
      if (!target.includes('/')) continue;
      const message = `${JSON.stringify(target)} is not a valid hostname`;
      report(['static_configs', i, 'targets', j], message);
    }
  }
}

const escapings = ['allow-utf-8', 'underscores', 'dots', 'values'];

/** @returns whether names may have all characters */
function checkSchemes(global: GlobalConfig, job: ScrapeConfig, report: Report): boolean {
  const own = job.metric_name_validation_scheme;
  const scheme = own === '' ? global.metric_name_validation_scheme : own;
  if (own !== '' && own !== 'legacy' && own !== 'utf8') {
    const what = 'unknown scrape config name validation method specified';
    const message = `${what}, must be either '', 'legacy' or 'utf8', got ${own}`;
    report(['metric_name_validation_scheme'], message);
  }
  const escaping = job.metric_name_escaping_scheme;
  if (escaping !== '' && !escapings.includes(escaping)) {
    const list = escapings.map((one) => `'${one}'`).join(', ');
    const what = 'unknown scrape config name escaping method specified';
    const message = `${what}, must be one of ${list}, got ${JSON.stringify(escaping)}`;
    report(['metric_name_escaping_scheme'], message);
  }
  if (escaping === 'allow-utf-8' && scheme === 'legacy') {
    const message = 'utf8 metric names requested but validation scheme is not set to UTF8';
    report(['metric_name_escaping_scheme'], message);
  }
  return scheme !== 'legacy';
}
