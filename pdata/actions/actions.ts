import { AttributeKey, AttributeKeys } from '../attribute-key.ts';
import {
  deleteAttribute,
  deleteCurrent,
  insertAttribute,
  setAttribute,
  setCurrent,
  updateAttribute,
} from '../overlay.ts';
import type { MessageView } from '../readers/message-view.ts';
import { ValueType } from '../readers/value-view.ts';
import { compileRegexp } from '../regexp/index.ts';
import { type AttributeValue, encodeValue } from '../values.ts';
import { type ConvertedType, converted, hashed } from './convert.ts';

/** One action of the attributes and resource processors, checked by `config.ts`. */
export interface ActionConfig {
  readonly action: 'insert' | 'update' | 'upsert' | 'delete' | 'hash' | 'extract' | 'convert';
  readonly key?: string | undefined;
  readonly value?: AttributeValue | undefined;
  readonly from_attribute?: string | undefined;
  readonly from_context?: string | undefined;
  readonly default_value?: AttributeValue | undefined;
  readonly pattern?: string | undefined;
  readonly converted_type?: ConvertedType | undefined;
}

/** What `from_context` names in the request at hand; undefined = it has none. */
export type ContextValue = (name: string) => string | undefined;

/** Applies one or several actions to the message that a view stands on. */
export type Apply = (view: MessageView, context: ContextValue) => void;

/** Keys that patterns matched, kept as {@link AttributeKey}; forgotten when there are too many. */
const maxKnownKeys = 1024;

type Source = (view: MessageView, context: ContextValue) => Uint8Array | undefined;

function sourceOf(config: ActionConfig): Source {
  const fallback =
    config.default_value === undefined ? undefined : encodeValue(config.default_value);
  if (config.value !== undefined) {
    const value = encodeValue(config.value);
    return () => value;
  }
  const { from_attribute: attribute, from_context: name } = config;
  if (attribute !== undefined && attribute !== '') {
    const from = new AttributeKey(attribute);
    return (view) => (view.find(from) ? view.value.copy() : fallback);
  }
  if (name !== undefined && name !== '') {
    return (_view, context) => {
      const text = context(name);
      return text === undefined ? fallback : encodeValue(text);
    };
  }
  return () => fallback;
}

function writes(config: ActionConfig): Apply {
  const key = new AttributeKey(config.key ?? '');
  const source = sourceOf(config);
  const write =
    config.action === 'insert'
      ? insertAttribute
      : config.action === 'update'
        ? updateAttribute
        : setAttribute;
  return (view, context) => {
    const value = source(view, context);
    if (value !== undefined) write(view, key, value);
  };
}

/**
 * Runs `one` for the key, then `current` at each attribute whose key the pattern matches, found by
 * one walk.
 */
function keyed(
  config: ActionConfig,
  one: (view: MessageView, key: AttributeKey) => void,
  current: (view: MessageView, key: string) => void,
): Apply {
  const key = config.key ? new AttributeKey(config.key) : undefined;
  if (!config.pattern) {
    if (key === undefined) throw new Error('BUG: an action without key and pattern');
    return (view) => one(view, key);
  }
  const pattern = compileRegexp(config.pattern);
  return (view) => {
    if (key !== undefined) one(view, key);
    view.rewind();
    while (view.nextAttribute()) {
      const text = view.keyText();
      if (pattern.test(text)) current(view, text);
    }
  };
}

function deletes(config: ActionConfig): Apply {
  return keyed(config, deleteAttribute, deleteCurrent);
}

function hashes(config: ActionConfig): Apply {
  const known = new AttributeKeys(maxKnownKeys);
  return keyed(
    config,
    (view, key) => {
      if (view.find(key)) setAttribute(view, key, encodeValue(hashed(view.value)));
    },
    (view, text) => setCurrent(view, known.of(text), encodeValue(hashed(view.value))),
  );
}

function extracts(config: ActionConfig): Apply {
  const key = new AttributeKey(config.key ?? '');
  const pattern = compileRegexp(config.pattern ?? '');
  const targets = pattern.groupNames.map((name) => new AttributeKey(name));
  return (view) => {
    if (!view.find(key) || view.value.type !== ValueType.string) return;
    const found = pattern.exec(view.value.string());
    if (found === undefined) return;
    targets.forEach((target, i) => {
      setAttribute(view, target, encodeValue(found.groups[i + 1] ?? ''));
    });
  };
}

function converts(config: ActionConfig): Apply {
  const key = new AttributeKey(config.key ?? '');
  const to = config.converted_type ?? 'string';
  return (view) => {
    if (!view.find(key)) return;
    const value = converted(view.value, to);
    if (value !== undefined) setAttribute(view, key, encodeValue(value));
  };
}

function compileOne(config: ActionConfig): Apply {
  switch (config.action) {
    case 'delete':
      return deletes(config);
    case 'hash':
      return hashes(config);
    case 'extract':
      return extracts(config);
    case 'convert':
      return converts(config);
    default:
      return writes(config);
  }
}

/** The actions as one function; they are applied in order. */
export function compileActions(configs: readonly ActionConfig[]): Apply {
  const steps = configs.map(compileOne);
  return (view, context) => {
    for (const step of steps) step(view, context);
  };
}
