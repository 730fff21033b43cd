import { methodName, staticType } from './check.ts';
import { type CompileOptions, compileNode } from './compile.ts';
import { parseExpression } from './parser.ts';
import { ExprRuntimeError, ExprSyntaxError, typeName, type Value } from './value.ts';

export type { CompileOptions, Variables } from './compile.ts';
export { printValue } from './functions.ts';
export {
  ExprRuntimeError,
  ExprSyntaxError,
  ExprTime,
  typeName,
  type Value,
  type ValueMap,
} from './value.ts';

/**
 * Compiles an expression of the expr language (expr-lang 1.17, the part that the README names).
 * @returns evaluates it; throws ExprRuntimeError
 * @throws ExprSyntaxError for a text that is no expression, or one whose types can never fit
 */
export function compileExpression<P>(
  text: string,
  options: CompileOptions<P>,
): (place: P) => Value {
  const node = parseExpression(text);
  staticType(node, namesOf(options));
  return compileNode(node, options);
}

/**
 * Compiles an expression that must give true or false.
 * @throws ExprSyntaxError also when it can never be a boolean
 */
export function compileCondition<P>(
  text: string,
  options: CompileOptions<P>,
): (place: P) => boolean {
  const node = parseExpression(text);
  const type = staticType(node, namesOf(options));
  if (type !== 'bool' && type !== 'any') {
    throw new ExprSyntaxError(`expected bool, but got ${type}`, node.at);
  }
  const run = compileNode(node, options);
  return (place) => {
    const value = run(place);
    if (typeof value === 'boolean') return value;
    if (value === null) return false;
    throw new ExprRuntimeError(`expected bool, got ${typeName(value)}`);
  };
}

/** Names that are known beside `let` variables. */
function namesOf<P>({ methods }: CompileOptions<P>): ReadonlyMap<string, 'any'> {
  return new Map([...(methods?.keys() ?? [])].map((name) => [methodName(name), 'any']));
}
