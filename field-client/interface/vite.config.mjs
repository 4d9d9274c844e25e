/* How the pages are put together. tools/embed.mjs and CMakeLists.txt put the result into the program. */
import { defineConfig } from 'vite';

export default defineConfig({
    base: '/',
    esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
    build: {
        target: ['chrome102', 'firefox110'],
        // A file as data: in a style sheet or an inline script would need a laxer Content-Security-Policy.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        emptyOutDir: true,
        reportCompressedSize: false,
    },
});
