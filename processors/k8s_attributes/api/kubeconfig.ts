import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import type { Access, ClusterTls } from './connection.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const text = z.string().nullish();

const clusterSchema = z.object({
  server: z.string(),
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': z.boolean().nullish(),
  'tls-server-name': text,
});
const userSchema = z.object({
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  exec: z.unknown().optional(),
  'auth-provider': z.unknown().optional(),
});
const contextSchema = z.object({ cluster: z.string(), user: text });

const named = z.array(z.object({ name: z.string() }).loose()).nullish();
const fileSchema = z.object({
  clusters: named,
  users: named,
  contexts: named,
  'current-context': text,
});

/** A part of a kubeconfig and the folder that its paths begin at. */
interface Part {
  readonly value: unknown;
  readonly folder: string;
}

/** All files as one: of parts with one name the first counts. */
interface Merged {
  readonly clusters: ReadonlyMap<string, Part>;
  readonly users: ReadonlyMap<string, Part>;
  readonly contexts: ReadonlyMap<string, Part>;
  readonly current: string;
}

async function readFiles(env: Environment): Promise<Merged> {
  const listed = (env.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '');
  const paths = listed.length > 0 ? listed : [join(env.HOME ?? homedir(), '.kube/config')];
  const { parse } = await import('yaml');
  const clusters = new Map<string, Part>();
  const users = new Map<string, Part>();
  const contexts = new Map<string, Part>();
  let current = '';
  let found = 0;
  for (const path of paths) {
    const source = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw new Error(`cannot read kubeconfig ${path}: ${error.message}`);
    });
    if (source === undefined) continue;
    found += 1;
    const file = fileSchema.safeParse(parse(source) ?? {});
    if (!file.success) throw new Error(`cannot use kubeconfig ${path}: ${file.error.message}`);
    const folder = dirname(path);
    const keep = (into: Map<string, Part>, parts: z.output<typeof named>, key: string) => {
      for (const one of parts ?? []) {
        if (!into.has(one.name)) into.set(one.name, { value: one[key], folder });
      }
    };
    keep(clusters, file.data.clusters, 'cluster');
    keep(users, file.data.users, 'user');
    keep(contexts, file.data.contexts, 'context');
    current ||= file.data['current-context'] ?? '';
  }
  if (found === 0) throw new Error(`cannot find a kubeconfig: there is no ${paths.join(', no ')}`);
  return { clusters, users, contexts, current };
}

function pick<T>(
  parts: ReadonlyMap<string, Part>,
  kind: string,
  name: string,
  schema: z.ZodType<T>,
): { readonly value: T; readonly folder: string } {
  const part = parts.get(name);
  if (part === undefined) throw new Error(`kubeconfig: ${kind} "${name}" does not exist`);
  const parsed = schema.safeParse(part.value);
  if (!parsed.success) {
    throw new Error(`kubeconfig: cannot use ${kind} "${name}": ${parsed.error.message}`);
  }
  return { value: parsed.data, folder: part.folder };
}

/** What is inline in base64, or else in a file. */
async function contents(
  data: string | null | undefined,
  path: string | null | undefined,
  folder: string,
): Promise<string | undefined> {
  if (data) return Buffer.from(data, 'base64').toString('utf8');
  if (!path) return undefined;
  return readFile(isAbsolute(path) ? path : join(folder, path), 'utf8');
}

function authorizationOf(
  user: z.output<typeof userSchema>,
  folder: string,
): Access['authorization'] {
  const { token, tokenFile, username, password } = user;
  if (tokenFile) {
    const path = isAbsolute(tokenFile) ? tokenFile : join(folder, tokenFile);
    return async () => `Bearer ${(await readFile(path, 'utf8')).trim()}`;
  }
  if (token) return async () => `Bearer ${token}`;
  if (!username) return async () => undefined;
  const basic = Buffer.from(`${username}:${password ?? ''}`).toString('base64');
  return async () => `Basic ${basic}`;
}

/**
 * The cluster and user of a context of the kubeconfig (`KUBECONFIG`, else ~/.kube/config).
 * @param context '' = the current one
 * @throws Error when it cannot be read, lacks what is named, or asks for another program's help
 */
export async function kubeConfigAccess(context: string, env: Environment): Promise<Access> {
  const merged = await readFiles(env);
  const name = context === '' ? merged.current : context;
  const chosen = pick(merged.contexts, 'context', name, contextSchema).value;
  const { value: cluster, folder } = pick(
    merged.clusters,
    'cluster',
    chosen.cluster,
    clusterSchema,
  );
  const user = chosen.user
    ? pick(merged.users, 'user', chosen.user, userSchema)
    : { value: {} as z.output<typeof userSchema>, folder };
  for (const key of ['exec', 'auth-provider'] as const) {
    if (user.value[key] != null) {
      throw new Error(`kubeconfig: cannot use user "${chosen.user}": ${key} is not supported`);
    }
  }
  const authority = 'certificate-authority';
  const ca = await contents(cluster[`${authority}-data`], cluster[authority], folder);
  const file = (what: 'client-certificate' | 'client-key') =>
    contents(user.value[`${what}-data`], user.value[what], user.folder);
  const cert = await file('client-certificate');
  const key = await file('client-key');
  const tls: ClusterTls = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(cluster['tls-server-name'] ? { servername: cluster['tls-server-name'] } : {}),
    ...(cluster['insecure-skip-tls-verify'] ? { rejectUnauthorized: false } : {}),
  };
  return { url: cluster.server, tls, authorization: authorizationOf(user.value, user.folder) };
}
