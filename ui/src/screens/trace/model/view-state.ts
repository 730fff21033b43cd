/** What the address says about how a trace is looked at. Pure. */
import type { Zoom } from './time-scale.ts';

export const views = ['waterfall', 'spans', 'operations', 'json'] as const;
export type ViewName = (typeof views)[number];

export interface TraceView {
  readonly view: ViewName;
  /** Span id, '' = none is looked at. */
  readonly span: string;
  /** Undefined = the whole trace. */
  readonly zoom: Zoom | undefined;
  readonly text: string;
  /** Name of a service, undefined = any; '' is one too. */
  readonly service: string | undefined;
  /** Name of spans, undefined = any. */
  readonly operation: string | undefined;
  readonly errors: boolean;
  readonly critical: boolean;
  /** Only what matches is shown. */
  readonly only: boolean;
  /** Times of clocks that are apart are moved. */
  readonly adjust: boolean;
}

export function viewOf(params: URLSearchParams): TraceView {
  const view = params.get('view') as ViewName | null;
  const yes = (name: string) => params.get(name) === '1';
  return {
    view: view !== null && views.includes(view) ? view : 'waterfall',
    span: params.get('span') ?? '',
    zoom: zoomOf(params.get('zoom')),
    text: params.get('find') ?? '',
    service: params.get('service') ?? undefined,
    operation: params.get('operation') ?? undefined,
    errors: yes('errors'),
    critical: yes('critical'),
    only: yes('only'),
    adjust: yes('adjust'),
  };
}

/** `from-to`, nanoseconds. */
export function zoomText(zoom: Zoom | undefined): string {
  return zoom === undefined ? '' : `${Math.round(zoom.from)}-${Math.round(zoom.to)}`;
}

function zoomOf(text: string | null): Zoom | undefined {
  const match = /^(\d{1,16})-(\d{1,16})$/.exec(text ?? '');
  if (match === null) return undefined;
  const zoom = { from: Number(match[1]), to: Number(match[2]) };
  return zoom.to > zoom.from ? zoom : undefined;
}

/** Whether anything is looked for. */
export function hasFilter(view: TraceView): boolean {
  const { text, service, operation, errors, critical } = view;
  return text !== '' || service !== undefined || operation !== undefined || errors || critical;
}
