import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { applyTheme } from './app/theme.ts';
import './app/tokens.css';
import './app/base.css';

applyTheme();
const root = document.getElementById('root');
if (root === null) throw new Error('BUG: the page has no #root');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
