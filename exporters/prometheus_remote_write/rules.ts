import type { Gates } from '../../component/settings.ts';
import { resourceLabels } from '../../config/groups/prometheus.ts';
import { type SeriesRules, strategies } from '../../wire/prometheus/from-otlp/rules.ts';
import { labelName } from '../../wire/prometheus/names/label-name.ts';
import { gateIds, messageTypes, type RemoteWriteConfig } from './config.ts';

/** How series are made, as the configuration says. */
export function rulesOf(config: RemoteWriteConfig, gates: Gates): SeriesRules {
  const strict = !gates.enabled(gateIds.permissive);
  const { translation_strategy: strategy } = config;
  const { suffixes, utf8 } = Object.hasOwn(strategies, strategy)
    ? strategies[strategy as keyof typeof strategies]
    : { suffixes: config.add_metric_suffixes, utf8: false };
  const labels = { utf8, keyBeforeUnderscore: strict, keepUnderscores: false };
  const version = config.protobuf_message === messageTypes[2] ? 2 : 1;
  const plain = { utf8: false, keyBeforeUnderscore: false, keepUnderscores: strict };
  const external = { utf8: false, keyBeforeUnderscore: strict, keepUnderscores: false };
  return {
    names: { namespace: config.namespace, suffixes, utf8 },
    labels,
    targetLabels: version === 1 ? plain : labels,
    externalLabels: new Map(
      Object.entries(config.external_labels).map(([name, value]) => [
        labelName(external, name),
        value,
      ]),
    ),
    targetInfo: config.target_info.enabled,
    scopeLabels: !config.disable_scope_info,
    resourceLabels: resourceLabels(config.resource_to_telemetry_conversion),
    version,
    families: version === 1 && config.send_metadata,
  };
}
