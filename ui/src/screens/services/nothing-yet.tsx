import { setParams } from '../../app/router.tsx';
import { Button } from '../../parts/button.tsx';
import { Empty } from '../../parts/states.tsx';
import { rangeLabel, type TimeRange } from '../../parts/time-range.ts';

/** Nothing came in: how it could. */
export function NothingYet({ range }: { range: TimeRange }) {
  return (
    <Empty title={`No services in this time range: ${rangeLabel(range)}`}>
      <p>
        Services appear with their first span. Send OTLP to <code>localhost:4317</code> or, over
        HTTP, <code>localhost:4318</code>, or run <code>npm run demo</code> beside the program.
      </p>
      <p>
        <Button onClick={() => setParams({ from: 'now-7d', to: 'now' })}>
          Look at the last 7 days
        </Button>
      </p>
    </Empty>
  );
}
