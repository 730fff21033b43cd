import type { Clock, Logger, Timer } from '../../../component/settings.ts';
import { type Access, Connection } from '../api/connection.ts';
import { Throttle } from '../api/throttle.ts';
import { type Collection, type Handlers, Watch } from '../api/watch.ts';
import type { Config, Origin } from '../config.ts';
import { attributesOf } from '../objects/fields.ts';
import type { MetaObject, OwnerReference, PodObject } from '../objects/model.ts';
import type { Controller, Owners } from '../objects/owners.ts';
import { type Pod, podOf } from '../objects/pod.ts';
import { readMeta, readPod } from '../objects/read.ts';
import {
  neededNamespaces,
  needsJobs,
  needsNodes,
  needsReplicaSets,
  type Rules,
  takesFieldsOf,
} from '../rules.ts';
import type { Telemetry } from '../telemetry.ts';
import * as collections from './collections.ts';
import { associationsOf } from './identifier.ts';
import { PodTable } from './pod-table.ts';

/** What is known of an object that is no pod. */
export interface Known {
  readonly uid: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Who made it: the deployment of a ReplicaSet, the CronJob of a Job; '' = nobody. */
  readonly controller: Controller;
}

/** Kinds whose objects are known by uid, and those known by name. */
export type Kind =
  | 'namespace'
  | 'node'
  | 'replicaset'
  | 'deployment'
  | 'statefulset'
  | 'daemonset'
  | 'job';

const sweepMs = 30_000;
/** How long pods wait for what they belong to. */
const ownersMs = 5000;
const nobody: Controller = { name: '', uid: '' };

function controllerOf(owners: readonly OwnerReference[], kind: string): Controller {
  return owners.find((owner) => owner.controller && owner.kind === kind) ?? nobody;
}

/** What the cluster needs of its surroundings. */
export interface ClusterTools {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
}

/** What is done with objects of a kind. */
interface Changes<T> extends Pick<Handlers<T>, 'reduce'> {
  set(object: T): void;
  remove(object: T): void;
}

/** A view of the cluster that follows it. */
export class Cluster implements Owners {
  /** Grows whenever what is known changes: what was made of it is then out of date. */
  version = 0;
  readonly #rules: Rules;
  readonly #config: Config;
  readonly #tools: ClusterTools;
  readonly #pods: PodTable;
  readonly #throttle: Throttle;
  readonly #tables = new Map<Kind, Map<string, Known>>();
  readonly #watches: { stop(): void }[] = [];
  #connection: Connection | undefined;
  #timer: Timer | undefined;
  #endGauge: (() => void) | undefined;
  #stopped = false;
  #isFull = false;

  constructor(rules: Rules, config: Config, tools: ClusterTools) {
    this.#rules = rules;
    this.#config = config;
    this.#tools = tools;
    this.#throttle = new Throttle(tools.clock, config.kube_api_qps, config.kube_api_burst);
    this.#pods = new PodTable(
      associationsOf(config.pod_association),
      config.pod_delete_grace_period,
      () => tools.clock.monotonicMs(),
    );
  }

  /** The pod with an identifier, also one that must not be used. */
  pod(identifier: string): Pod | undefined {
    return this.#pods.find(identifier);
  }

  /** @param key uid; name of a namespace or node */
  get(kind: Kind, key: string): Known | undefined {
    return this.#tables.get(kind)?.get(key);
  }

  isKnown(kind: 'StatefulSet' | 'DaemonSet' | 'Job', uid: string): boolean {
    return this.get(kind.toLowerCase() as Kind, uid) !== undefined;
  }

  deploymentOf(replicaSetUid: string): Controller | undefined {
    return this.get('replicaset', replicaSetUid)?.controller;
  }

  cronJobOf(jobUid: string): Controller | undefined {
    return this.get('job', jobUid)?.controller;
  }

  clusterUid(): string | undefined {
    return this.get('namespace', 'kube-system')?.uid;
  }

  /**
   * Begins to follow the cluster.
   * @throws Error when the pods are waited for and do not come in time
   */
  async start(access: Access): Promise<void> {
    const config = this.#config;
    this.#connection = new Connection(access);
    this.#endGauge = this.#tools.telemetry.watchSize(() => this.#pods.size);
    const podCollection = collections.pods(config.filter);
    const owners = this.#followOwners();
    const pods = this.#watch(podCollection, this.#podHandlers());
    this.#sweepLater();
    const known = Promise.all(owners.map((watch) => watch.synced));
    const started = this.#inTime(known, ownersMs).then(() => {
      if (!this.#stopped) pods.start();
    });
    if (!config.wait_for_metadata) return;
    const synced = started.then(() => pods.synced);
    if (!(await this.#inTime(synced, config.wait_for_metadata_timeout))) {
      throw new Error('failed to wait for caches to sync');
    }
  }

  /** Waits for `done`, but no longer than `ms` from now. @returns whether it came in time */
  async #inTime(done: Promise<unknown>, ms: number): Promise<boolean> {
    const late = Promise.withResolvers<boolean>();
    const timer = this.#tools.clock.after(ms, () => late.resolve(false));
    const inTime = await Promise.race([done.then(() => true), late.promise]);
    timer.cancel();
    return inTime;
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#endGauge?.();
    for (const watch of this.#watches) watch.stop();
    this.#connection?.close();
  }

  #watch<T>(collection: Collection, handlers: Handlers<T>): Watch<T> {
    const { watch_sync_period: resyncMs } = this.#config;
    const { clock, logger } = this.#tools;
    const watch = new Watch(collection, handlers, {
      connection: this.#connection!,
      throttle: this.#throttle,
      clock,
      logger,
      resyncMs,
    });
    this.#watches.push(watch);
    return watch;
  }

  #followOwners(): Watch<MetaObject>[] {
    const { filter } = this.#config;
    const rules = this.#rules;
    const found: Watch<MetaObject>[] = [];
    const follow = (kind: Kind, collection: Collection) => {
      const watch = this.#watch(collection, this.#handlers(kind));
      watch.start();
      found.push(watch);
    };
    if (needsReplicaSets(rules)) follow('replicaset', collections.workloads('replicasets', filter));
    const which = neededNamespaces(rules);
    if (which !== 'none') follow('namespace', collections.namespaces(which));
    if (needsNodes(rules)) follow('node', collections.nodes(filter));
    for (const kind of ['deployment', 'statefulset', 'daemonset'] as const) {
      if (takesFieldsOf(rules, kind)) follow(kind, collections.workloads(`${kind}s`, filter));
    }
    if (needsJobs(rules)) follow('job', collections.workloads('jobs', filter));
    return found;
  }

  #handlers(kind: Kind): Handlers<MetaObject> {
    const table = new Map<string, Known>();
    this.#tables.set(kind, table);
    const isNamed = kind === 'namespace' || kind === 'node';
    const keyOf = ({ name, uid }: MetaObject) => (isNamed ? name : uid);
    const madeBy = kind === 'job' ? 'CronJob' : 'Deployment';
    const set = (object: MetaObject): void => {
      this.version += 1;
      const key = keyOf(object);
      if (key === '') return;
      table.set(key, {
        uid: object.uid,
        attributes: attributesOf(this.#rules, kind as Origin, object),
        controller: controllerOf(object.owners, madeBy),
      });
    };
    const remove = (object: MetaObject): void => {
      this.version += 1;
      table.delete(keyOf(object));
    };
    return this.#counted(kind, { reduce: readMeta, set, remove });
  }

  #podHandlers(): Handlers<PodObject> {
    const set = (object: PodObject): void => {
      this.version += 1;
      this.#pods.set(podOf(this.#rules, object, this));
      if (this.#pods.refused > 0 && !this.#isFull) {
        this.#isFull = true;
        const known = this.#pods.size;
        this.#tools.logger.warn('the table of pods is full: some stay unknown', { known });
      }
    };
    return this.#counted('pod', {
      reduce: (object) => readPod(object, this.#rules),
      set,
      remove: (object) => this.#pods.delete(podOf(this.#rules, object, this)),
    });
  }

  /** Handlers that count what they hear. */
  #counted<T extends MetaObject>(
    kind: Kind | 'pod',
    { reduce, set, remove }: Changes<T>,
  ): Handlers<T> {
    const { telemetry } = this.#tools;
    return {
      reduce,
      keyOf: ({ namespace, name }) => `${namespace}/${name}`,
      added: (object) => {
        telemetry.event(kind, 'added');
        set(object);
      },
      updated: (object) => {
        telemetry.event(kind, 'updated');
        set(object);
      },
      deleted: (object) => {
        telemetry.event(kind, 'deleted');
        remove(object);
      },
    };
  }

  #sweepLater(): void {
    this.#timer = this.#tools.clock.after(sweepMs, () => {
      if (this.#pods.sweep()) this.version += 1;
      this.#sweepLater();
    });
  }
}
