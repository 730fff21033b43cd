import { OttlError } from '../errors.ts';
import type {
  CallNode,
  ConditionNode,
  KeyNode,
  LambdaBody,
  MathNode,
  PathNode,
  StatementNode,
  ValueNode,
} from './ast.ts';

/** What a walk over nodes tells of; what is not given is not asked for. */
export interface Visitor {
  /** Paths that are not names of a lambda's parameters. */
  path?(node: PathNode): void;
  call?(node: CallNode): void;
  /** A call where a value is wanted. */
  operand?(node: CallNode): void;
  enum?(name: string): void;
  lambdaBody?(body: LambdaBody): void;
}

/** Walks in the order of the text; keeps the names that lambdas around a node declare. */
export class Walker {
  readonly #visitor: Visitor;
  readonly #scopes: (readonly string[])[] = [];

  constructor(visitor: Visitor) {
    this.#visitor = visitor;
  }

  statement(node: StatementNode): void {
    this.call(node.editor);
    if (node.where !== undefined) this.condition(node.where);
  }

  condition(node: ConditionNode): void {
    switch (node.kind) {
      case 'or':
      case 'and':
        for (const term of node.terms) this.condition(term);
        return;
      case 'not':
        this.condition(node.term);
        return;
      case 'converter':
        this.call(node.call);
        return;
      case 'comparison':
        this.value(node.left);
        this.value(node.right);
    }
  }

  call(node: CallNode): void {
    this.#visitor.call?.(node);
    for (const { value } of node.arguments) if (value.kind !== 'function') this.value(value);
    if (!node.editor) this.#keys(node.keys);
  }

  #keys(keys: readonly KeyNode[]): void {
    for (const key of keys) if (key.kind === 'math') this.#math(key.value);
  }

  #path(node: PathNode): void {
    const name = node.context === '' ? node.fields[0]!.name : node.context;
    if (!this.#scopes.some((scope) => scope.includes(name))) this.#visitor.path?.(node);
    for (const field of node.fields) this.#keys(field.keys);
  }

  #math(node: MathNode): void {
    switch (node.kind) {
      case 'path':
        this.#path(node);
        return;
      case 'call':
        this.#visitor.operand?.(node);
        this.call(node);
        return;
      case 'sign':
        this.#math(node.operand);
        return;
      case 'binary':
        this.#math(node.left);
        this.#math(node.right);
    }
  }

  value(node: ValueNode): void {
    switch (node.kind) {
      case 'math':
        this.#math(node.value);
        return;
      case 'enum':
        this.#visitor.enum?.(node.name);
        return;
      case 'map':
        for (const [, value] of node.entries) this.value(value);
        return;
      case 'list':
        for (const value of node.values) this.value(value);
        return;
      case 'lambda':
        this.#lambda(node.parameters, node.body);
        return;
      case 'path':
      case 'call':
        this.#math(node);
    }
  }

  #lambda(parameters: readonly string[], body: LambdaBody): void {
    this.#scopes.push(parameters);
    this.#visitor.lambdaBody?.(body);
    if (body.kind === 'value') this.value(body.value);
    else this.condition(body.value);
    this.#scopes.pop();
  }
}

/** What an index looks like in an error. */
function keysText(keys: readonly KeyNode[]): string {
  return keys.map((key) => `[${key.kind === 'math' ? mathText(key.value) : key.value}]`).join('');
}

function mathText(node: MathNode): string {
  if (node.kind === 'path') return pathText(node);
  return node.kind === 'float' || node.kind === 'int' ? String(node.value) : '';
}

/** A path as it was written, texts of keys without quotation marks. */
export function pathText({ context, fields }: PathNode): string {
  const parts = fields.map(({ name, keys }) => name + keysText(keys));
  return (context === '' ? parts : [context, ...parts]).join('.');
}

/** @throws OttlError for what the grammar allows and the language does not */
export function checkNodes(walk: (walker: Walker) => void, faults: string[] = []): void {
  const walker = new Walker({
    call: ({ editor, name, keys }) => {
      if (!editor || keys.length === 0) return;
      const text = `${name}${keysText(keys)}`;
      faults.push(`only paths and converters may be indexed, not editors, but got ${text}`);
    },
    operand: ({ editor, name }) => {
      if (!editor) return;
      faults.push(`converter names must start with an uppercase letter but got '${name}'`);
    },
    lambdaBody: (body) => {
      if (body.kind === 'value' && body.value.kind === 'lambda') {
        faults.push('lambda body cannot result into another lambda expression');
      }
    },
  });
  walk(walker);
  if (faults.length > 0) throw new OttlError(faults.join('; '));
}
