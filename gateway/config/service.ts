import { z } from 'zod';
import { deprecations } from '../../config/schema/deprecated.ts';
import type { ConfigIssue } from '../../config/schema/issue.ts';
import { type ConfNode, nodeAt, positionAt } from '../../config/schema/node.ts';
import { zeroedDefaults } from '../../config/schema/nulls.ts';
import { unusedKeys } from '../../config/schema/unused.ts';
import { telemetrySchema } from '../telemetry/config.ts';
import { resourceKeys } from '../telemetry/sdk-config.ts';

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

/** Section `service` as its schema decodes it; references are not checked yet. */
export type ServiceSection = z.infer<typeof serviceSchema>;

/** What of a `service` section deserves a warning. */
export function serviceWarnings(node: ConfNode): ConfigIssue[] {
  const path = ['service'];
  const found = [
    ...deprecations(node, serviceSchema, path),
    ...zeroedDefaults(node, serviceSchema, path),
    ...unusedKeys(node, serviceSchema, path),
  ];
  const where = ['telemetry', 'resource'];
  const resource = nodeAt(node, where);
  const keys = resource?.kind === 'map' ? [...resource.entries.keys()] : [];
  const legacy = keys.filter((key) => !(key in resourceKeys));
  if (legacy.length > 0) {
    const list = legacy.map((key) => JSON.stringify(key)).join(', ');
    const message = `a map of attributes (${list}) is deprecated; use "attributes: [{name, value}]"`;
    found.push({ at: positionAt(node, where), path: [...path, ...where], message });
  }
  return found;
}
