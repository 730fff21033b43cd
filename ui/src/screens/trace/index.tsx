import { useCallback, useEffect, useState } from 'react';
import { useLoad } from '../../api/use-load.ts';
import { href, Link, useRoute } from '../../app/router.tsx';
import { Empty, Failed, Loading } from '../../parts/states.tsx';
import { getOutline } from './api.ts';
import { viewOf } from './model/view-state.ts';
import { TraceScreen } from './trace-screen.tsx';

/** `/trace/<id>`: one trace. */
export default function Screen() {
  const { path, params } = useRoute();
  const id = (path.split('/')[2] ?? '').trim();
  if (id === '') {
    return (
      <Empty title="Which trace?">
        <Link to={href('/traces')}>Search for traces</Link>, or put an id behind the address of this
        page.
      </Empty>
    );
  }
  return <Trace key={id} id={decode(id)} params={params} />;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function Trace({ id, params }: { id: string; params: URLSearchParams }) {
  const view = viewOf(params);
  const [fresh, setFresh] = useState(0);
  const { adjust, span } = view;
  const key = `${id} ${adjust} ${fresh}`;
  const { data, error, loading, reload } = useLoad(
    key,
    (signal) => getOutline(id, { adjust, fresh: fresh > 0, span }, signal),
    { keep: true },
  );
  const renew = useCallback(() => setFresh((n) => n + 1), []);
  const root = data?.root;
  useEffect(() => {
    if (root) document.title = `${root.name.slice(0, 80)} · Wirestitch`;
  }, [root]);
  if (data === undefined) {
    return loading || error === undefined ? (
      <Loading what="the trace" />
    ) : (
      <Failed error={error} retry={reload} />
    );
  }
  return <TraceScreen outline={data} view={view} renew={renew} failed={error} />;
}
