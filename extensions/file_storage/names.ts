import { createHash } from 'node:crypto';

const lengthMax = 200;

/**
 * A file name for an owner: letters, digits and `_.-` stay, others become `~XXXX` (UTF-16 code
 * unit in hex). Names that would be too long end in a hash instead.
 */
export function fileNameOf(owner: string): string {
  let name = '';
  for (let i = 0; i < owner.length; i++) {
    const unit = owner[i]!;
    const plain = /[A-Za-z0-9_.-]/.test(unit) && !(i === 0 && unit === '.');
    name += plain ? unit : `~${unit.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`;
  }
  if (name.length <= lengthMax && name !== '') return name;
  const hash = createHash('sha256').update(owner).digest('hex').slice(0, 32);
  return `${name.slice(0, lengthMax - 33)}~${hash}`;
}
