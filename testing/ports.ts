import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, statSync, unlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Below what systems give to outgoing connections, above most services. */
const range = { from: 20_000, to: 31_999 } as const;
/**
 * Nobody else is given a port for so long: a test may end and start again what listens there, and
 * senders of an ended test may still try to reach it.
 */
const reservedMs = 900_000;

const folder = join(tmpdir(), 'wirestitch-test-ports');

/** `count` different TCP ports on loopback that are free, and that no other test is given. */
export async function freePorts(count: number): Promise<number[]> {
  mkdirSync(folder, { recursive: true });
  const size = range.to - range.from + 1;
  let port = range.from + Math.floor(Math.random() * size);
  const ports: number[] = [];
  for (let tries = 0; tries < size && ports.length < count; tries++) {
    if (reserve(port) && (await isFree(port))) ports.push(port);
    port = port === range.to ? range.from : port + 1;
  }
  if (ports.length < count) throw new Error(`cannot find ${count} free ports, see ${folder}`);
  return ports;
}

/** A TCP port on loopback that is free, and that no other test is given. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

/** A file for each port holds for all processes. */
function reserve(port: number): boolean {
  const file = join(folder, String(port));
  try {
    closeSync(openSync(file, 'wx'));
    return true;
  } catch {
    return isStale(file) && reserve(port);
  }
}

/** Removes a file whose time is over. */
function isStale(file: string): boolean {
  try {
    if (Date.now() - statSync(file).mtimeMs < reservedMs) return false;
    unlinkSync(file);
    return true;
  } catch {
    return false; // somebody else was faster, or it is somebody else's
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = once(server, 'listening').then(
    () => true,
    () => false,
  );
  server.listen(port, '127.0.0.1');
  if (!(await listening)) return false;
  const closed = once(server, 'close');
  server.close();
  await closed;
  return true;
}
