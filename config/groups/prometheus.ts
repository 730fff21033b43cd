import { z } from 'zod';

/** Which attributes of resources become labels of series. */
export interface ResourceConversion {
  readonly enabled: boolean;
  readonly exclude_service_attributes: boolean;
}

/** The key `resource_to_telemetry_conversion` of exporters of Prometheus formats. */
export function resourceConversionKey() {
  return z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe('whether attributes of the resource become labels of every series'),
      exclude_service_attributes: z
        .boolean()
        .default(false)
        .describe('but service.name, service.namespace and service.instance.id'),
    })
    .prefault({})
    .describe('attributes of resources as labels');
}

/** The conversion as the rules for series have it. */
export function resourceLabels(given: ResourceConversion): 'none' | 'all' | 'all but service' {
  if (!given.enabled) return 'none';
  return given.exclude_service_attributes ? 'all but service' : 'all';
}
