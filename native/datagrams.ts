import { loadAddon } from './load.ts';

/** A socket that is read by a thread. */
type Socket = object & { readonly datagrams: unique symbol };

interface Addon {
  open(path: string, receiveBytes: number, take: (block?: Buffer) => void): Socket;
  close(socket: Socket): void;
}

/** A bound Unix datagram socket. */
export interface DatagramSocket {
  /** Reads no more; settles when what came before has been given. */
  close(): Promise<void>;
}

/**
 * Binds a Unix datagram socket to a new file and reads it. Node has none of these: Linux only, by
 * the addon of datagram.c.
 * @param receiveBytes the socket's buffer; 0 = the system's
 * @param take gets blocks of datagrams, a newline after each
 * @throws Error when the addon is not there, or the file cannot be bound
 */
export function bindDatagrams(
  path: string,
  receiveBytes: number,
  take: (block: Buffer) => void,
): DatagramSocket {
  const loaded = loadAddon<Addon>('datagram');
  if (loaded.addon === undefined) throw new Error(`Unix datagrams need an addon: ${loaded.why}`);
  const { addon } = loaded;
  let ended: () => void = () => {};
  const end = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const socket = addon.open(path, receiveBytes, (block) => {
    if (block === undefined) ended();
    else take(block);
  });
  return {
    close() {
      addon.close(socket);
      return end;
    },
  };
}
