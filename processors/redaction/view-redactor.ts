import { encodeValue } from '../../pdata/builder.ts';
import { decodeValue } from '../../pdata/objects/index.ts';
import type { Value } from '../../pdata/objects/model.ts';
import { deleteAttribute, setAttribute } from '../../pdata/overlay.ts';
import { AttributeKey, InternTable, type MessageView, ValueType } from '../../pdata/readers.ts';
import type { Config } from './config.ts';
import type { Rules } from './rules.ts';
import { Done, type SummaryTarget, writeSummary } from './summary.ts';

const Fate = { ignored: 0, removed: 1, masked: 2, looked: 3, left: 4 } as const;

/** What is known of a key. */
interface Known {
  readonly key: AttributeKey;
  readonly fate: number;
}

/** Keys that are remembered; when there are more, they are looked at again. */
const mostKeys = 4096;

const systemKeys = [new AttributeKey('db.system.name'), new AttributeKey('db.system')];

/** db.system.name of a view's attributes in lower case, or its older name; '' = none. */
export function systemOfView(view: MessageView): string {
  for (const key of systemKeys) {
    if (!view.find(key) || view.value.type !== ValueType.string) continue;
    const text = view.value.string();
    if (text !== '') return text.toLowerCase();
  }
  return '';
}

/**
 * Applies rules to attributes in place: messages of an editable batch are edited where something
 * changes, all else stays as it is.
 */
export class ViewRedactor {
  readonly done = new Done();
  readonly #rules: Rules;
  readonly #config: Config;
  readonly #keys = new InternTable();
  readonly #known = new Map<string, Known>();
  /** Attributes that are to be written: key and text, in turn. */
  readonly #changes: string[] = [];

  constructor(rules: Rules, config: Config) {
    this.#rules = rules;
    this.#config = config;
  }

  key(text: string): AttributeKey {
    return this.#look(text).key;
  }

  #look(text: string): Known {
    let known = this.#known.get(text);
    if (known === undefined) {
      if (this.#known.size >= mostKeys) this.#known.clear();
      known = { key: new AttributeKey(text), fate: this.#fateOf(text) };
      this.#known.set(text, known);
    }
    return known;
  }

  #fateOf(key: string): number {
    const rules = this.#rules;
    if (rules.isIgnored(key)) return Fate.ignored;
    if (rules.isRemoved(key)) return Fate.removed;
    if (rules.isMasked(key)) return Fate.masked;
    return rules.looksAt(key) ? Fate.looked : Fate.left;
  }

  /** Finds out what has to be done with the attributes of a view. @returns whether anything */
  judge(view: MessageView): boolean {
    const { done } = this;
    done.clear();
    this.#changes.length = 0;
    const system = this.#rules.database === undefined ? '' : systemOfView(view);
    view.rewind();
    while (view.nextAttribute()) {
      const key = view.internKey(this.#keys);
      const { fate } = this.#look(key);
      if (fate === Fate.looked || fate === Fate.masked) {
        this.#judgeValue(view, key, fate === Fate.masked, system);
      } else if (fate === Fate.ignored) done.ignored.push(key);
      else if (fate === Fate.removed) done.redacted.push(key);
    }
    if (this.#changes.length > 0 || done.redacted.length > 0) return true;
    const told = done.allowed.length > 0 || done.ignored.length > 0;
    return told && (this.#config.summary === 'debug' || this.#config.summary === 'info');
  }

  #judgeValue(view: MessageView, key: string, masked: boolean, system: string): void {
    const rules = this.#rules;
    const { value } = view;
    const looked = this.#config.redact_all_types || value.type === ValueType.string;
    const text = looked ? value.toText() : '';
    if (rules.isAllowed(text)) {
      this.done.allowed.push(key);
      return;
    }
    const result = masked ? rules.maskAll(text) : rules.attribute(text, key, system);
    if (!masked && result === text) return;
    this.done.masked.push(key);
    this.#changes.push(key, result);
  }

  /** Edits the attributes of a view, which belongs to an editable batch. */
  attributes(view: MessageView): void {
    if (!this.judge(view)) return;
    const changes = this.#changes;
    for (let i = 0; i < changes.length; i += 2) {
      setAttribute(view, this.key(changes[i]!), encodeValue(changes[i + 1]!));
    }
    for (const key of this.done.redacted) deleteAttribute(view, this.key(key));
    this.summarise(view, '');
  }

  /** Writes {@link done} into the attributes of a view. */
  summarise(view: MessageView, part: '' | 'body.'): void {
    const target: SummaryTarget = {
      get: (key): Value | undefined => {
        if (!view.find(this.key(key))) return undefined;
        return decodeValue(view.value.copy());
      },
      set: (key, value) => setAttribute(view, this.key(key), encodeValue(value)),
    };
    writeSummary(this.#config.summary, target, this.done, part);
  }
}
