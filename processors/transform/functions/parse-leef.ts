import { defineFunction } from '../../../ottl/functions/types.ts';
import { type OttlMap, OttlRuntimeError } from '../../../ottl/index.ts';

/*
 * Log Event Extended Format 1.0 and 2.0: `LEEF:version|vendor|product|version|event|` and in 2.0
 * the delimiter of the attributes, then `key=value` pairs; a syslog header may come before.
 * https://www.ibm.com/docs/en/dsm?topic=leef-overview
 */

/** The first parts of a text, the last with all that is left. */
function cut(text: string, separator: string, most: number): string[] {
  const parts = text.split(separator);
  return parts.length <= most
    ? parts
    : [...parts.slice(0, most - 1), parts.slice(most - 1).join(separator)];
}

/** @throws OttlRuntimeError */
function delimiterOf(spec: string): string {
  const fail = (reason: string): never => {
    throw new OttlRuntimeError(`invalid LEEF 2.0 delimiter: ${reason}`);
  };
  if (spec === '') return '\t';
  if (/^0x/i.test(spec)) {
    const digits = spec.slice(2);
    if (digits === '') return fail('empty hex value');
    if (!/^(?:[0-9a-f]{2})+$/i.test(digits)) return fail(`invalid hex delimiter "${spec}"`);
    if (digits.length > 2) {
      return fail(`hex delimiter must decode to a single byte, got ${digits.length / 2} bytes`);
    }
    return String.fromCharCode(Number.parseInt(digits, 16));
  }
  if (Buffer.byteLength(spec) === 1) return spec;
  return fail(`delimiter must be a single character or 0x-prefixed hex value, got "${spec}"`);
}

function attributesOf(text: string, delimiter: string): OttlMap {
  const attributes: OttlMap = new Map();
  for (const pair of text.split(delimiter)) {
    const at = pair.indexOf('=');
    if (at > 0) attributes.set(pair.slice(0, at), pair.slice(at + 1));
  }
  return attributes;
}

/** Delimiter and attributes of what follows the event id. */
function tailOf(version: string, rest: string): readonly [delimiter: string, text: string] {
  const short = cut(rest, '|', 5);
  if (version === '1.0' || short.length < 5) return ['\t', short[4] ?? ''];
  const [, , , , spec = '', attributes = ''] = cut(rest, '|', 6);
  return spec.includes('=') ? ['\t', short[4]!] : [delimiterOf(spec), attributes];
}

function parse(message: string): OttlMap {
  const fail = (reason: string): never => {
    throw new OttlRuntimeError(reason);
  };
  if (message === '') return fail('cannot parse empty LEEF message');
  const start = message.indexOf('LEEF:');
  if (start < 0) return fail("invalid LEEF message: 'LEEF:' not found");
  const bar = message.indexOf('|', start);
  if (bar < 0) return fail('invalid LEEF message: missing pipe delimiter in header');
  const version = message.slice(start + 5, bar);
  if (version !== '1.0' && version !== '2.0') {
    return fail(`unsupported LEEF version: ${version} (supported: 1.0, 2.0)`);
  }
  const rest = message.slice(bar + 1);
  const fields = rest.split('|');
  if (fields.length < 4) {
    return fail(
      `invalid LEEF ${version} header: expected at least 4 fields (vendor, product, version, eventID), got ${fields.length}`,
    );
  }
  const [delimiter, attributes] = tailOf(version, rest);
  return new Map<string, string | OttlMap>([
    ['leef.version', version],
    ['leef.vendor', fields[0]!],
    ['leef.product.name', fields[1]!],
    ['leef.product.version', fields[2]!],
    ['leef.event.id', fields[3]!],
    ['leef.attributes', attributesOf(attributes, delimiter)],
  ]);
}

/** Converter `ParseLEEF`: a line of LEEF 1.0 or 2.0 as a map. */
export const parseLeef = defineFunction({
  name: 'ParseLEEF',
  parameters: [{ name: 'target', type: 'string' }],
  make:
    ({ target }) =>
    (place) =>
      parse(target.get(place)),
});
