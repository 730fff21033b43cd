import assert from 'node:assert/strict';
import { testSettings } from '../../../testing/settings.ts';
import { config } from '../config.ts';
import { detect, type Outcome } from '../detection.ts';
import { type Answers, metadataServer } from './metadata-server.ts';
import { testMachine } from './sources.ts';

/** Where detectors run. */
export interface Given {
  readonly answers?: Answers;
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly options?: object;
}

/** Runs detectors, once, where a server answers. */
export async function run(
  detectors: string | readonly string[],
  given: Given = {},
): Promise<Outcome & { readonly requests: readonly string[]; readonly lines: string }> {
  const server = await metadataServer(given.answers ?? {});
  const settings = testSettings();
  const list = typeof detectors === 'string' ? [detectors] : detectors;
  const blocks = config.parse({ detectors: list, ...given.options });
  const running = detect(
    { detectors: blocks.detectors, blocks, timeoutMs: 2000 },
    {
      ...settings,
      sources: {
        env: given.env ?? {},
        fetch: (request) => server.fetch(request),
        kubernetes: async () => ({ url: `${server.url}/`, token: async () => 'pod' }),
        readText: async (path) => given.files?.[path],
        machine: testMachine,
      },
    },
  );
  let isDone = false;
  const done = running.finally(() => {
    isDone = true;
  });
  // retries wait for this clock, which stands still while an answer is on its way
  while (!isDone) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    await settings.clock.advance(100);
  }
  const outcome = await done;
  await server.close();
  const lines = settings.logger.lines.map((line) => line.message).join('\n');
  return { ...outcome, requests: server.requests, lines };
}

/** What a detector found, as an object; nothing must go wrong. */
export async function found(
  detectors: string,
  given: Given = {},
): Promise<Record<string, unknown>> {
  const { found: one, error } = await run(detectors, given);
  assert.equal(error, undefined);
  return Object.fromEntries(one.attributes);
}

/** A block that enables attributes. */
export const on = (...names: readonly string[]) => ({
  resource_attributes: Object.fromEntries(names.map((name) => [name, { enabled: true }])),
});
