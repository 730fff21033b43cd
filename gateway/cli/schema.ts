import type { Kind } from '../../component/factory.ts';
import { signals } from '../../component/signals.ts';
import { type JsonSchema, jsonSchemas, place, reference } from '../../config/schema/json-schema.ts';
import { type RegistryEntry, registry } from '../components.ts';
import { sectionOf } from '../config/sections.ts';
import { serviceSchema } from '../config/service.ts';

/** The JSON Schema of whole configurations, as text. */
export async function printSchema(entries: readonly RegistryEntry[] = registry): Promise<string> {
  return `${JSON.stringify(await configJsonSchema(entries), null, 2)}\n`;
}

/**
 * The JSON Schema (draft 2020-12) of whole configurations. Ids are `type` or `type/name`; older
 * types are marked as deprecated.
 */
export async function configJsonSchema(entries: readonly RegistryEntry[]): Promise<JsonSchema> {
  const defs: Record<string, unknown> = { reference };
  const properties: Record<string, unknown> = {};
  for (const kind of Object.keys(sectionOf) as Kind[]) {
    const patternProperties: Record<string, unknown> = {};
    for (const entry of entries.filter((candidate) => candidate.kind === kind)) {
      const { factory } = await entry.load();
      const name = `${kind}_${entry.type}`;
      Object.assign(defs, jsonSchemas(factory.config, name));
      defs[name] = place({ description: factory.description, ...(defs[name] as JsonSchema) });
      patternProperties[idPattern(entry.type)] = { $ref: `#/$defs/${name}` };
      for (const alias of entry.aliases) {
        patternProperties[idPattern(alias)] = {
          $ref: `#/$defs/${name}`,
          deprecated: true,
          description: `An older name of ${entry.type}.`,
        };
      }
    }
    const section = { type: 'object', patternProperties, additionalProperties: false };
    properties[sectionOf[kind]] = place(section);
  }
  const { service, ...parts } = jsonSchemas(serviceSchema, 'service');
  Object.assign(defs, parts);
  properties.service = place(withSignals(service!));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration of Wirestitch and of the OpenTelemetry Collector',
    type: 'object',
    properties,
    additionalProperties: false,
    $defs: defs,
  };
}

function idPattern(type: string): string {
  return `^\\s*${type}\\s*(/\\s*[^\\s](.*[^\\s])?\\s*)?$`;
}

/** Ids of pipelines begin with a signal. */
function withSignals(service: JsonSchema): JsonSchema {
  const properties = { ...(service.properties as Record<string, unknown>) };
  const pipeline = (service.properties as { pipelines: JsonSchema }).pipelines;
  const map = (pipeline.anyOf as JsonSchema[]).find((option) => option.type === 'object')!;
  properties.pipelines = place({
    type: 'object',
    patternProperties: Object.fromEntries(
      signals.map((signal) => [idPattern(signal), map.additionalProperties]),
    ),
    additionalProperties: false,
  });
  return { ...service, properties };
}
