import { createHash, createHmac } from 'node:crypto';

/** What signs requests to AWS. */
export interface Credentials {
  readonly id: string;
  readonly secret: string;
  /** '' = they are lasting ones. */
  readonly token: string;
}

/** A POST request to an API of AWS. */
export interface Unsigned {
  readonly url: URL;
  readonly region: string;
  readonly service: string;
  readonly contentType: string;
  readonly body: string;
  /** When it is sent. */
  readonly unixMs: number;
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: Buffer | string, text: string) =>
  createHmac('sha256', key).update(text).digest();

/** The headers of a request with its signature, version 4. */
export function signedHeaders(request: Unsigned, credentials: Credentials): Record<string, string> {
  const { url, region, service, body, contentType } = request;
  const time = new Date(request.unixMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const headers: Record<string, string> = {
    'content-type': contentType,
    host: url.host,
    'x-amz-date': time,
    ...(credentials.token === '' ? {} : { 'x-amz-security-token': credentials.token }),
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    'POST',
    url.pathname,
    '',
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const steps = [day, region, service, 'aws4_request'];
  const key = steps.reduce<Buffer | string>(hmac, `AWS4${credentials.secret}`);
  const signature = hmac(key, text).toString('hex');
  const parts = [
    `Credential=${credentials.id}/${scope}`,
    `SignedHeaders=${names.join(';')}`,
    `Signature=${signature}`,
  ];
  return { ...headers, authorization: `AWS4-HMAC-SHA256 ${parts.join(', ')}` };
}
