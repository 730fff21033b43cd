import { readdirSync, readlinkSync } from 'node:fs';
import { type StatusLine, statusText } from '../../agent/status.ts';
import { ebpfStatus } from '../../receivers/ebpf/status.ts';
import { packetStatus } from '../../receivers/packet/status.ts';

/**
 * Prints what can be captured on this machine by this user, what cannot and why.
 * @returns exit code: 1 when neither system calls nor packets can be captured live
 */
export async function printStatus(out: { write(text: string): unknown }): Promise<number> {
  const packets = packetStatus();
  const calls = await ebpfStatus();
  out.write(statusText([...calls, ...packets, namesStatus()]));
  const live = new Set(['system calls', 'live packets']);
  return [...calls, ...packets].some(({ name, on }) => on && live.has(name)) ? 0 : 1;
}

/** How many processes can be looked at, which gives their names and their sockets'. */
function namesStatus(): StatusLine {
  let readable = 0;
  let refused = 0;
  for (const pid of processIds()) {
    try {
      readlinkSync(`/proc/${pid}/exe`);
      readable++;
    } catch (error) {
      // Threads of the kernel have none, and processes end.
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EPERM') refused++;
    }
  }
  const root = process.getuid?.() === 0;
  const some = `${readable} of ${readable + refused} processes can be looked at`;
  const detail = root || refused === 0 ? some : `${some}; others need root (CAP_SYS_PTRACE)`;
  return { name: 'process names', on: readable > 0 && (root || refused === 0), detail };
}

function processIds(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
  } catch {
    return [];
  }
}
