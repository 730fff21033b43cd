import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** The structural pass of otlp.c; its twin is pdata/check.ts. */
export interface OtlpAddon {
  /**
   * Once, before check: the table of pdata/check-table.ts (copied) and the numbers of the messages
   * KeyValue and AnyValue.
   */
  setTable(table: Int32Array, keyValue: number, anyValue: number): void;
  /** @returns items * 2, plus 1 when the order is not canonical; -1 on a fault */
  check(bytes: Uint8Array, root: number, maxNesting: number): number;
  /** Fault number of the last check; 0 = none. */
  fault(): number;
  /** Where the last check found it. */
  faultOffset(): number;
}

/**
 * The addon, or undefined when it was not built or is switched off: WIRESTITCH_FAST_PATHS=off takes
 * the TypeScript twins everywhere, WIRESTITCH_NO_NATIVE=1 loads no native code.
 */
export function loadOtlpAddon(): OtlpAddon | undefined {
  if (process.env.WIRESTITCH_FAST_PATHS === 'off') return undefined;
  if (process.env.WIRESTITCH_NO_NATIVE === '1') return undefined;
  const file = fileURLToPath(new URL('./build/otlp.node', import.meta.url));
  try {
    return createRequire(import.meta.url)(file) as OtlpAddon;
  } catch {
    return undefined;
  }
}
