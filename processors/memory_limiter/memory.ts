import { totalmem } from 'node:os';
import type { Memory } from './processor.ts';

/** The memory of this process. */
export function processMemory(): Memory {
  const host = totalmem();
  const constrained = process.constrainedMemory();
  const limited = constrained > 0 && constrained < host;
  return {
    totalBytes: limited ? constrained : host,
    measure() {
      const { heapUsed, external, rss } = process.memoryUsage();
      return { used: heapUsed + external, rss };
    },
    collect: globalThis.gc === undefined ? undefined : () => void globalThis.gc?.(),
  };
}
