import { loadFastPath } from './load.ts';

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

/** Attribute actions in one pass, by otlp_edit.c; the overlay of pdata/ is its twin. */
export interface OtlpEditAddon {
  /**
   * @param signal 0 traces, 1 metrics, 2 logs, 3 profiles (resources only)
   * @param resources whether resources are edited; else items
   * @param keys (start, end) in `blob` of each key; 32 at most
   * @param steps (operation, key, start, end): operation 0 insert, 1 update, 2 upsert, 3 delete;
   *   the range in `blob` is the attribute without its tag
   * @returns the size of the edited request, which {@link take} gives; -1 = left to the overlay;
   *   -2 = nothing changes
   */
  edit(
    bytes: Uint8Array,
    signal: number,
    resources: boolean,
    keys: Int32Array,
    steps: Int32Array,
    blob: Uint8Array,
  ): number;
  /** Fills `target`, which has the size that {@link edit} returned. */
  take(target: Uint8Array): void;
}

/**
 * The addon, or undefined when it was not built or is switched off: WIRESTITCH_FAST_PATHS=off takes
 * the TypeScript twins everywhere, WIRESTITCH_NO_NATIVE=1 loads no native code.
 */
export function loadOtlpAddon(): OtlpAddon | undefined {
  return loadFastPath<OtlpAddon>('otlp').addon;
}

/** The same for the editing addon. */
export function loadOtlpEditAddon(): OtlpEditAddon | undefined {
  return loadFastPath<OtlpEditAddon>('otlp-edit').addon;
}
