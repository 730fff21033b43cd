import { editors } from './editors/index.ts';
import { type FunctionTable, functionTable } from './types.ts';

/** Editors and converters: what the transform processor's statements may call. */
export function standardFunctions(): FunctionTable {
  return functionTable(editors);
}
