import { OttlError } from '../errors.ts';
import type { ConditionNode, StatementNode, ValueNode } from './ast.ts';
import { checkNodes } from './check.ts';
import { Parser } from './parser.ts';

function syntax<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof OttlError)) throw error;
    throw new OttlError(`${what} has invalid syntax: ${error.message}`, error.column);
  }
}

/** @throws OttlError */
export function parseStatement(text: string): StatementNode {
  const node = syntax('statement', () => new Parser(text).statement());
  const faults: string[] = [];
  const { editor, name } = node.editor;
  if (!editor) faults.push(`editor names must start with a lowercase letter but got '${name}'`);
  checkNodes((walker) => walker.statement(node), faults);
  return node;
}

/** @throws OttlError */
export function parseCondition(text: string): ConditionNode {
  const node = syntax('condition', () => new Parser(text).wholeCondition());
  checkNodes((walker) => walker.condition(node));
  return node;
}

/** @throws OttlError */
export function parseValue(text: string): ValueNode {
  const node = syntax('expression', () => new Parser(text).wholeValue());
  checkNodes((walker) => walker.value(node));
  return node;
}
