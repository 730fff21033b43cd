import { readdir, readFile, stat } from 'node:fs/promises';

const LISTEN = '0A';

/**
 * Ports that processes listen on, by network namespace: who accepted the connections that are there
 * already. Namespaces that no process lives in are not seen.
 */
export async function listeners(): Promise<{ networkNamespace: number; port: number }[]> {
  const found: { networkNamespace: number; port: number }[] = [];
  const seen = new Set<number>();
  for (const pid of await readdir('/proc')) {
    if (!/^[0-9]+$/.test(pid)) continue;
    const namespace = await stat(`/proc/${pid}/ns/net`).catch(() => undefined);
    if (namespace === undefined || seen.has(namespace.ino)) continue;
    seen.add(namespace.ino);
    for (const file of ['tcp', 'tcp6']) {
      const text = await readFile(`/proc/${pid}/net/${file}`, 'utf8').catch(() => '');
      for (const port of listeningPorts(text)) {
        found.push({ networkNamespace: namespace.ino, port });
      }
    }
  }
  return found;
}

/** Ports in state LISTEN of a /proc/net/tcp file. */
export function listeningPorts(text: string): number[] {
  const ports = new Set<number>();
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/\s+/);
    const local = fields[1];
    if (fields[3] !== LISTEN || local === undefined) continue;
    const port = Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16);
    if (port > 0 && port < 65_536) ports.add(port);
  }
  return [...ports];
}
