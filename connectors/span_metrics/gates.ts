import type { GateView } from '../../component/view.ts';

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

/** The gates as they are set; those that the program does not know are as they are by default. */
export function readGates(gates: readonly GateView[]): Gates {
  const enabled = (id: string, usual: boolean) =>
    gates.find((gate) => gate.id === id)?.enabled ?? usual;
  return {
    excludeResource: enabled('connector.spanmetrics.excludeResourceMetrics', false),
    instanceId: enabled('connector.spanmetrics.includeCollectorInstanceID', true),
    legacyNames: enabled('connector.spanmetrics.legacyMetricNames', false),
    otelStatus: enabled('spanmetrics.statusCodeConvention.useOtelPrefix', false),
  };
}
