import { z } from 'zod';
import { Code, PipelineError } from '../../component/errors.ts';
import type {
  AuthData,
  ClientAuth,
  HeaderChanges,
  HeaderMap,
  OutgoingRequest,
  ServerAuth,
} from '../../component/extension.ts';
import type { Host } from '../../component/settings.ts';
import { extensionId } from './extension-id.ts';
import { optionalSection, orEmptyMap } from './optional.ts';

/** The `auth` section of clients and gRPC servers. */
export interface AuthConfig {
  /** Id of an extension; without one nothing starts. */
  readonly authenticator?: string | undefined;
}

/** The `auth` section of an HTTP server. */
export interface HttpServerAuthConfig extends AuthConfig {
  /** Parameters of the query that the authenticator sees as headers. */
  readonly request_params: readonly string[];
}

const authenticator = (what: string) =>
  orEmptyMap(extensionId()).describe(`id of the extension that ${what}`);

/** The section of a client, or of a gRPC server. */
export function authSection(what = 'gives the credentials') {
  return optionalSection(z.strictObject({ authenticator: authenticator(what) })).describe(
    'authentication; absent = none',
  );
}

/** The section of an HTTP server. */
export function httpServerAuthSection() {
  const keys = {
    authenticator: authenticator('checks requests'),
    request_params: z
      .array(z.string())
      .default([])
      .describe('parameters of the query that the extension sees as headers'),
  };
  return optionalSection(z.strictObject(keys)).describe('who may send; absent = everybody');
}

/** An extension named in `middlewares`. */
export interface MiddlewareConfig {
  readonly id?: string | undefined;
}

/** The key `middlewares`: no extension here is one, so any that is named is refused at start. */
export function middlewaresKey() {
  return z
    .array(z.strictObject({ id: orEmptyMap(extensionId()) }))
    .default([])
    .describe('ids of extensions that handle requests; no extension of this program does');
}

/** @throws Error for the first middleware: there are none */
export function refuseMiddlewares(host: Host, middlewares: readonly MiddlewareConfig[]): void {
  const [first] = middlewares;
  if (first === undefined) return;
  const { id = '' } = first;
  const why = host.extension(id) === undefined ? 'not found' : 'the extension is none';
  throw new Error(`cannot resolve middleware ${JSON.stringify(id)}: middleware ${why}`);
}

function found(host: Host, id: string) {
  const extension = host.extension(id);
  if (extension !== undefined) return extension.capabilities;
  const known = 'name it in service::extensions';
  throw new Error(
    `cannot resolve authenticator ${JSON.stringify(id)}: authenticator not found; ${known}`,
  );
}

/**
 * What checks the requests of a server; call it when extensions are started.
 * @throws Error when there is no such extension or it does not check requests
 */
export function serverAuth(host: Host, config: AuthConfig | undefined): ServerAuth | undefined {
  if (config === undefined) return undefined;
  const { serverAuth: auth } = found(host, config.authenticator ?? '');
  if (auth !== undefined) return auth;
  throw new Error(
    `cannot use ${JSON.stringify(config.authenticator)}: it is no server authenticator`,
  );
}

/**
 * What gives a client its credentials; call it when extensions are started.
 * @param tls undefined for HTTP; for gRPC whether the connection has TLS
 * @throws Error when there is no such extension, it gives none, or they need TLS
 */
export function clientAuth(
  host: Host,
  config: AuthConfig | undefined,
  tls?: boolean,
): ClientAuth | undefined {
  if (config === undefined) return undefined;
  const { authenticator: id = '' } = config;
  const { clientAuth: auth } = found(host, id);
  if (auth === undefined) {
    throw new Error(`cannot use ${JSON.stringify(id)}: it is no client authenticator`);
  }
  if (auth.needsTls && tls === false) {
    throw new Error(
      `cannot use ${JSON.stringify(id)}: the credentials require transport level security`,
    );
  }
  return auth;
}

/**
 * Asks for the credentials of one request.
 * @throws PipelineError (or rejects), retryable, when there are none now
 */
export function askCredentials(
  auth: ClientAuth,
  request: OutgoingRequest,
): HeaderChanges | Promise<HeaderChanges> {
  try {
    const changes = auth.headers(request);
    if (!(changes instanceof Promise)) return changes;
    return changes.catch((error: unknown) => {
      throw noCredentials(error);
    });
  } catch (error) {
    throw noCredentials(error);
  }
}

function noCredentials(error: unknown): PipelineError {
  const text = error instanceof Error ? error.message : String(error);
  return new PipelineError(`cannot get credentials: ${text}`, {
    retryable: true,
    status: Code.UNAVAILABLE,
    cause: error,
  });
}

/** Asks an authenticator; one of the two is called once, at once where it answers at once. */
export function authenticate(
  auth: ServerAuth,
  headers: HeaderMap,
  remote: string,
  accepted: (data: AuthData | undefined) => void,
  refused: (message: string) => void,
): void {
  const fail = (error: unknown) => refused(error instanceof Error ? error.message : String(error));
  let answer: ReturnType<ServerAuth['authenticate']>;
  try {
    answer = auth.authenticate(headers, remote);
  } catch (error) {
    fail(error);
    return;
  }
  if (answer instanceof Promise) answer.then(accepted, fail);
  else accepted(answer);
}
