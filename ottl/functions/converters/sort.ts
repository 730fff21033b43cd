import { OttlRuntimeError } from '../../errors.ts';
import { valueText } from '../../text.ts';
import { type OttlList, type OttlValue, typeName } from '../../values.ts';
import { compareUtf8 } from './go-text.ts';

type Order = (a: OttlValue, b: OttlValue) => number;

function compareNumbers(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(b)) - Number(Number.isNaN(a));
  return a < b ? -1 : a > b ? 1 : 0;
}

const byText: Order = (a, b) => compareUtf8(valueText(a), valueText(b));
const byNumber: Order = (a, b) => compareNumbers(Number(a), Number(b));
const byInt: Order = (a, b) => (a! < b! ? -1 : a! > b! ? 1 : 0);

/** How the elements of a list are compared; undefined when they have no order. */
function orderOf(list: OttlList): Order | undefined {
  let hasText = false;
  let hasDouble = false;
  for (const element of list) {
    if (element === null || typeof element === 'string' || typeof element === 'boolean') {
      hasText = true;
    } else if (typeof element === 'number') hasDouble = true;
    else if (typeof element !== 'bigint') return undefined;
  }
  return hasText ? byText : hasDouble ? byNumber : byInt;
}

/**
 * A list in order: integers and doubles as numbers, a mix with texts or booleans as texts. Lists
 * with other elements stay as they are.
 *
 * @throws OttlRuntimeError for what is no list
 */
export function sorted(value: OttlValue, descending: boolean): OttlList {
  if (!Array.isArray(value)) {
    throw new OttlRuntimeError(
      `sort with unsupported type: '${typeName(value)}'. Target is not a list`,
    );
  }
  const order = orderOf(value);
  if (order === undefined) return value;
  return value.toSorted(descending ? (a, b) => order(b, a) : order);
}
