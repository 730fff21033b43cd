/** How the kernel side follows chains of work in a process (native/bpf/maps.h). */
export const Follow = {
  /** Only threads that read their request with a blocking call. */
  blocking: 0,
  /** Also non-blocking reads, in threads without an event loop. */
  thread: 1,
  /** An event loop whose handlers run to their end. */
  loop: 2,
  /** Async ids of Node. */
  node: 3,
  nothing: 4,
} as const;

/** The number that the kernel side has in its map of processes. */
export type Follow = (typeof Follow)[keyof typeof Follow];

/** Event loops that go on with a request in the tick that read it, or when its upstream answers. */
const LOOPS = /^(nginx|openresty|angie|freenginx|tengine)$/;
/** Runtimes that make blocking sockets non-blocking for time-outs, and wait with poll on one. */
const THREADS = /^(python[0-9.]*|pypy[0-9.]*|ruby[0-9.]*|php[0-9.]*|php-fpm[0-9.]*|apache2|httpd)$/;
const NODE = /^(node|nodejs|node[0-9]+)$/;

/** How to follow a program. @param executable path of its file */
export function followOf(executable: string): Follow {
  const name = executable.slice(executable.lastIndexOf('/') + 1).replace(/ \(deleted\)$/, '');
  if (LOOPS.test(name)) return Follow.loop;
  if (THREADS.test(name)) return Follow.thread;
  if (NODE.test(name)) return Follow.node;
  return Follow.blocking;
}
