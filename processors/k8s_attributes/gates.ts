import type { Gates as Switches } from '../../component/settings.ts';

/** Feature gates that change what is written. */
export interface Gates {
  /** Attributes of the new conventions: container.image.tags, k8s.pod.label.KEY. */
  readonly stable: boolean;
  /** Those of the old ones: container.image.tag, k8s.pod.labels.KEY. */
  readonly legacy: boolean;
  /** Processors of several pipelines share one view of the cluster. */
  readonly share: boolean;
  readonly oldMetrics: boolean;
  readonly newMetrics: boolean;
}

const prefix = 'processor.k8sattributes.';

/**
 * The gates as they are set.
 * @throws Error when the old conventions are off and the new ones not on
 */
export function readGates(gates: Switches): Gates {
  const on = (id: string) => gates.enabled(prefix + id);
  const stable = on('EmitV1K8sConventions');
  const legacy = !on('DontEmitV0K8sConventions');
  if (!legacy && !stable) {
    throw new Error(
      `${prefix}DontEmitV0K8sConventions cannot be enabled without enabling ${prefix}EmitV1K8sConventions`,
    );
  }
  return {
    stable,
    legacy,
    share: on('ShareProcessorBetweenPipelines'),
    oldMetrics: !on('telemetry.disableOldFormatMetrics'),
    newMetrics: on('telemetry.enableNewFormatMetrics'),
  };
}
