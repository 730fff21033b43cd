import { z } from 'zod';

const powers: Readonly<Record<string, number>> = { '': 0, K: 1, M: 2, G: 3, T: 4, P: 5, E: 6 };
const part = /([0-9]+(?:\.[0-9]+)?)([KMGTPE]?)i?B/y;

/** Reads a size as Prometheus writes them: `100MB` is 100 * 2^20. @returns undefined for no size */
function parsePromBytes(text: string): number | undefined {
  if (text === '0') return 0;
  if (text === '' || text.length > 100) return undefined;
  let total = 0;
  part.lastIndex = 0;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (match === null) return undefined;
    total += Number(match[1]) * 1024 ** powers[match[2]!]!;
  }
  return Math.trunc(total);
}

/** A size with a unit, of powers of 1024; decodes to bytes. */
export function promBytes() {
  return z.string().transform((text, ctx): number => {
    const bytes = parsePromBytes(text);
    if (bytes !== undefined) return bytes;
    const message = `not a size such as "100MB": ${JSON.stringify(text)}`;
    ctx.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}
