import { Suspense, useEffect } from 'react';
import { Empty, Loading } from '../parts/states.tsx';
import { Boundary } from './boundary.tsx';
import { href, Link, navigate, useRoute } from './router.tsx';
import { screens } from './screens.tsx';
import { Shell } from './shell.tsx';

export function App() {
  const { path } = useRoute();
  const first = path.split('/')[1] ?? '';
  useEffect(() => {
    if (first === '') navigate(href('/traces'), { replace: true });
  }, [first]);
  const screen = screens.find((one) => one.path === first);
  useEffect(() => {
    document.title = screen?.label ? `${screen.label} · Wirestitch` : 'Wirestitch';
  }, [screen]);
  return (
    <Shell active={first === 'trace' ? 'traces' : first}>
      <Boundary key={first}>
        <Suspense fallback={<Loading what="the screen" />}>
          {screen !== undefined && <screen.component />}
          {screen === undefined && first !== '' && (
            <Empty title={`There is no page at ${JSON.stringify(path)}`}>
              <Link to={href('/traces')}>Search for traces</Link>
            </Empty>
          )}
        </Suspense>
      </Boundary>
    </Shell>
  );
}
