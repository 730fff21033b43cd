import { type CompileOptions, compileCondition, ExprRuntimeError } from '../../expr/index.ts';
import { OttlRuntimeError, type Place } from '../../ottl/index.ts';
import { repeated } from '../../ottl/paths/parts.ts';
import { AttributeKey, MessageView } from '../../pdata/readers.ts';

/** A data point as an expression sees it. */
interface Point {
  readonly name: string;
  readonly type: string;
  readonly view: MessageView;
}

const typeNames: Readonly<Record<number, string>> = {
  5: 'Gauge',
  7: 'Sum',
  9: 'Histogram',
  10: 'ExponentialHistogram',
  11: 'Summary',
};
const attributeFields: Readonly<Record<number, number>> = { 5: 7, 7: 7, 9: 9, 10: 1, 11: 7 };

function label(view: MessageView, key: unknown): string | undefined {
  if (typeof key !== 'string' || !view.find(new AttributeKey(key))) return undefined;
  return view.value.string();
}

type Options = CompileOptions<Point>;
type Method = NonNullable<Options['methods']> extends ReadonlyMap<string, infer M> ? M : never;

const options: Options = {
  variables: new Map([
    ['MetricName', (point) => point.name],
    ['MetricType', (point) => point.type],
  ]),
  methods: new Map<string, Method>([
    ['HasLabel', ({ view }, [key]) => label(view, key) !== undefined],
    ['Label', ({ view }, [key]) => label(view, key) ?? ''],
  ]),
  environment: () => '',
};

/**
 * True when one of the expressions holds for one of a metric's points.
 *
 * @throws ExprSyntaxError
 */
export function expressionTest(expressions: readonly string[]): (place: Place) => boolean {
  const tests = expressions.map((text) => compileCondition(text, options));
  return (place) => {
    const kind = place.walk.dataKind ?? 0;
    const type = typeNames[kind];
    if (type === undefined) return false;
    const view = new MessageView();
    view.attributeField = attributeFields[kind]!;
    const point = { name: place.metric!.string(1), type, view };
    const points = repeated(place.data!, 1);
    try {
      return tests.some((test) =>
        points.some((bytes) => {
          view.bindBytes(bytes, 0, bytes.length);
          return test(point);
        }),
      );
    } catch (error) {
      if (error instanceof ExprRuntimeError) throw new OttlRuntimeError(error.message);
      throw error;
    }
  };
}
