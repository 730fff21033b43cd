import type { Gates as Switches } from '../../component/settings.ts';

/** Feature gates that change what is written. */
export interface Gates {
  /** Resource attributes are left out unless `add_resource_attributes` asks for them. */
  readonly excludeResource: boolean;
  /** Every series has `collector.instance.id`. */
  readonly instanceId: boolean;
  /** No default namespace. */
  readonly legacyNames: boolean;
  /** `otel.status_code` with OK and ERROR instead of `status.code`. */
  readonly otelStatus: boolean;
}

/** The gates as they are set. */
export function readGates(gates: Switches): Gates {
  return {
    excludeResource: gates.enabled('connector.spanmetrics.excludeResourceMetrics'),
    instanceId: gates.enabled('connector.spanmetrics.includeCollectorInstanceID'),
    legacyNames: gates.enabled('connector.spanmetrics.legacyMetricNames'),
    otelStatus: gates.enabled('spanmetrics.statusCodeConvention.useOtelPrefix'),
  };
}
