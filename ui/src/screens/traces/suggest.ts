/** What the boxes of the form offer, asked of the program. */
import type {
  OperationsAnswer,
  ServicesAnswer,
  TagKeysAnswer,
  TagValuesAnswer,
} from '../../../../query/web/contract/traces.ts';
import { get } from '../../api/client.ts';
import { programClock } from '../../api/clock.ts';
import type { Suggestions } from '../../parts/combobox.tsx';
import { count } from '../../parts/format.ts';
import { bounds } from '../../parts/time-range.ts';
import type { Search } from './search.ts';

const most = 100;

export async function suggestServices(text: string, signal: AbortSignal): Promise<Suggestions> {
  const { services } = await get<ServicesAnswer>('/api/v1/services', {}, signal);
  return named(services, text);
}

/** Of one service those that it has; otherwise names of the newest spans. */
export async function suggestOperations(
  search: Search,
  text: string,
  signal: AbortSignal,
): Promise<Suggestions> {
  const [service, ...others] = search.services;
  if (service === undefined || others.length > 0) {
    return suggestValues(search, 'span.name', text, signal);
  }
  const { operations } = await get<OperationsAnswer>('/api/v1/operations', { service }, signal);
  return named(operations, text);
}

export async function suggestKeys(
  search: Search,
  text: string,
  signal: AbortSignal,
): Promise<Suggestions> {
  const params = scope(search, text);
  const { keys, truncated, sampledSpans } = await get<TagKeysAnswer>(
    '/api/v1/tag-keys',
    params,
    signal,
  );
  const items = keys.map(({ key, places, spans }) => ({
    value: key,
    detail: [places.join(', '), share(spans, sampledSpans)].filter((s) => s !== '').join(' · '),
  }));
  return { items, note: truncated ? 'There are more: type to narrow.' : '' };
}

export async function suggestValues(
  search: Search,
  key: string,
  text: string,
  signal: AbortSignal,
): Promise<Suggestions> {
  if (key === '') return { items: [], note: 'Name a key first.' };
  const params = scope(search, text);
  params.set('key', key);
  const { values, truncated, sampledSpans } = await get<TagValuesAnswer>(
    '/api/v1/tag-values',
    params,
    signal,
  );
  const items = values.map(({ value, spans }) => {
    const detail = share(spans, sampledSpans);
    return detail === '' ? { value } : { value, detail };
  });
  return { items, note: truncated ? 'There are more: type to narrow.' : '' };
}

function share(spans: number, of: number): string {
  if (spans === 0 || of === 0) return '';
  return `${count(spans)} of ${count(of)} spans`;
}

function scope(search: Search, text: string): URLSearchParams {
  const params = new URLSearchParams(bounds(search.range, programClock.nowMs()));
  for (const service of search.services) params.append('service', service);
  params.set('text', text);
  params.set('limit', String(most));
  return params;
}

/** Names that contain the text, those that begin with it first. */
function named(names: readonly string[], text: string): Suggestions {
  const wanted = text.toLowerCase();
  const found = names.filter((name) => name.toLowerCase().includes(wanted));
  const rank = (name: string) => (name.toLowerCase().startsWith(wanted) ? 0 : 1);
  const items = found.sort((a, b) => rank(a) - rank(b)).slice(0, most);
  return {
    items: items.map((value) => ({ value })),
    note: found.length > most ? `${found.length - most} more: type to narrow.` : '',
  };
}
