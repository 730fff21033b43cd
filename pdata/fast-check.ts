import { loadOtlpAddon, type OtlpAddon } from '../native/otlp.ts';
import { checkTable, known } from './check-table.ts';

/**
 * Requests of fewer bytes are checked in TypeScript: the call into the addon costs more than it
 * saves (bench/pdata).
 */
export const nativeMinBytes = 128;

function load(): OtlpAddon | undefined {
  const addon = loadOtlpAddon();
  addon?.setTable(checkTable, known.keyValue, known.anyValue);
  return addon;
}

/** The structural pass in C, undefined where it is not built or switched off. */
export const fastCheck: OtlpAddon | undefined = load();
