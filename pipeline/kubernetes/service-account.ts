/** Files that each pod has: its token, its namespace and the authority of the API. */
export const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The API of the cluster that this program runs in; undefined = it runs in none. */
export function serviceUrl({
  KUBERNETES_SERVICE_HOST: host,
  KUBERNETES_SERVICE_PORT: port,
}: Readonly<Record<string, string | undefined>>): string | undefined {
  if (!host || !port) return undefined;
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
