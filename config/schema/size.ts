import { z } from 'zod';

const units: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/**
 * Reads a number of bytes: `1048576`, `10MiB`, `1.5 GB` (KB = 1000, KiB = 1024).
 * @returns bytes, or undefined when `text` is no size
 */
export function parseByteSize(text: string): number | undefined {
  const match = /^(\d{1,18}(?:\.\d{1,9})?) ?([KMGT]?i?B?)$/i.exec(text.trim());
  if (match === null) return undefined;
  const unit = units[match[2]!.toLowerCase()];
  if (unit === undefined) return undefined;
  const bytes = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** A number of bytes: an integer or a text such as `10MiB`. Decodes to bytes. */
export function byteSize(limits: { readonly min?: number; readonly max?: number } = {}) {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = limits;
  const written = z.union([z.string(), z.number()]).meta({ written: 'bytes' });
  return written.transform((value, ctx): number => {
    const bytes = typeof value === 'string' ? parseByteSize(value) : value;
    if (bytes === undefined || !Number.isSafeInteger(bytes)) {
      const message = `expected bytes such as 1048576 or "10MiB", got ${JSON.stringify(value)}`;
      ctx.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
    if (bytes < min || bytes > max) {
      const bound = bytes < min ? `at least ${min}` : `at most ${max}`;
      ctx.addIssue({ code: 'custom', message: `must be ${bound} bytes, got ${bytes}` });
      return z.NEVER;
    }
    return bytes;
  });
}
