import { AttributeKey, InternTable, type MessageView, ValueType } from '../../../pdata/readers.ts';
import { labelName } from '../names/label-name.ts';
import type { Uint32Column } from '../remote-write/columns.ts';
import type { SeriesRules } from './rules.ts';
import type { SeriesTable } from './series-table.ts';

const serviceName = new AttributeKey('service.name');
const serviceNamespace = new AttributeKey('service.namespace');
const serviceInstance = new AttributeKey('service.instance.id');

/** Attributes of resources that become `job` and `instance`. */
const identifying: readonly string[] = [
  serviceNamespace.text,
  serviceName.text,
  serviceInstance.text,
];

/** Attributes of scopes that are labels already. */
const scopeFields: readonly string[] = ['name', 'version', 'schema_url'];

/** Pairs of symbols. */
interface Pairs {
  readonly names: number[];
  readonly values: number[];
}

const noPairs = (): Pairs => ({ names: [], values: [] });

/** Labels of a point up to which they are compared one by one. */
const fewLabels = 64;

/** Builds the labels of points: attributes, then what resource, configuration and scope add. */
export class LabelBuilder {
  readonly #table: SeriesTable;
  readonly #rules: SeriesRules;
  readonly #interned = new InternTable(4096);
  /** Key -> symbol of its label. */
  readonly #labels = new Map<string, number>();
  readonly #labelSymbol: (key: string) => number;
  readonly #nameSymbol: number;
  readonly #external: Pairs;
  #target = noPairs();
  #scope = noPairs();
  /** Attributes of the resource that become labels of every point. */
  #resource: ReadonlyMap<string, string> = new Map();
  readonly #keys: string[] = [];
  readonly #texts: string[] = [];
  /** The labels of the point, in the order of their names, without the metric's. */
  readonly #names: number[] = [];
  readonly #values: number[] = [];

  constructor(table: SeriesTable, rules: SeriesRules) {
    this.#table = table;
    this.#rules = rules;
    const { texts } = table;
    this.#labelSymbol = (key) => texts.of(labelName(rules.labels, key));
    this.#nameSymbol = texts.of('__name__');
    const external = [...rules.externalLabels];
    this.#external = {
      names: external.map(([name]) => texts.of(name)),
      values: external.map(([, value]) => texts.of(value)),
    };
  }

  /** Goes to a resource. */
  beginResource(view: MessageView): void {
    const { texts } = this.#table;
    this.#target = noPairs();
    const set = (label: string, value: string): void => {
      if (value === '') return;
      this.#target.names.push(texts.of(label));
      this.#target.values.push(texts.of(value));
    };
    set('job', jobOf(view));
    set('instance', view.find(serviceInstance) ? view.value.toText() : '');
    const { resourceLabels } = this.#rules;
    const left = resourceLabels === 'all but service' ? identifying : [];
    this.#resource = resourceLabels === 'none' ? new Map() : attributesOf(view, left);
  }

  /** Goes to a scope. */
  beginScope(view: MessageView): void {
    this.#scope = noPairs();
    if (!this.#rules.scopeLabels) return;
    const { texts } = this.#table;
    const found = new Map<number, number>();
    const set = (label: string, value: string): void => {
      found.set(texts.of(labelName(this.#rules.labels, label)), texts.of(value));
    };
    const name = view.string(1);
    const version = view.string(2);
    if (name !== '') set('otel_scope_name', name);
    if (version !== '') set('otel_scope_version', version);
    for (const [key, value] of attributesOf(view, scopeFields)) set(`otel_scope_${key}`, value);
    this.#scope = { names: [...found.keys()], values: [...found.values()] };
  }

  /**
   * Makes the labels of a point.
   * @throws TranslationFault
   */
  build(point: MessageView): void {
    this.#keys.length = 0;
    this.#texts.length = 0;
    point.rewind();
    while (point.nextAttribute()) {
      const key = point.internKey(this.#interned);
      if (this.#resource.has(key)) continue;
      this.#keys.push(key);
      this.#texts.push(this.#valueText(point));
    }
    for (const [key, text] of this.#resource) {
      this.#keys.push(key);
      this.#texts.push(text);
    }
    this.#fill(this.#labels, this.#labelSymbol);
    const labels = { names: this.#names, values: this.#values };
    this.#addCommon(labels);
    merge(labels, this.#scope);
    this.#sort();
  }

  /**
   * Makes the labels of `target_info`.
   * @returns whether there is anything to tell, and somebody to tell it of
   * @throws TranslationFault
   */
  buildTarget(resource: MessageView): boolean {
    const attributes = attributesOf(resource, identifying);
    if (attributes.size === 0) return false;
    this.#keys.length = 0;
    this.#texts.length = 0;
    for (const [key, text] of attributes) {
      this.#keys.push(key);
      this.#texts.push(text);
    }
    const { texts } = this.#table;
    const rules = this.#rules.targetLabels;
    this.#fill(new Map(), (key) => texts.of(labelName(rules, key)));
    const labels = { names: this.#names, values: this.#values };
    this.#addCommon(labels);
    const known = ['job', 'instance'].map((name) => texts.of(name));
    if (!known.some((name) => this.#names.includes(name))) return false;
    this.#sort();
    return true;
  }

  /**
   * Pushes the labels that were built, with the metric's name and one more.
   * @param name symbol of the metric's name
   * @param extra symbols of another label, 0 = none
   */
  push(out: Uint32Column, name: number, extra = 0, extraValue = 0): void {
    const { symbols } = this.#table.texts;
    let hasName = false;
    let hasExtra = extra === 0;
    for (let i = 0; i < this.#names.length; i += 1) {
      const label = this.#names[i]!;
      if (!hasName && symbols.compare(this.#nameSymbol, label) <= 0) {
        hasName = true;
        out.push(this.#nameSymbol);
        out.push(name);
      }
      if (!hasExtra && symbols.compare(extra, label) <= 0) {
        hasExtra = true;
        out.push(extra);
        out.push(extraValue);
      }
      if (label === this.#nameSymbol || label === extra) continue;
      out.push(label);
      out.push(this.#values[i]!);
    }
    if (!hasName) {
      out.push(this.#nameSymbol);
      out.push(name);
    }
    if (!hasExtra) {
      out.push(extra);
      out.push(extraValue);
    }
  }

  #valueText({ value }: MessageView): string {
    if (value.type !== ValueType.string) return value.toText();
    return this.#interned.get(value.bytes, value.contentStart, value.contentEnd);
  }

  /** Labels of the gathered attributes; several that become one label are joined by `;`. */
  #fill(known: Map<string, number>, symbolOf: (key: string) => number): void {
    const { texts } = this.#table;
    this.#names.length = 0;
    this.#values.length = 0;
    if (this.#keys.length > fewLabels) {
      this.#join(symbolOf);
      return;
    }
    for (let i = 0; i < this.#keys.length; i += 1) {
      const text = this.#texts[i]!;
      if (text === '') continue;
      const key = this.#keys[i]!;
      let symbol = known.get(key);
      if (symbol === undefined) {
        symbol = symbolOf(key);
        known.set(key, symbol);
      }
      if (this.#names.includes(symbol)) {
        this.#join(symbolOf);
        return;
      }
      this.#names.push(symbol);
      this.#values.push(texts.of(text));
    }
  }

  #join(symbolOf: (key: string) => number): void {
    const { texts } = this.#table;
    const order = this.#keys.map((key, i) => [key, this.#texts[i]!] as const);
    order.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const joined = new Map<number, string>();
    for (const [key, text] of order) {
      if (text === '') continue;
      const symbol = symbolOf(key);
      const before = joined.get(symbol);
      if (before === undefined) joined.set(symbol, text);
      else if (before !== text) joined.set(symbol, `${before};${text}`);
    }
    this.#names.length = 0;
    this.#values.length = 0;
    for (const [symbol, text] of joined) {
      this.#names.push(symbol);
      this.#values.push(texts.of(text));
    }
  }

  #addCommon(labels: Pairs): void {
    for (let i = 0; i < this.#target.names.length; i += 1) {
      put(labels, this.#target.names[i]!, this.#target.values[i]!);
    }
    for (let i = 0; i < this.#external.names.length; i += 1) {
      const name = this.#external.names[i]!;
      if (!labels.names.includes(name)) put(labels, name, this.#external.values[i]!);
    }
  }

  /** Few and nearly in order: by insertion. */
  #sort(): void {
    const { symbols } = this.#table.texts;
    const names = this.#names;
    const values = this.#values;
    if (names.length > fewLabels) {
      const pairs = names.map((name, i) => [name, values[i]!] as const);
      pairs.sort(([a], [b]) => symbols.compare(a, b));
      for (const [i, [name, value]] of pairs.entries()) {
        names[i] = name;
        values[i] = value;
      }
      return;
    }
    for (let i = 1; i < names.length; i += 1) {
      const name = names[i]!;
      const value = values[i]!;
      let at = i;
      while (at > 0 && symbols.compare(names[at - 1]!, name) > 0) {
        names[at] = names[at - 1]!;
        values[at] = values[at - 1]!;
        at -= 1;
      }
      names[at] = name;
      values[at] = value;
    }
  }
}

/** Sets a label, in the place of one that is there. */
function put({ names, values }: Pairs, name: number, value: number): void {
  const at = names.indexOf(name);
  if (at >= 0) values[at] = value;
  else {
    names.push(name);
    values.push(value);
  }
}

/** Sets all labels of `more`. */
function merge(labels: Pairs, more: Pairs): void {
  const { names, values } = labels;
  if (names.length <= fewLabels && more.names.length <= fewLabels) {
    for (let i = 0; i < more.names.length; i += 1) put(labels, more.names[i]!, more.values[i]!);
    return;
  }
  const all = new Map(names.map((name, i) => [name, values[i]!] as const));
  for (const [i, name] of more.names.entries()) all.set(name, more.values[i]!);
  names.length = 0;
  values.length = 0;
  for (const [name, value] of all) {
    names.push(name);
    values.push(value);
  }
}

/** `service.namespace/service.name`. */
function jobOf(view: MessageView): string {
  const name = view.find(serviceName) ? view.value.toText() : '';
  if (name === '' || !view.find(serviceNamespace)) return name;
  return `${view.value.toText()}/${name}`;
}

/** Attributes as text, but for some. */
function attributesOf(view: MessageView, without: readonly string[]): Map<string, string> {
  const out = new Map<string, string>();
  view.rewind();
  while (view.nextAttribute()) {
    const key = view.keyText();
    if (!without.includes(key)) out.set(key, view.value.toText());
  }
  return out;
}
