import type { Attributes } from '../../../component/settings.ts';
import { AttributeKey } from '../../../pdata/attribute-key.ts';
import { setAttribute } from '../../../pdata/overlay.ts';
import { asBuffer } from '../../../pdata/proto/as-buffer.ts';
import type { MessageView } from '../../../pdata/readers.ts';
import { encodeValue } from '../../../pdata/values.ts';
import type { Telemetry } from '../telemetry.ts';
import { annotate, type Plan } from './annotate.ts';
import { readResource } from './read-resource.ts';
import { ResourceText } from './resource-text.ts';

/** What is to be done with a resource. */
interface Annotation {
  readonly keys: readonly AttributeKey[];
  readonly values: readonly Uint8Array[];
  readonly series: Attributes;
  readonly isMiss: boolean;
}

/** Most resources whose annotations are remembered; when they are more, all are forgotten. */
const maxRemembered = 4096;
/** Longer resources are worked out each time. */
const maxBytes = 8192;

/**
 * Annotates resources. Of each resource, byte for byte, and sender the result is remembered until
 * something in the cluster changes: senders repeat their resource in every request.
 */
export class Annotator {
  readonly #plan: Plan;
  readonly #telemetry: Telemetry;
  readonly #keys = new Map<string, AttributeKey>();
  readonly #series = new Map<string, Attributes>();
  readonly #remembered = new Map<string, Annotation>();
  #version = -1;

  constructor(plan: Plan, telemetry: Telemetry) {
    this.#plan = plan;
    this.#telemetry = telemetry;
  }

  /**
   * @param view a resource that can be edited
   * @param address of who sent it, '' = not known
   */
  apply(view: MessageView, address: string): void {
    const { keys, values, series, isMiss } = this.#find(view, address);
    for (let i = 0; i < keys.length; i += 1) setAttribute(view, keys[i]!, values[i]!);
    if (this.#plan.cluster === undefined) return;
    this.#telemetry.associated(series);
    if (isMiss) this.#telemetry.missed();
  }

  #find(view: MessageView, address: string): Annotation {
    const { version } = this.#plan.cluster ?? { version: 0 };
    if (version !== this.#version) {
      this.#version = version;
      this.#remembered.clear();
    }
    const isEdited = view.edits !== undefined && view.edits.head[view.node]! >= 0;
    if (isEdited || view.end - view.start > maxBytes) return this.#make(view, address);
    const bytes = asBuffer(view.bytes).toString('latin1', view.start, view.end);
    const key = `${address} ${bytes}`;
    let found = this.#remembered.get(key);
    if (found === undefined) {
      found = this.#make(view, address);
      if (this.#remembered.size >= maxRemembered) this.#remembered.clear();
      this.#remembered.set(key, found);
    }
    return found;
  }

  #make(view: MessageView, address: string): Annotation {
    const resource = new ResourceText(readResource(view));
    const { identification, hasPod, isMiss } = annotate(this.#plan, resource, address);
    const keys: AttributeKey[] = [];
    const values: Uint8Array[] = [];
    for (const [name, value] of resource.added) {
      keys.push(this.#key(name));
      values.push(encodeValue(value));
    }
    return { keys, values, series: this.#seriesOf(hasPod, identification.label), isMiss };
  }

  /** Keys come from rules and from labels of the cluster: their number has a limit, too. */
  #key(name: string): AttributeKey {
    let key = this.#keys.get(name);
    if (key === undefined) {
      if (this.#keys.size >= maxRemembered) this.#keys.clear();
      this.#keys.set(name, (key = new AttributeKey(name)));
    }
    return key;
  }

  #seriesOf(hasPod: boolean, label: string): Attributes {
    const key = `${hasPod} ${label}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      this.#series.set(key, (series = this.#telemetry.associationSeries(hasPod, label)));
    }
    return series;
  }
}
