/**
 * The target of a request as a path with its query: clients of proxies send it as a whole URL,
 * which every server has to take (RFC 9112, 3.2.2). Other forms are left as they are.
 */
export function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const authority = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(target);
  if (authority === null) return target;
  const rest = target.slice(authority[0].length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}
