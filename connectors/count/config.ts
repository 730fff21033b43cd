import { z } from 'zod';
import { checkEnvironment } from '../../ottl/config.ts';
import { type CountContext, compileConditions } from './conditions.ts';

/** A value that OTLP can hold. */
type Raw = string | number | boolean | null | Raw[] | { [key: string]: Raw };

const raw: z.ZodType<Raw> = z.json();

const attribute = z.looseObject({
  key: z.string().default('').describe('attribute of the item, else its scope, else its resource'),
  default_value: raw
    .optional()
    .describe('value where it is absent; none = the item is not counted'),
});

const metric = z.looseObject({
  description: z.string().default('').describe('description of the metric'),
  conditions: z
    .array(z.string())
    .default([])
    .describe('OTTL conditions; what none of them is true of is not counted; [] = all'),
  attributes: z.array(attribute).default([]).describe('attributes that get counts of their own'),
});

/** A metric that is counted; conditions are OTTL of its section's context. */
export type MetricConfig = z.output<typeof metric>;

/** Sections: the context of their conditions, and the metric that is made without them. */
export const sections = {
  spans: ['span', 'trace.span.count', 'The number of spans observed.'],
  spanevents: ['spanevent', 'trace.span.event.count', 'The number of span events observed.'],
  metrics: ['metric', 'metric.count', 'The number of metrics observed.'],
  datapoints: ['datapoint', 'metric.datapoint.count', 'The number of data points observed.'],
  logs: ['log', 'log.record.count', 'The number of log records observed.'],
  profiles: ['profile', 'profile.count', 'The number of profiles observed.'],
} as const satisfies Record<string, readonly [string, string, string]>;

/** What is counted. */
export type Section = keyof typeof sections;

/** Metrics by name; an empty section is the default metric. */
function sectionOf(name: Section) {
  const [, metricName, description] = sections[name];
  const one = z.preprocess((value) => value ?? {}, metric).meta({ section: true });
  const usual = (): Record<string, MetricConfig> => ({
    [metricName]: { description, conditions: [], attributes: [] },
  });
  return z
    .record(z.string(), one)
    .default(usual())
    .transform((given) => (Object.keys(given).length > 0 ? given : usual()))
    .describe(`metrics that count ${name}, by name; default ${metricName}`);
}

/**
 * The Go collector takes keys that it does not know here, and here only; they are taken, too, and
 * told when the connector starts.
 */
export const config = z
  .looseObject({
    spans: sectionOf('spans'),
    spanevents: sectionOf('spanevents'),
    metrics: sectionOf('metrics'),
    datapoints: sectionOf('datapoints'),
    logs: sectionOf('logs'),
    profiles: sectionOf('profiles'),
  })
  .superRefine((given, ctx) => {
    for (const section of Object.keys(sections) as Section[]) {
      for (const [name, metricConfig] of Object.entries(given[section])) {
        const message = faultOf(section, name, metricConfig);
        if (message !== undefined) {
          ctx.addIssue({ code: 'custom', path: [section, name], message });
        }
      }
    }
  });

/** The keys as they are decoded, metrics by name in each section. */
export type Config = z.output<typeof config>;

function faultOf(section: Section, name: string, given: MetricConfig): string | undefined {
  const q = JSON.stringify(name);
  if (name === '') return `${section}: metric name missing`;
  if (given.conditions.length > 0 && section === 'profiles') {
    return `profiles condition: metric ${q}: conditions on profiles are not supported`;
  }
  try {
    const context = sections[section][0] as CountContext;
    compileConditions(context, given.conditions, checkEnvironment);
  } catch (error) {
    return `${section} condition: metric ${q}: ${(error as Error).message}`;
  }
  if (section === 'metrics' && given.attributes.length > 0) {
    return `metrics attributes not supported: metric ${q}`;
  }
  if (given.attributes.some(({ key }) => key === '')) {
    return `${section} attributes: metric ${q}: attribute key missing`;
  }
  return undefined;
}

/** Keys that mean nothing, as paths. */
export function unknownKeys(given: Config): string[] {
  const known = new Set(Object.keys(sections));
  const out = Object.keys(given).filter((key) => !known.has(key));
  for (const section of Object.keys(sections) as Section[]) {
    for (const [name, one] of Object.entries(given[section])) {
      const path = `${section}::${name}`;
      const keys = new Set(['description', 'conditions', 'attributes']);
      out.push(...Object.keys(one).flatMap((key) => (keys.has(key) ? [] : [`${path}::${key}`])));
      one.attributes.forEach((attributeConfig, i) => {
        for (const key of Object.keys(attributeConfig)) {
          if (key !== 'key' && key !== 'default_value')
            out.push(`${path}::attributes::${i}::${key}`);
        }
      });
    }
  }
  return out;
}
