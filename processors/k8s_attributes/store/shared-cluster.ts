import type { Access } from '../api/connection.ts';
import type { Cluster } from './cluster.ts';

/** A view of the cluster that processors share: the first starts it, the last stops it. */
export class SharedCluster {
  #cluster: Cluster | undefined;
  #started: Promise<void> | undefined;
  #users = 0;

  /** @throws Error when it cannot be started */
  async open(make: () => Cluster, access: () => Promise<Access>): Promise<Cluster> {
    this.#users += 1;
    const cluster = (this.#cluster ??= make());
    this.#started ??= access().then((found) => cluster.start(found));
    await this.#started;
    return cluster;
  }

  close(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#cluster?.stop();
    this.#cluster = undefined;
    this.#started = undefined;
  }
}
