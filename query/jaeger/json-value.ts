import type { AttributeValue } from '../../storage/traces/model.ts';

/**
 * An array or map attribute as one JSON text, the way the Go collector's AsString writes it: map
 * keys sorted, bytes in base64, and `<`, `>`, `&` escaped.
 */
export function rawValue(value: AttributeValue): string {
  return write(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('&', '\\u0026');
}

function write(value: AttributeValue): string {
  switch (value.type) {
    case 'empty':
      return 'null';
    case 'string':
      return JSON.stringify(value.value);
    case 'bool':
    case 'int':
      return `${value.value}`;
    case 'double':
      return Number.isFinite(value.value) ? JSON.stringify(value.value) : `"${value.value}"`;
    case 'bytes':
      return `"${Buffer.from(value.value).toString('base64')}"`;
    case 'array':
      return `[${value.value.map(write).join(',')}]`;
    default: {
      const last = new Map(value.value.map((entry) => [entry.key, entry.value]));
      const keys = [...last.keys()].sort();
      const entry = (key: string): string =>
        `${JSON.stringify(key)}:${write(last.get(key) ?? { type: 'empty' })}`;
      return `{${keys.map(entry).join(',')}}`;
    }
  }
}
