/** The numbers of an array, with zeros behind them up to `length`. */
export function grown<A extends Uint8Array | Int16Array | Int32Array | Float64Array>(
  from: A,
  length: number,
): A {
  const Kind = from.constructor as new (length: number) => A;
  const to = new Kind(length);
  to.set(from);
  return to;
}
