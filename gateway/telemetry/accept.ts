import type { Escaping } from './prometheus-name.ts';

const known: readonly string[] = ['allow-utf-8', 'underscores', 'dots', 'values'];

/**
 * How a reader of the text format wants names that are no plain Prometheus names, by the parameter
 * `escaping` of its header `accept`; without one, underscores.
 */
export function escapingOf(accept: string | undefined): Escaping {
  let escaping = 'underscores';
  for (const range of (accept ?? '').split(',')) {
    const [type = '', ...params] = range.split(';').map((part) => part.trim());
    const found = params.find((param) => param.startsWith('escaping='))?.slice('escaping='.length);
    if (found !== undefined && known.includes(found)) escaping = found;
    if (type === 'text/plain') break;
  }
  return escaping as Escaping;
}
