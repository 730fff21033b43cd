import type { FilterConfig } from '../config.ts';

function escaped(value: string): string {
  return value.replace(/[\\,=]/g, '\\$&');
}

const labelName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelPrefix = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

function isLabelKey(key: string): boolean {
  const parts = key.split('/');
  const name = parts.at(-1)!;
  if (parts.length > 2 || name.length > 63 || !labelName.test(name)) return false;
  return parts.length === 1 || (parts[0]!.length <= 253 && labelPrefix.test(parts[0]!));
}

function labelTerm({ key, value, op }: FilterConfig['labels'][number]): string {
  const quoted = JSON.stringify(key);
  if (!isLabelKey(key)) throw new Error(`filter::labels: ${quoted} is no key of a label`);
  if (op === 'exists') return key;
  if (op === 'does-not-exist') return `!${key}`;
  if (value !== '' && (value.length > 63 || !labelName.test(value))) {
    throw new Error(`filter::labels: ${JSON.stringify(value)} is no value of a label (${quoted})`);
  }
  return `${key}${op === 'not-equals' ? '!=' : '='}${value}`;
}

/**
 * Labels of the pods to follow, as the API selects them.
 * @throws Error for a key or value that no label has
 */
export function labelSelector({ labels }: FilterConfig): string {
  return labels.map(labelTerm).sort().join(',');
}

/** Fields of the pods to follow, as the API selects them. */
export function fieldSelector({ fields }: FilterConfig, node: string): string {
  const terms = fields.map(({ key, value, op }) => {
    return `${key}${op === 'not-equals' ? '!=' : '='}${escaped(value)}`;
  });
  if (node !== '') terms.push(`spec.nodeName=${escaped(node)}`);
  return terms.join(',');
}

/** The node whose pods are followed, '' = all. */
export function nodeOf({ node, node_from_env_var: variable }: FilterConfig): string {
  return variable === '' ? node : (process.env[variable] ?? '');
}
