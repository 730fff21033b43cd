/** How figures and things are called on this screen. */
import type {
  EdgeSource,
  Measure,
  RedFigures,
  ServiceFigures,
  ServiceMapEdge,
  ServiceType,
} from '../../../../query/web/contract/services.ts';
import { duration, percent, rate } from '../../parts/format.ts';

export const typeNames: Readonly<Record<ServiceType, string>> = {
  service: 'service',
  database: 'database',
  queue: 'queue',
  external: 'external host',
  address: 'address',
  addresses: 'addresses',
};

export const measureTexts: Readonly<Record<Measure, string>> = {
  requests: 'Spans of kind server and consumer.',
  spans: 'All its spans: it has none of kind server or consumer.',
  captured: 'Captured requests, each counted once wherever it was seen.',
  callers: 'As those who call it measured: it sends no spans itself.',
};

export const sourceTexts: Readonly<Record<EdgeSource, string>> = {
  trace: 'Counted on spans of both ends.',
  capture: 'Counted on captured requests.',
  peer: 'Counted on spans of one end: the other sends none.',
  flow: 'Connections were seen, requests were not.',
};

/** 0 to 1; 0 without calls. */
export function errorShare({ calls, errors }: RedFigures): number {
  return calls === 0 ? 0 : errors / calls;
}

export type Health = 'good' | 'some' | 'bad';

/** From 5 % on errors are bad. */
export function health(red: RedFigures): Health {
  const share = errorShare(red);
  if (share === 0) return 'good';
  return share < 0.05 ? 'some' : 'bad';
}

/** `6.3 %`, `32 %`: two digits. @param part 0 to 1 */
export function shortPercent(part: number): string {
  if (part > 0 && part < 0.001) return '<0.1 %';
  const text = (part * 100).toFixed(part < 0.0995 ? 1 : 0);
  return `${text.replace(/\.0$/, '')} %`;
}

export function timeText(ns: number | null): string {
  return ns === null ? '–' : duration(ns);
}

/** `12.3/s, 1.5 % errors, p95 40 ms`; `no requests`. */
export function redText(red: RedFigures): string {
  if (red.calls === 0) return 'no requests';
  return `${rate(red.perSecond)}, ${percent(errorShare(red))} errors, p95 ${timeText(red.p95Ns)}`;
}

/** `postgresql database`, `external host`, `12 addresses`. */
export function kindText({ type, system }: ServiceFigures): string {
  if (type === 'addresses') return system;
  return system === '' ? typeNames[type] : `${system} ${typeNames[type]}`;
}

/** Share of the packets that were sent again; undefined without flow logs. */
export function retransmissionShare({ network }: ServiceMapEdge): number | undefined {
  if (network === null || network.packets === 0) return undefined;
  return network.retransmissions / network.packets;
}

/** Name of a node out of its id. */
export function nameOfId(id: string): string {
  return id.slice(id.indexOf(':') + 1);
}

/** Width of an edge in pixels by its rate: 1.25 up to 1/s, 6 from 10,000/s on. */
export function edgeWidth(perSecond: number): number {
  const decades = Math.log10(Math.max(1, perSecond));
  return 1.25 + Math.min(4, decades) * 1.2;
}
