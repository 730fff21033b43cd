import type { ValueMap } from '../../../pdata/objects/model.ts';

/** db.system.name of attributes in lower case, or what older conventions call it; '' = none. */
export function systemOf(attributes: ValueMap): string {
  for (const key of ['db.system.name', 'db.system']) {
    const value = attributes.get(key);
    if (typeof value === 'string' && value !== '') return value.toLowerCase();
  }
  return '';
}
