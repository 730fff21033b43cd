import { AttributeKey } from '../../pdata/attribute-key.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { encodeValue } from '../../pdata/values.ts';
import type { Operation, Transform } from './config.ts';
import type { Filter } from './filter.ts';

/** One operation on a point; keys are places in {@link Plan.keys}. */
export interface Step {
  readonly action: 'add' | 'update' | 'drop';
  readonly key: number;
  /** update: the key that takes the value; -1 = it stays where it is. */
  readonly to: number;
  /** update: texts that are replaced; drop: the one text of points that go. */
  readonly texts: readonly Uint8Array[];
  /** AnyValues: what stands for each text; add: the one that is added. */
  readonly values: readonly Uint8Array[];
}

/** What becomes of metrics of one name where that can be done on their bytes. */
export interface Plan {
  /** The field with the new name; undefined = the name stays. */
  readonly name: Uint8Array | undefined;
  readonly keys: readonly AttributeKey[];
  readonly steps: readonly Step[];
  /** What happens to the values of gauges and sums: a factor, or 'toggle'; in their order. */
  readonly numbers: readonly (number | 'toggle')[];
  /** Bytes by which a point grows, at most. */
  readonly growth: number;
}

/** 'none' = no transform is for the name; 'objects' = there is more to do than to edit. */
export type Planned = Plan | 'none' | 'objects';

interface Planning {
  readonly transform: Transform;
  readonly filter: Filter;
}

/** Most keys of a plan; what has more is left to the objects. */
export const maxKeys = 16;
const edits: readonly string[] = [
  'add_label',
  'update_label',
  'delete_label_value',
  'toggle_scalar_data_type',
  'experimental_scale_value',
];
const utf8 = new TextEncoder();

/** Whether all that a transform does is to edit the metrics and points that are there. */
function onlyEdits({ action, operations, experimental_match_labels: labels }: Transform): boolean {
  if (action !== 'update' || Object.keys(labels).length > 0) return false;
  return operations.every((operation) => edits.includes(operation.action));
}

class Steps {
  readonly keys: AttributeKey[] = [];
  readonly steps: Step[] = [];
  readonly numbers: (number | 'toggle')[] = [];
  growth = 16;
  readonly #version: string;

  constructor(version: string) {
    this.#version = version;
  }

  #key(text: string): number {
    const known = this.keys.findIndex((key) => key.text === text);
    if (known >= 0) return known;
    const key = new AttributeKey(text);
    this.growth += key.bytes.length + 24;
    return this.keys.push(key) - 1;
  }

  #value(template: string): Uint8Array {
    const value = encodeValue(template.replaceAll('{{version}}', this.#version));
    this.growth += value.length;
    return value;
  }

  add(operation: Operation): void {
    if (operation.action === 'add_label') {
      const key = this.#key(operation.new_label);
      const values = [this.#value(operation.new_value)];
      this.steps.push({ action: 'add', key, to: -1, texts: [], values });
    } else if (operation.action === 'delete_label_value') {
      const key = this.#key(operation.label);
      const texts = [utf8.encode(operation.label_value)];
      this.steps.push({ action: 'drop', key, to: -1, texts, values: [] });
    } else if (operation.action === 'toggle_scalar_data_type') this.numbers.push('toggle');
    else if (operation.action === 'experimental_scale_value') {
      this.numbers.push(operation.experimental_scale);
    } else {
      const key = this.#key(operation.label);
      const to = operation.new_label === '' ? -1 : this.#key(operation.new_label);
      // of several actions for one value the last counts
      const pairs = new Map(operation.value_actions.map((one) => [one.value, one.new_value]));
      const texts = [...pairs.keys()].map((text) => utf8.encode(text));
      const values = [...pairs.values()].map((text) => this.#value(text));
      this.steps.push({ action: 'update', key, to, texts, values });
    }
  }
}

function nameField(name: string): Uint8Array {
  const w = new Writer(name.length + 8);
  w.stringField(1, name);
  return w.take();
}

/** What the transforms, in their order, make of metrics that come in with a name. */
export function planFor(all: readonly Planning[], name: string, version: string): Planned {
  const steps = new Steps(version);
  let current = name;
  let concerned = false;
  for (const { transform, filter } of all) {
    if (!filter.matchesName(current)) continue;
    if (!onlyEdits(transform)) return 'objects';
    concerned = true;
    const { new_name: template } = transform;
    if (template !== '') current = filter.expand(template, current) || template;
    for (const operation of transform.operations) steps.add(operation);
  }
  if (!concerned) return 'none';
  if (steps.keys.length > maxKeys) return 'objects';
  const field = current === name ? undefined : nameField(current);
  const { keys, numbers, growth } = steps;
  return { name: field, keys, steps: steps.steps, numbers, growth };
}
