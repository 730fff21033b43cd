import { chmodSync, rmSync, statSync } from 'node:fs';
import type { Settings } from '../../component/settings.ts';
import { bindDatagrams } from '../../native/datagrams.ts';
import type { Aggregator } from './aggregator.ts';
import type { StatsdConfig } from './config.ts';
import type { StatsdServer } from './server.ts';

/**
 * Takes lines in datagrams of a socket file. A socket that is there already, left by a program that
 * was killed, makes way.
 * @throws Error when the file cannot be made, or the addon is not there
 */
export async function listenUnixgram(
  _settings: Settings,
  config: StatsdConfig,
  aggregator: Aggregator,
): Promise<StatsdServer> {
  const path = config.endpoint;
  if (statSync(path, { throwIfNoEntry: false })?.isSocket()) rmSync(path);
  const socket = bindDatagrams(path, Math.max(0, config.socket_buffer_size), (block) =>
    aggregator.take(block, 0, block.length, path, '', false),
  );
  let file: number | undefined;
  try {
    chmodSync(path, config.socket_permissions & 0o7777);
    file = statSync(path).ino;
  } catch (error) {
    await socket.close();
    throw error;
  }
  return {
    address: path,
    async close() {
      // A successor may have made the file anew.
      if (statSync(path, { throwIfNoEntry: false })?.ino === file) rmSync(path, { force: true });
      await socket.close();
    },
  };
}
