// End-to-end tests: the real binary with the UI in it, the scripted model server, Debian's Chromium.
//
//   npx playwright test -c tests/e2e [name-part] [--headed]
//
//   AGENTGEN_BIN         the binary (build/agentgen)
//   AGENTGEN_WEB_DIR     an export to serve instead of the one in the binary
//   AGENTGEN_CHROMIUM    the browser (/usr/bin/chromium-headless-shell: Chromium without windows of its own, which
//                        takes a quarter less time; --headed needs /usr/bin/chromium)
//   AGENTGEN_SCREENSHOTS a folder to keep a picture of every screen in
//
// What fails leaves a picture in build-test/e2e. `--trace on` records all that a test does, and takes half as
// long again.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { defineConfig } from '@playwright/test';

const root = fileURLToPath(new URL('../../', import.meta.url));

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.mjs',
  outputDir: path.join(root, 'build-test/e2e'),
  fullyParallel: false,
  workers: 2,
  retries: 0,
  // Generous, for machines that do other things as well: only what fails takes so long.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [['list'], [fileURLToPath(new URL('lib/reporter.mjs', import.meta.url))]],
  use: {
    browserName: 'chromium',
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    actionTimeout: 20_000,
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.AGENTGEN_CHROMIUM ?? '/usr/bin/chromium-headless-shell',
      // What a browser does on its own account would look like the page's doing.
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync', '--disable-default-apps'],
    },
  },
});
