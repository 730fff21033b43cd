import type { Kind } from '../../component/factory.ts';

/** Files of a new component by their name in its folder. */
export function templates(kind: Kind, type: string): Readonly<Record<string, string>> {
  return {
    'index.ts': indexFile(kind, type),
    'README.md': readme(kind, type),
    [`${type.replaceAll('_', '-')}.test.ts`]: testFile(kind),
  };
}

const stability = "{ traces: 'development', metrics: 'development', logs: 'development' }";

const config = `/** Keys: each with its meaning, unit and default; what is accepted here has to work. */
const config = z.strictObject({});

type Config = z.infer<typeof config>;
`;

const imports: Readonly<Record<Kind, string>> = {
  receiver: `import { z } from 'zod';
import type { Component } from '../../component/component.ts';
import type { Consumers } from '../../component/consumer.ts';
import type { ReceiverFactory } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
`,
  processor: `import { z } from 'zod';
import type { Component } from '../../component/component.ts';
import type { Consumer, Context } from '../../component/consumer.ts';
import type { ProcessorFactory } from '../../component/factory.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
`,
  exporter: `import { z } from 'zod';
import type { ExporterFactory } from '../../component/factory.ts';
import { deliveryKeys } from '../../pipeline/config.ts';
import { createExporter } from '../../pipeline/exporter.ts';
`,
  connector: `import { z } from 'zod';
import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { ConnectorFactory, ConnectorNext } from '../../component/factory.ts';
import { connectorOfSame } from '../../component/only.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
`,
  extension: `import { z } from 'zod';
import type { Extension } from '../../component/extension.ts';
import type { ExtensionFactory } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
`,
};

const bodies: Readonly<Record<Kind, string>> = {
  receiver: `${config}
function create(settings: Settings, _config: Config, _next: Consumers): Component {
  return {
    async start() {
      settings.logger.info('Started');
    },
    async shutdown() {},
  };
}
`,
  processor: `${config}
/** Hands each batch on as it is. */
class Processor<S extends Signal> implements Component, Consumer<S> {
  readonly mutates = false;
  readonly #next: Consumer<S>;

  constructor(next: Consumer<S>) {
    this.#next = next;
  }

  async start(): Promise<void> {}

  async shutdown(): Promise<void> {}

  consume(batch: Batch<S>, ctx: Context): Promise<void> {
    return this.#next.consume(batch, ctx);
  }
}
`,
  exporter: `/** Keys: each with its meaning, unit and default; what is accepted here has to work. */
const config = z.strictObject({ ...deliveryKeys() });

type Config = z.infer<typeof config>;
`,
  connector: `${config}
function create<S extends Signal>(
  _signal: S,
  _settings: Settings,
  _config: Config,
  next: ConnectorNext<S>,
): Component & Consumer<S> {
  return {
    mutates: false,
    async start() {},
    async shutdown() {},
    consume: (batch, ctx) => next.consume(batch, ctx),
  };
}
`,
  extension: `${config}
function create(settings: Settings, _config: Config): Extension {
  return {
    capabilities: {},
    async start() {
      settings.logger.info('Started');
    },
    async shutdown() {},
  };
}
`,
};

const creates: Readonly<Record<Kind, string>> = {
  receiver: '  create,',
  processor: '  create: (_signal, _settings, _config, next) => new Processor(next),',
  exporter: `  create: (signal, settings, own) =>
    createExporter(signal, settings, own, {
      async push(_batch) {}, // deliver; reject with PipelineError
    }),`,
  connector: `  pairs: [['traces', 'traces']],
  create: connectorOfSame('TYPE', create),`,
  extension: '  create,',
};

function indexFile(kind: Kind, type: string): string {
  const factory = `${kind[0]!.toUpperCase()}${kind.slice(1)}Factory`;
  return `${imports[kind]}
${bodies[kind]}
export const factory: ${factory}<Config> = {
  kind: '${kind}',
  type: '${type}',
  stability: ${kind === 'extension' ? '{}' : stability},
  description: 'Does nothing yet.',
  config,
${creates[kind].replace('TYPE', type)}
};
`;
}

function readme(kind: Kind, type: string): string {
  const title = `${kind[0]!.toUpperCase()}${kind.slice(1)} \`${type}\``;
  return `# ${title}

What it does and for whom, in two sentences.

It has no keys yet. Each key gets a line here: name, default with its unit, meaning.

\`\`\`yaml
${kind}s:
  ${type}:
\`\`\`

Limits: what it does not do.
`;
}

function testFile(kind: Kind): string {
  const args: Readonly<Record<Kind, string>> = {
    receiver: 'settings, config, {}',
    processor: "'traces', settings, config, nowhere",
    exporter: "'traces', settings, config",
    connector: "'traces', 'traces', settings, config, nowhere",
    extension: 'settings, config',
  };
  const nowhere = args[kind].includes('nowhere')
    ? `\nconst nowhere = { mutates: false, consume: async () => {}${kind === 'connector' ? ', pipelines: new Map()' : ''} };\n`
    : '';
  return `import assert from 'node:assert/strict';
import test from 'node:test';
import { testSettings } from '../../testing/settings.ts';
import { factory } from './index.ts';
${nowhere}
test('starts and stops, also twice', async () => {
  const settings = testSettings();
  const config = factory.config.parse({});
  const component = factory.create(${args[kind]});
  await component.shutdown();
  await component.start();
  await component.shutdown();
  await component.shutdown();
});

test('unknown keys are refused', () => {
  assert.equal(factory.config.safeParse({ no_such_key: 1 }).success, false);
});
`;
}
