/** What is kept of objects of the cluster; names are those of the API (core/v1, meta/v1). */

export type Texts = Readonly<Record<string, string>>;

/** An entry of `metadata.ownerReferences`; `controller`: it manages the object. */
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

/** What is kept of an entry of `spec.containers` or `spec.initContainers`. */
export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
}

/** What is kept of an entry of `status.containerStatuses`; '' = not said. */
export interface ContainerStatus {
  readonly name: string;
  readonly containerId: string;
  readonly imageId: string;
  readonly restartCount: number;
}

/** What is kept of a Pod; texts are '' where the API says none. */
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
