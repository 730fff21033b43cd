const control = /[^\x20-\x7e\x80-\uffff]/;
const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/;
const badEscape = /%(?![0-9a-fA-F]{2})/;
const hostByte = /^[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"\u0080-\uffff]*$/;

/**
 * What keeps a text from being a URL by Go's net/url, which takes more than WHATWG's URL does:
 * `localhost:4318` is one (of scheme `localhost`).
 * @returns undefined when it is one
 */
export function urlFault(text: string): string | undefined {
  if (control.test(text)) return 'invalid control character in URL';
  if (text.startsWith(':')) return 'missing protocol scheme';
  const hash = text.indexOf('#');
  const whole = hash < 0 ? text : text.slice(0, hash);
  if (hash >= 0 && badEscape.test(text.slice(hash))) return 'invalid URL escape';
  const given = scheme.exec(whole);
  const rest = (given === null ? whole : whole.slice(given[0].length)).split('?')[0]!;
  if (!rest.startsWith('/')) {
    if (given !== null) return undefined;
    if (rest.split('/')[0]!.includes(':')) return 'first path segment in URL cannot contain colon';
    return badEscape.test(rest) ? 'invalid URL escape' : undefined;
  }
  if (!rest.startsWith('//')) return badEscape.test(rest) ? 'invalid URL escape' : undefined;
  const slash = rest.indexOf('/', 2);
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
  if (slash >= 0 && badEscape.test(rest.slice(slash))) return 'invalid URL escape';
  return hostFault(authority.slice(authority.lastIndexOf('@') + 1));
}

function hostFault(host: string): string | undefined {
  const end = host.startsWith('[') ? host.indexOf(']') : -1;
  if (host.startsWith('[') && end < 0) return "missing ']' in host";
  const at = end < 0 ? host.lastIndexOf(':') : end + 1;
  const port = at < 0 ? '' : host.slice(at);
  if (!/^(:\d*)?$/.test(port)) return `invalid port ${JSON.stringify(port)} after host`;
  return hostByte.test(host) ? undefined : 'invalid character in host name';
}

/** @returns whether requests can be sent there: an http or https URL with a host */
export function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
