/*
 * W3C trace state: `key=value` members with commas between them, at most 32.
 * https://www.w3.org/TR/trace-context/#tracestate-header
 */

type TraceState = readonly (readonly [key: string, value: string])[];

const maxMembers = 32;
const simpleKey = /^[a-z][a-z0-9_\-*/]{0,255}$/;
const tenantKey = /^[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13}$/;
const memberValue = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

function isMember(key: string, value: string): boolean {
  return (simpleKey.test(key) || tenantKey.test(key)) && memberValue.test(value);
}

/** @returns undefined when the text is no trace state */
export function parseTraceState(text: string): TraceState | undefined {
  if (text === '') return [];
  const members: [string, string][] = [];
  for (const part of text.split(',')) {
    const member = part.replace(/^[ \t]+|[ \t]+$/g, '');
    if (member === '') continue;
    const at = member.indexOf('=');
    const key = at < 0 ? '' : member.slice(0, at);
    const value = member.slice(at + 1);
    if (at < 0 || !isMember(key, value) || members.some(([known]) => known === key)) {
      return undefined;
    }
    members.push([key, value]);
    if (members.length > maxMembers) return undefined;
  }
  return members;
}

/** The state with a member put in front; undefined when it is none that may be. */
export function withMember(state: TraceState, key: string, value: string): string | undefined {
  if (!isMember(key, value)) return undefined;
  const rest = state.filter(([known]) => known !== key).slice(0, maxMembers - 1);
  return [[key, value], ...rest].map((member) => member.join('=')).join(',');
}
