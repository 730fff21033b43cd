/** What the screen Pipelines asks: the graph that runs, its numbers, what passes, a text checked. */
import { type Insight, InsightError } from '../../../component/insight.ts';
import type { BuildInfo, Clock, Host, Timer } from '../../../component/settings.ts';
import type {
  ConfigAnswer,
  LogAnswer,
  PipelinesAnswer,
  PipelinesState,
  TapOpened,
} from '../../../query/web/contract/pipelines.ts';
import { fault, neededName, wholeNumber } from '../../../query/web/params.ts';
import {
  type SendEvent,
  type WebAnswer,
  WebError,
  type WebRequest,
  type WebRoute,
} from '../../../query/web/route.ts';
import { checkJson, graphJson, logJson, nodeJson, sampleJson, unixNano } from './answers.ts';
import type { TapConfig } from './tap-config.ts';

interface PipelinesOptions {
  /** Used with the first request, not before. */
  readonly host: Pick<Host, 'view' | 'extensions'>;
  readonly build: BuildInfo;
  readonly tap: TapConfig;
  readonly clock: Pick<Clock, 'unixMs' | 'after'>;
}

/** How often a stream says something, so that nobody between takes it for dead, ms. */
const pingMs = 15_000;

/** Numbers that an earlier answer of the log gave. */
const sequences = { least: 0, most: 999_999_999_999_999, usual: 0 };

/** Routes below /api/v1; all are `local`, since what they show is in memory. */
export function pipelinesRoutes(options: PipelinesOptions): readonly WebRoute[] {
  const route = (
    method: WebRoute['method'],
    path: string,
    handle: (insight: Insight, request: WebRequest) => Promise<WebAnswer>,
  ): WebRoute => ({
    method,
    path: `/api/v1/${path}`,
    local: true,
    handle: (request) => handle(options.host.view.insight, request).catch(refused),
  });
  return [
    route('GET', 'pipelines', (insight) => pipelines(insight, options)),
    route('GET', 'pipelines/state', async (insight) => state(insight, options.clock.unixMs())),
    route('GET', 'pipelines/log', async (insight, { query }) => log(insight, query)),
    route('GET', 'pipelines/tap', async (insight, request) => tap(insight, request, options)),
    route('POST', 'config/check', (insight, { body }) => check(insight, body)),
    route('GET', 'config', async (insight) => {
      const json: ConfigAnswer = { yaml: await insight.configYaml() };
      return { json };
    }),
  ];
}

async function pipelines(insight: Insight, options: PipelinesOptions): Promise<WebAnswer> {
  const { build, host } = options;
  // Read before anything is waited for: a reload may come between.
  const version = insight.version();
  const graph = insight.graph();
  const configs = await insight.componentConfigs();
  const extensions = Array.from(host.extensions().keys(), (id) => ({
    id,
    config: configs.get(`extension/${id}`) ?? '',
  }));
  const json: PipelinesAnswer = {
    version,
    command: build.command,
    programVersion: build.version,
    startedUnixNano: unixNano(insight.startedUnixMs),
    graph: graphJson(graph, configs),
    extensions,
  };
  return { json };
}

function state(insight: Insight, nowMs: number): WebAnswer {
  const { nodes, edges, memory } = insight.numbers();
  const json: PipelinesState = {
    version: insight.version(),
    startedUnixNano: unixNano(insight.startedUnixMs),
    nowUnixNano: unixNano(nowMs),
    memory,
    nodes: nodes.map(nodeJson),
    edges,
  };
  return { json };
}

function log(insight: Insight, query: URLSearchParams): WebAnswer {
  const after = wholeNumber(query, 'after', sequences);
  const entries = insight.log(after);
  const json: LogAnswer = {
    entries: entries.map(logJson),
    newest: entries.at(-1)?.sequence ?? after,
  };
  return { json };
}

function tap(
  insight: Insight,
  { query, onClose }: WebRequest,
  { tap: config, clock }: PipelinesOptions,
): WebAnswer {
  const { batches_per_second: batchesPerSecond, max_items: items, mask } = config;
  const edge = { from: neededName(query, 'from'), to: neededName(query, 'to') };
  let send: SendEvent = () => false;
  const stop = insight.tap(edge, { batchesPerSecond, items, mask }, (sample) =>
    send('sample', sampleJson(sample)),
  );
  let pinging: Timer | undefined;
  onClose(() => {
    stop();
    pinging?.cancel();
  });
  const ping = (): void => {
    send('ping', {});
    pinging = clock.after(pingMs, ping);
  };
  return {
    events: (begun) => {
      send = begun;
      const opened: TapOpened = { batchesPerSecond, itemsPerBatch: items };
      send('opened', opened);
      pinging = clock.after(pingMs, ping);
    },
  };
}

async function check(insight: Insight, body: unknown): Promise<WebAnswer> {
  const { text } = Object(body) as { text?: unknown };
  if (typeof text !== 'string') throw fault('text of the body', text, 'a text');
  return { json: checkJson(await insight.checkConfig(text)) };
}

const hints: Readonly<Record<InsightError['reason'], string>> = {
  not_found: 'The configuration may have changed: reload the page.',
  busy: 'Try again in a moment, or close other tabs of this page.',
  too_large: 'Leave out what you do not want to check.',
  timeout: 'The text asks for too much: leave out parts of it.',
};

const reasons = {
  not_found: 'not_found',
  busy: 'unavailable',
  too_large: 'too_broad',
  timeout: 'timeout',
} as const;

function refused(error: unknown): never {
  if (!(error instanceof InsightError)) throw error;
  throw new WebError(reasons[error.reason], error.message, hints[error.reason]);
}
