/** Ways to reach the API that `auth_type` may name. */
export const authTypes: ReadonlySet<string> = new Set([
  'none',
  'serviceAccount',
  'kubeConfig',
  'tls',
]);
