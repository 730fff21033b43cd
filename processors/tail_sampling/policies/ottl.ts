import { background } from '../../../component/consumer.ts';
import type { Clock, Logger, Random } from '../../../component/settings.ts';
import { standardFunctions } from '../../../ottl/functions/standard.ts';
import { type Condition, compileCondition, Place } from '../../../ottl/index.ts';
import { MessageView } from '../../../pdata/readers.ts';
import { Decision, type Policy, type TraceData } from './decision.ts';

type ErrorMode = 'ignore' | 'propagate' | 'silent';

/** What conditions need beside their text. */
export interface OttlContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Views that are put on one span (and event) after the other, and the place made of them. */
class Stand {
  readonly resource = new MessageView();
  readonly scope = new MessageView();
  readonly item = new MessageView();
  readonly event = new MessageView();
  readonly place: Place;

  constructor() {
    this.resource.attributeField = 1;
    this.scope.attributeField = 3;
    this.item.attributeField = 9;
    this.event.attributeField = 3;
    this.place = new Place(this, background.client);
  }

  moveTo({ view }: TraceData, span: number): void {
    view.bindResource(this.resource, span);
    view.bindScope(this.scope, span);
    view.bindSpan(this.item, span);
    this.event.bindBytes(this.item.bytes, this.item.start, this.item.start);
    this.place.next();
  }

  nextEvent({ view }: TraceData): boolean {
    const { item, event } = this;
    const found = view.nextEvent(event, item.bytes, event.end, item.end);
    this.place.next();
    return found;
  }
}

/**
 * Samples a trace when a condition holds for one of its spans or events.
 * @throws Error when there is no condition, or one that does not compile
 */
export function ottlCondition(
  spanTexts: readonly string[],
  eventTexts: readonly string[],
  mode: ErrorMode | undefined,
  context: OttlContext,
): Policy {
  if (spanTexts.length === 0 && eventTexts.length === 0) {
    throw new Error('expected at least one OTTL condition to filter on');
  }
  const { clock, random, logger } = context;
  const options = {
    functions: standardFunctions(),
    paths: 'prepend',
    environment: { clock, random },
  } as const;
  const spans = spanTexts.map((text) => compileCondition('traces', 'span', text, options));
  const events = eventTexts.map((text) => compileCondition('traces', 'spanevent', text, options));
  const stand = new Stand();

  function holds(conditions: readonly Condition[]): boolean {
    for (const condition of conditions) {
      try {
        if (condition.test(stand.place)) return true;
      } catch (error) {
        if (mode === 'propagate') throw error;
        if (mode !== 'ignore') continue;
        const fields = { error: (error as Error).message, condition: condition.text };
        logger.warn('failed to eval condition', fields);
      }
    }
    return false;
  }

  return {
    stateful: false,
    evaluate(trace) {
      for (let i = 0; i < trace.view.spanCount; i += 1) {
        stand.moveTo(trace, i);
        if (spans.length > 0 && holds(spans)) return Decision.sampled;
        if (events.length === 0) continue;
        while (stand.nextEvent(trace)) if (holds(events)) return Decision.sampled;
      }
      return Decision.notSampled;
    },
  };
}
