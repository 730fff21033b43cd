/** Whether a span is recorded. @param parent whether its parent is; undefined = it has none */
export type Sampler = (traceId: Buffer, parent: boolean | undefined) => boolean;

/** The keys of `traces::sampler`, one of them given. */
export interface SamplerKeys {
  readonly always_on?: unknown;
  readonly always_off?: unknown;
  readonly trace_id_ratio_based?: { readonly ratio?: number | undefined } | undefined;
  readonly parent_based?:
    | {
        readonly root?: SamplerKeys | undefined;
        readonly remote_parent_sampled?: SamplerKeys | undefined;
        readonly remote_parent_not_sampled?: SamplerKeys | undefined;
      }
    | undefined;
}

const always: Sampler = () => true;
const never: Sampler = () => false;

/** Default: what the parent says, and everything without one. */
export function createSampler(keys: SamplerKeys | undefined): Sampler {
  if (keys === undefined) return parentBased({});
  if (keys.always_on !== undefined) return always;
  if (keys.always_off !== undefined) return never;
  if (keys.trace_id_ratio_based !== undefined) return byRatio(keys.trace_id_ratio_based.ratio ?? 1);
  return parentBased(keys.parent_based ?? {});
}

/** OpenTelemetry's TraceIdRatioBased: the low 63 bits of the id's second half against the ratio. */
function byRatio(ratio: number): Sampler {
  if (ratio >= 1) return always;
  const bound = BigInt(Math.floor(Math.max(0, ratio) * 2 ** 63));
  return (traceId) => traceId.readBigUInt64BE(8) >> 1n < bound;
}

function parentBased(keys: NonNullable<SamplerKeys['parent_based']>): Sampler {
  const of = (own: SamplerKeys | undefined, fallback: Sampler): Sampler =>
    own === undefined ? fallback : createSampler(own);
  const root = of(keys.root, always);
  const sampled = of(keys.remote_parent_sampled, always);
  const unsampled = of(keys.remote_parent_not_sampled, never);
  return (traceId, parent) => {
    if (parent === undefined) return root(traceId, parent);
    return (parent ? sampled : unsampled)(traceId, parent);
  };
}
