/** What the address says of this screen. */

export interface ViewState {
  readonly view: 'map' | 'list';
  /** Id of the node in the middle of the map, '' = all. */
  readonly focus: string;
  /** Edges to go from it. */
  readonly hops: number;
  readonly errorsOnly: boolean;
  /** What names must hold, as typed. */
  readonly find: string;
  /** Ids of the ends of the chosen edge, '' = none. */
  readonly caller: string;
  readonly callee: string;
  /** Row of the list that is open: id of a service. */
  readonly open: string;
  readonly sort: SortKey;
  readonly descending: boolean;
}

export const sortKeys = ['name', 'rate', 'errors', 'p50', 'p95', 'p99'] as const;
export type SortKey = (typeof sortKeys)[number];

/** What is missing or unknown is as it is at the first visit. */
export function viewState(params: URLSearchParams): ViewState {
  const text = (name: string) => params.get(name) ?? '';
  const hops = Number(text('hops'));
  const sort = sortKeys.find((key) => key === text('sort')) ?? 'rate';
  return {
    view: text('view') === 'list' ? 'list' : 'map',
    focus: text('focus'),
    hops: hops === 1 || hops === 3 ? hops : 2,
    errorsOnly: text('errors') === '1',
    find: text('find'),
    caller: text('caller'),
    callee: text('callee'),
    open: text('open'),
    sort,
    descending: text('dir') === '' ? sort !== 'name' : text('dir') === 'desc',
  };
}

/** Whether a name holds what was typed, in any case of letters. */
export function matches(name: string, find: string): boolean {
  return find === '' || name.toLowerCase().includes(find.trim().toLowerCase());
}
