/** What requests may say; everything else is refused with what was said. */
import type {
  FindRequest,
  RowCollapse,
  RowFilter,
  RowOrder,
  RowsRequest,
} from '../contract/trace.ts';
import { fault, shown } from '../params.ts';
import { WebError } from '../route.ts';

const mostRows = 1_000;
const mostToggled = 10_000;
const mostText = 1_000;
const mostName = 65_536;
const mostVersion = 64;
const mostIndex = 10_000_000;

type Fields = Readonly<Record<string, unknown>>;

/** 32 lower-case hex digits of an id as people paste it. @throws WebError */
export function traceIdOf(text: string): string {
  const id = text.trim().replaceAll('-', '').toLowerCase();
  if (!/^[0-9a-f]{1,32}$/.test(id)) throw fault('the trace id', text, 'up to 32 hex digits');
  return id.padStart(32, '0');
}

/** 16 lower-case hex digits, '' where nothing is given. @throws WebError */
export function spanIdOf(text: string | null): string {
  if (text === null || text === '') return '';
  const id = text.trim().toLowerCase();
  if (!/^[0-9a-f]{1,16}$/.test(id)) throw fault('span', text, 'up to 16 hex digits');
  return id.padStart(16, '0');
}

/** @throws WebError */
export function indexOf(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw fault('the index', text, 'a whole number');
  return Number(text);
}

/** '' where nothing is given. @throws WebError */
export function versionOf(query: URLSearchParams): string {
  return version(query.get('version') ?? '');
}

/** @throws WebError */
export function rowsRequest(body: unknown): RowsRequest {
  const fields = object('the body', body);
  known('the body', fields, [
    'version',
    'adjust',
    'offset',
    'limit',
    'order',
    'collapse',
    'filter',
    'only',
    'locate',
  ]);
  const { order = 'tree', collapse, filter, locate } = fields;
  if (!isOrder(order)) throw fault('order', order, 'tree, start, duration or self');
  return {
    version: version(fields.version),
    adjust: bool('adjust', fields.adjust),
    offset: whole('offset', fields.offset, 0, mostIndex),
    limit: whole('limit', fields.limit, 0, mostRows),
    order,
    collapse: collapse === undefined ? { toggled: [] } : collapseOf(collapse),
    filter: filter === undefined ? {} : filterOf(filter),
    only: bool('only', fields.only),
    ...(locate === undefined ? {} : { locate: whole('locate', locate, 0, mostIndex) }),
  };
}

/** @throws WebError */
export function findRequest(body: unknown): FindRequest {
  const fields = object('the body', body);
  known('the body', fields, ['version', 'adjust', 'filter', 'from', 'direction']);
  const { direction } = fields;
  if (direction !== 'next' && direction !== 'previous') {
    throw fault('direction', direction, 'next or previous');
  }
  return {
    version: version(fields.version),
    adjust: bool('adjust', fields.adjust),
    filter: filterOf(fields.filter),
    from: whole('from', fields.from, -1, mostIndex),
    direction,
  };
}

function version(value: unknown): string {
  if (typeof value !== 'string' || value.length > mostVersion) {
    throw fault('version', value, 'the text that an answer gave');
  }
  return value;
}

function isOrder(value: unknown): value is RowOrder {
  return value === 'tree' || value === 'start' || value === 'duration' || value === 'self';
}

function collapseOf(value: unknown): RowCollapse {
  const fields = object('collapse', value);
  known('collapse', fields, ['depth', 'toggled']);
  const { depth, toggled = [] } = fields;
  if (!Array.isArray(toggled) || toggled.length > mostToggled) {
    throw fault('collapse.toggled', toggled, `a list of at most ${mostToggled} indexes`);
  }
  const list = toggled.map((index) => whole('collapse.toggled', index, 0, mostIndex));
  if (depth === undefined) return { toggled: list };
  return { depth: whole('collapse.depth', depth, 0, mostIndex), toggled: list };
}

function filterOf(value: unknown): RowFilter {
  const fields = object('filter', value);
  known('filter', fields, ['text', 'service', 'errors', 'critical', 'name']);
  const { text, service, errors, critical, name } = fields;
  if (text !== undefined && (typeof text !== 'string' || text.length > mostText)) {
    throw fault('filter.text', text, `a text of at most ${mostText} characters`);
  }
  if (name !== undefined && (typeof name !== 'string' || name.length > mostName)) {
    throw fault('filter.name', name, `a text of at most ${mostName} characters`);
  }
  return {
    ...(text === undefined || text === '' ? {} : { text }),
    ...(service === undefined ? {} : { service: whole('filter.service', service, 0, mostIndex) }),
    ...(bool('filter.errors', errors) ? { errors: true } : {}),
    ...(bool('filter.critical', critical) ? { critical: true } : {}),
    ...(name === undefined ? {} : { name }),
  };
}

function object(what: string, value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw fault(what, value, 'an object');
}

function known(what: string, fields: Fields, names: readonly string[]): void {
  const other = Object.keys(fields).find((name) => !names.includes(name));
  if (other === undefined) return;
  throw new WebError('bad_request', `${what} has ${shown(other)}, which is not known`);
}

function bool(what: string, value: unknown): boolean {
  if (value === undefined || value === false) return false;
  if (value === true) return true;
  throw fault(what, value, 'true or false');
}

function whole(what: string, value: unknown, least: number, most: number): number {
  const ok = typeof value === 'number' && Number.isInteger(value);
  if (ok && value >= least && value <= most) return value;
  throw fault(what, value, `a whole number from ${least} to ${most}`);
}
