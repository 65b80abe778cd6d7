// ESLint for the page (browser) and for the tests and benchmarks (node). The format is prettier's.
import js from '@eslint/js';
import globals from 'globals';

export default [
    { ignores: ['**/node_modules/**', '.airi/**'] },
    js.configs.recommended,
    {
        rules: {
            eqeqeq: 'error',
            'no-var': 'error',
            'prefer-const': 'error',
            'no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrors: 'none', ignoreRestSiblings: true }],
        },
    },
    { files: ['gateway/pages/**/*.js'], languageOptions: { globals: globals.browser } },
    { files: ['**/*.mjs'], languageOptions: { globals: { ...globals.node } } },
    // Functions that Playwright evaluates in the page.
    { files: ['tests/e2e/*.mjs'], languageOptions: { globals: globals.browser } },
];
