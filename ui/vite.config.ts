import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The page behind a running program: `vite ui` asks it, on the port that all-in-one.yaml names. */
const program = process.env.WIRESTITCH_UI ?? 'http://localhost:16690';

export default defineConfig({
  root: import.meta.dirname,
  // Assets are named relative to <base href>, which the server fills in.
  base: './',
  plugins: [react()],
  build: {
    target: 'es2023',
    outDir: 'dist',
    emptyOutDir: true,
    // The content security policy knows no data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  worker: { format: 'es' },
  server: { host: 'localhost', proxy: { '/api': program } },
});
