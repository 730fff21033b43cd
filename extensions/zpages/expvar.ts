import { getHeapStatistics } from 'node:v8';

/** The process's figures in the form of Go's expvar, as far as names mean the same here. */
export function expvar(): Record<string, unknown> {
  const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  const { malloced_memory: malloced, heap_size_limit: limit } = getHeapStatistics();
  return {
    cmdline: process.argv,
    memstats: { HeapAlloc: heapUsed, HeapSys: heapTotal, Sys: rss },
    v8: { external, array_buffers: arrayBuffers, malloced, heap_size_limit: limit },
  };
}
