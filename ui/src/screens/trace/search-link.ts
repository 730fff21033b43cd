import type { ShownValue } from '../../../../query/web/contract/trace.ts';
import { href } from '../../app/router.tsx';
import { millis } from '../../parts/format.ts';
import { formatFilter } from '../traces/filters.ts';

/** Longest value that is searched for. */
const longest = 500;
/** How long before and after the trace is searched. */
const aroundMs = 1_800_000;

/**
 * The search screen, asked for spans with this value around the time of the trace; undefined where
 * that cannot be asked.
 * @param startNs start of the trace, decimal nanoseconds since 1970
 */
export function searchFor(
  key: string,
  { type, text, cut }: ShownValue,
  startNs: string,
): string | undefined {
  if (key === '' || cut > 0 || text === '' || text.length > longest) return undefined;
  if (type === 'array' || type === 'map' || type === 'bytes' || type === 'empty') return undefined;
  const at = millis(startNs);
  return href('/traces', {
    filter: formatFilter({ key, op: '=', value: text }),
    from: String(Math.max(0, at - aroundMs)),
    to: String(at + aroundMs),
  });
}
