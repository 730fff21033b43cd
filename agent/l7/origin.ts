/** What carried a chain of work to a call beyond the thread itself; '' = nothing had to. */
export type AsyncRule = '' | 'tick' | 'connect' | 'node_async_id';

/** The system call that moved the first byte of a message. */
export interface Origin {
  /** Chain of work that the call belongs to, as two 32-bit halves; both 0 = not known. */
  chainHigh: number;
  chainLow: number;
  thread: number;
  /** Number of the call among those of its socket, from 1. */
  number: number;
  rule: AsyncRule;
  /** The chain came back with the answer to an earlier call. */
  derived: boolean;
  /** First data on its connection. */
  first: boolean;
}
