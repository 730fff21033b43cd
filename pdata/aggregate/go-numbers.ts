const least = -(2n ** 63n);

/** A double as a 64-bit integer as Go converts it on amd64: toward zero, what does not fit is least. */
export function int64Of(value: number): bigint {
  if (!(Math.abs(value) < 2 ** 63)) return least;
  return BigInt(Math.trunc(value));
}

/** A sum as Go's int64 holds it: what overflows wraps round. */
export function wrapInt(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

/** A sum as Go's uint64 holds it: what overflows, or is below 0, wraps round. */
export function wrapCount(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}
