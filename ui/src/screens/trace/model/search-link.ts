import type { ShownValue } from '../../../../../query/web/contract/trace.ts';
import { href } from '../../../app/router.tsx';

/** Longest value that is searched for. */
const longest = 500;

/** The search screen, asked for spans with this value; undefined where that cannot be asked. */
export function searchFor(key: string, { type, text, cut }: ShownValue): string | undefined {
  if (cut > 0 || text === '' || text.length > longest) return undefined;
  if (type === 'array' || type === 'map' || type === 'bytes' || type === 'empty') return undefined;
  return href('/traces', { tag: `${key}=${text}` });
}
