import { z } from 'zod';

const texts = z.record(z.string(), z.string()).nullish();
const text = z.string().nullish();

const meta = z.object({
  name: z.string().default(''),
  namespace: z.string().default(''),
  uid: z.string().default(''),
  labels: texts,
  annotations: texts,
  ownerReferences: z
    .array(z.object({ kind: z.string(), name: z.string(), controller: z.boolean().nullish() }))
    .nullish(),
});

/** ObjectMeta of meta/v1, as far as labels are made of it. */
export type Meta = z.output<typeof meta>;

const port = z.object({
  name: text,
  port: z.number().nullish(),
  protocol: text,
  appProtocol: text,
});
const status = z.object({ name: z.string(), containerID: text });
const container = z.object({
  name: z.string(),
  image: text,
  ports: z.array(z.object({ name: text, containerPort: z.number(), protocol: text })).nullish(),
});
const reference = z.object({ kind: text, name: text, namespace: text }).nullish();

export const node = z.object({
  metadata: meta,
  spec: z.object({ providerID: text }).nullish(),
  status: z.object({
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish(),
    addresses: z.array(z.object({ type: z.string(), address: z.string() })).nullish(),
    daemonEndpoints: z.object({ kubeletEndpoint: z.object({ Port: z.number() }) }).nullish(),
  }),
});

export const pod = z.object({
  metadata: meta,
  spec: z.object({
    nodeName: text,
    containers: z.array(container).default([]),
    initContainers: z.array(container).nullish(),
  }),
  status: z.object({
    podIP: text,
    hostIP: text,
    phase: text,
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish(),
    containerStatuses: z.array(status).nullish(),
    initContainerStatuses: z.array(status).nullish(),
  }),
});

export const service = z.object({
  metadata: meta,
  spec: z.object({
    type: text,
    clusterIP: text,
    externalName: text,
    loadBalancerIP: text,
    ports: z.array(port).nullish(),
  }),
});

const address = z.object({ ip: z.string(), hostname: text, nodeName: text, targetRef: reference });

export const endpoints = z.object({
  metadata: meta,
  subsets: z
    .array(
      z.object({
        addresses: z.array(address).nullish(),
        notReadyAddresses: z.array(address).nullish(),
        ports: z.array(port).nullish(),
      }),
    )
    .nullish(),
});

export const endpointSlice = z.object({
  metadata: meta,
  addressType: text,
  endpoints: z
    .array(
      z.object({
        addresses: z.array(z.string()).default([]),
        conditions: z
          .object({
            ready: z.boolean().nullish(),
            serving: z.boolean().nullish(),
            terminating: z.boolean().nullish(),
          })
          .nullish(),
        hostname: text,
        nodeName: text,
        zone: text,
        targetRef: reference,
      }),
    )
    .nullish(),
  ports: z.array(port).nullish(),
});

/** Node of core/v1, as far as labels are made of it. */
export type Node = z.output<typeof node>;
/** Pod of core/v1, as far as labels are made of it. */
export type Pod = z.output<typeof pod>;
/** Service of core/v1, as far as labels are made of it. */
export type Service = z.output<typeof service>;
/** Endpoints of core/v1, as far as labels are made of it. */
export type Endpoints = z.output<typeof endpoints>;
/** EndpointSlice of discovery.k8s.io/v1, as far as labels are made of it. */
export type EndpointSlice = z.output<typeof endpointSlice>;
