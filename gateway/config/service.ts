import { z } from 'zod';
import { telemetrySchema } from '../telemetry/config.ts';

const ids = z.array(z.string()).meta({ ids: true });

const pipeline = z.strictObject({
  receivers: ids.default([]),
  processors: ids.default([]),
  exporters: ids.default([]),
});

/** The `service` section; ids are text here and are resolved afterwards. */
export const serviceSchema = z.strictObject({
  extensions: ids.default([]).describe('Extensions in the order in which they start.'),
  pipelines: z
    .record(
      z.string(),
      z.preprocess((value) => value ?? {}, pipeline),
    )
    .default({}),
  telemetry: telemetrySchema.prefault({}),
});

export type ServiceSection = z.infer<typeof serviceSchema>;
