/** Routes of the services screen: `query/web/contract/services.ts` says what they take and answer. */
import { RecentAnswers } from '../../../storage/recent-answers.ts';
import type { ServiceGraph, ServiceReader } from '../../../storage/services/model.ts';
import { type StepWindow, stepWindow } from '../../../storage/services/window.ts';
import { fault, flagOf, nameOf, nanoseconds, neededName, wholeNumber } from '../params.ts';
import { WebError, type WebRoute } from '../route.ts';
import { listAnswer, mapAnswer, operationsAnswer } from './answers.ts';

interface ServicesRoutesOptions {
  /** undefined: the tables that are read are not those of schema smart. */
  readonly reader: ServiceReader | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** How long an answer is given again, ms: tabs that poll cost one query. */
const maxAgeMs = 10_000;
const maxEntries = 32;
const maxListed = 1000;
const maxDays = 400;
const nsInDay = 86_400_000_000_000n;

/** Routes that give an answer again for 10 s: tabs that poll cost one query. */
export function servicesRoutes({ reader, now }: ServicesRoutesOptions): readonly WebRoute[] {
  const options = { now, maxAgeMs, maxEntries };
  const graphs = new RecentAnswers(options);
  const operations = new RecentAnswers(options);
  const graphOf = (query: URLSearchParams): Promise<ServiceGraph> => {
    const window = windowOf(query, now());
    const from = smart(reader);
    return graphs.get(windowKey(window), () => from.graph(window));
  };
  return [
    {
      method: 'GET',
      path: '/api/v1/service-list',
      handle: async ({ query }) => ({ json: listAnswer(await graphOf(query), maxListed) }),
    },
    {
      method: 'GET',
      path: '/api/v1/service-map',
      handle: async ({ query }) => {
        const part = {
          focus: nameOf(query, 'focus'),
          hops: wholeNumber(query, 'hops', { least: 1, most: 3, usual: 2 }),
          limit: wholeNumber(query, 'limit', { least: 1, most: 200, usual: 60 }),
          errorsOnly: flagOf(query, 'errors'),
        };
        return { json: mapAnswer(await graphOf(query), part) };
      },
    },
    {
      method: 'GET',
      path: '/api/v1/service-operations',
      handle: async ({ query }) => {
        const service = neededName(query, 'service');
        const window = windowOf(query, now());
        const from = smart(reader);
        const key = JSON.stringify([windowKey(window), service]);
        const found = await operations.get(key, () => from.operations(service, window));
        return { json: operationsAnswer(service, found) };
      },
    },
  ];
}

function smart(reader: ServiceReader | undefined): ServiceReader {
  if (reader !== undefined) return reader;
  throw new WebError(
    'not_found',
    'The services screen reads the tables of schema smart, and this page reads those of schema otel.',
    'Name a storage with schema: smart in the configuration of extension ui.',
  );
}

/** Without the seconds that are past: they change all the time. */
function windowKey({ fromS, toS }: StepWindow): string {
  return `${fromS} ${toS}`;
}

function windowOf(query: URLSearchParams, nowMs: number): StepWindow {
  const [start, end] = [nanoseconds(query, 'start'), nanoseconds(query, 'end')];
  if (end <= start) throw fault('end', String(end), `after start, ${start}`);
  if (end - start > BigInt(maxDays) * nsInDay) {
    throw new WebError('bad_request', `the range is longer than ${maxDays} days`);
  }
  return stepWindow(start, end, nowMs);
}
