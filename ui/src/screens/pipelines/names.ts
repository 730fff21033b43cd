/** `exporter/otlp_grpc@traces` as `otlp_grpc`. @param name of a node */
export function shortName(name: string): string {
  return name.slice(name.indexOf('/') + 1).replace(/@[^@]*$/, '');
}
