import type { AuthData } from '../../component/extension.ts';
import type { ProviderConfig } from './config.ts';

type Claims = Readonly<Record<string, unknown>>;

/** Clocks differ: `nbf` may be so far ahead. */
const notBeforeMs = 300_000;

function hasAudience({ aud }: Claims, wanted: string): boolean {
  return Array.isArray(aud) ? aud.includes(wanted) : aud === wanted;
}

function sameIssuer(given: unknown, wanted: string): boolean {
  const google = 'accounts.google.com'; // its tokens leave the scheme out
  return given === wanted || (wanted === `https://${google}` && given === google);
}

/** @throws Error that says which claim does not hold */
export function checkClaims(claims: Claims, provider: ProviderConfig, nowMs: number): void {
  const { issuer_url: issuer, audience } = provider;
  if (!provider.ignore_issuer && !sameIssuer(claims.iss, issuer)) {
    const got = JSON.stringify(claims.iss ?? '');
    throw new Error(`id token issued by a different provider, expected ${issuer} got ${got}`);
  }
  if (!provider.ignore_audience && !hasAudience(claims, audience)) {
    throw new Error(`expected audience ${JSON.stringify(audience)} is not in the token`);
  }
  const expires = typeof claims.exp === 'number' ? claims.exp * 1000 : 0;
  if (expires <= nowMs) throw new Error('token is expired');
  if (typeof claims.nbf === 'number' && claims.nbf * 1000 > nowMs + notBeforeMs) {
    throw new Error('current time before the nbf (not before) time');
  }
}

function subjectOf(claims: Claims, { username_claim: claim }: ProviderConfig): string {
  if (claim === '') return typeof claims.sub === 'string' ? claims.sub : '';
  const name = claims[claim];
  const what = 'failed to get subject from claims in the token: ';
  if (name === undefined) throw new Error(`${what}username claim ${claim} not found`);
  if (typeof name !== 'string') throw new Error(`${what}the username isn't a regular string`);
  return name;
}

function groupsOf(claims: Claims, { groups_claim: claim }: ProviderConfig): string[] {
  if (claim === '') return [];
  const groups = claims[claim];
  if (groups === undefined) {
    throw new Error(`failed to get groups from claims in the token: ${claim} not found`);
  }
  if (typeof groups === 'string') return [groups];
  if (!Array.isArray(groups)) return [];
  return groups.map((group) => (typeof group === 'string' ? group : JSON.stringify(group)));
}

/** What the pipelines are told of a client. @throws Error when the token does not say it */
export function authData(claims: Claims, raw: string, provider: ProviderConfig): AuthData {
  const subject = subjectOf(claims, provider);
  const membership = groupsOf(claims, provider);
  return { ...claims, subject, membership, raw };
}
