import type { Gates, Logger } from '../../component/settings.ts';
import { strategies } from '../../wire/prometheus/from-otlp/rules.ts';
import { labelName } from '../../wire/prometheus/names/label-name.ts';
import type { PrometheusConfig } from './config.ts';
import type { PageRules } from './families.ts';

/** Feature gates of the Go collector. */
const gateIds = {
  noSuffixKey: 'exporter.prometheusexporter.DisableAddMetricSuffixes',
  permissive: 'pkg.translator.prometheus.PermissiveLabelSanitization',
} as const;

/** How series are shown, as the configuration says. */
export function pageRules(config: PrometheusConfig, gates: Gates, logger: Logger): PageRules {
  const { translation_strategy: strategy, namespace } = config;
  const suffixes = gates.enabled(gateIds.noSuffixKey) || config.add_metric_suffixes;
  const chosen = Object.hasOwn(strategies, strategy)
    ? strategies[strategy as keyof typeof strategies]
    : { suffixes, utf8: false };
  if (strategy === '' && !config.add_metric_suffixes && suffixes) {
    logger.warn(
      'add_metric_suffixes has no effect: set translation_strategy to UnderscoreEscapingWithoutSuffixes',
    );
  }
  const labels = {
    utf8: chosen.utf8,
    keyBeforeUnderscore: false,
    keepUnderscores: !gates.enabled(gateIds.permissive),
  };
  let targetNamespace = '';
  try {
    if (namespace !== '') targetNamespace = labelName(labels, namespace);
  } catch (error) {
    logger.error('failed to build namespace, ignoring', { error: (error as Error).message });
  }
  return {
    names: { namespace, suffixes: chosen.suffixes, utf8: chosen.utf8 },
    labels,
    targetNamespace,
    constLabels: Object.entries(config.const_labels),
    scopeLabels: !config.without_scope_info,
    times: config.send_timestamps,
  };
}
