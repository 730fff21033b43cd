/** What is kept of objects of the cluster; names are those of the API (core/v1, meta/v1). */

export type Texts = Readonly<Record<string, string>>;

export interface OwnerReference {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: boolean;
}

/** Metadata of any object. */
export interface MetaObject {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly labels: Texts;
  readonly annotations: Texts;
  readonly owners: readonly OwnerReference[];
}

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
}

export interface ContainerStatus {
  readonly name: string;
  readonly containerId: string;
  readonly imageId: string;
  readonly restartCount: number;
}

export interface PodObject extends MetaObject {
  /** Milliseconds since 1970, undefined when not said. */
  readonly createdMs: number | undefined;
  readonly startedMs: number | undefined;
  readonly ip: string;
  readonly nodeName: string;
  readonly hostname: string;
  readonly hostNetwork: boolean;
  /** Of containers, then of init containers. */
  readonly containers: readonly ContainerSpec[];
  readonly statuses: readonly ContainerStatus[];
}
