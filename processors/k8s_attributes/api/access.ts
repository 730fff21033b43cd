import { readFile } from 'node:fs/promises';
import { accountFolder, serviceUrl } from '../../../pipeline/kubernetes/service-account.ts';
import type { Access } from './connection.ts';
import { kubeConfigAccess } from './kubeconfig.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** By the files that each pod has; tokens are replaced there from time to time. */
async function serviceAccount(url: string): Promise<Access> {
  const token = () => readFile(`${accountFolder}/token`, 'utf8');
  await token();
  const ca = await readFile(`${accountFolder}/ca.crt`, 'utf8').catch(() => undefined);
  return {
    url,
    tls: ca === undefined ? {} : { ca },
    authorization: async () => `Bearer ${(await token()).trim()}`,
  };
}

/**
 * How the API is reached.
 * @param type of `authTypes`
 * @param context of the kubeconfig, '' = the current one
 * @throws Error when the environment does not have what the type needs
 */
export async function openAccess(
  type: string,
  context: string,
  env: Environment = process.env,
): Promise<Access> {
  if (type === 'kubeConfig') return kubeConfigAccess(context, env);
  const url = serviceUrl(env);
  if (url === undefined) {
    throw new Error(
      'unable to load k8s config, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be ' +
        'defined: this program does not run in a cluster (auth_type kubeConfig needs none)',
    );
  }
  if (type === 'serviceAccount') return serviceAccount(url);
  if (type === 'none') {
    return { url, tls: { rejectUnauthorized: false }, authorization: async () => undefined };
  }
  throw new Error(`cannot use auth_type "${type}": it needs certificates that no key names`);
}
