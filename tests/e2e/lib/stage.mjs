// Where many screens are looked at one after the other: one seeded server per worker, and one page per
// form and account that goes from screen to screen, because starting them is what takes time.
import { devices, expect, test as base } from '@playwright/test';

import { allow, signIn, watch, world } from './fixtures.mjs';
import { seed } from './seed.mjs';
import { words } from './words.mjs';

export { expect };

const WIDE = { viewport: { width: 1440, height: 900 }, locale: 'en-GB', colorScheme: 'light' };

const form = (context, { narrow = false } = {}) => ({ context: { ...WIDE, ...context }, locale: context.locale ?? 'en', narrow });

/** The forms screens are looked at in; `narrow` ones have no room for two columns. */
export const FORMS = {
  light: form({}),
  dark: form({ colorScheme: 'dark' }),
  phone: form({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, userAgent: devices['Pixel 7'].userAgent }, { narrow: true }),
  arabic: form({ locale: 'ar' }),
  // What a browser's zoom does to a page: half as many pixels, twice as large.
  zoomed: form({ viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 }, { narrow: true }),
};

/** A form in another language. */
export const inLanguage = (locale) => form({ locale });

const QUIET_MS = 10_000;

/** A page on its way from screen to screen, and what it complains about. */
class Viewer {
  #busy = new Map();

  constructor({ page, form, world: server, origin, seed: seeded }) {
    /** What a row of the table gets. */
    this.at = { page, form, world: server, seed: seeded, t: words(form.locale) };
    this.page = page;
    this.complaints = watch(page, origin);
    page.on('request', (request) => this.#busy.set(request, request.url()));
    // What the page before it had asked for, nobody waits for any more.
    page.on('response', (response) => { if (response.request().isNavigationRequest()) this.#busy.clear(); });
    for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => this.#busy.delete(request));
  }

  /** Everything asked for has come, but for streams. */
  async quiet() {
    await expect.poll(() => [...this.#busy.values()].filter((url) => !/\/events$|\/v1\/ai\//.test(url)), { timeout: QUIET_MS }).toEqual([]);
  }

  pathOf({ path }) {
    return typeof path === 'function' ? path(this.at.seed) : path;
  }

  /** Goes to a screen of the table and returns when it is there. */
  async show(screen) {
    const { at, page, complaints } = this;
    complaints.length = 0;
    await page.goto(this.pathOf(screen));
    await expect(screen.ready(at)).toBeVisible();
    await screen.act?.(at);
    await this.quiet();
    if (screen.also !== 'stream') await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
    await page.evaluate(() => document.fonts.ready.then(() => undefined));
    // The browser itself logs a reply that is an error: of who is not signed in, and of what is not there.
    if (screen.who === 'nobody') allow(complaints, /status of 401/);
    if (screen.absent) allow(complaints, /status of 404/);
    if (screen.refused) allow(complaints, /status of 4(03|09|22)/);
  }

  /** Takes back what would change the screens after it. */
  async leave(screen) {
    await screen.undo?.(this.at);
  }

  close() {
    return this.page.context().close();
  }
}

/** A new browser, in effect: nothing is stored or cached. */
async function openViewer({ browser, world: here, seed: seeded }, form, who) {
  const origin = `http://localhost:${here.server.port}`;
  const context = await browser.newContext({ timezoneId: 'Europe/Berlin', reducedMotion: 'reduce', baseURL: origin, ...form.context });
  if (who !== 'nobody') await signIn(context, seeded[who], origin);
  return new Viewer({ page: await context.newPage(), form, world: here, origin, seed: seeded });
}

export const test = base.extend({
  world,

  seed: [async ({ world: server }, use) => use(await seed(server)), { scope: 'worker' }],

  /** `fresh(form, who)`: a page of that form, signed in as that account, with an empty cache. Close it. */
  fresh: [async ({ browser, world: here, seed: seeded }, use) => {
    await use((form, who = 'ada') => openViewer({ browser, world: here, seed: seeded }, form, who));
  }, { scope: 'worker' }],

  /** `stage(form, who)`: the same, kept for the next that asks. */
  stage: [async ({ fresh }, use) => {
    const viewers = new Map();
    await use((form, who = 'ada') => {
      const key = JSON.stringify([form, who]);
      if (!viewers.has(key)) viewers.set(key, fresh(form, who));
      return viewers.get(key);
    });
    for (const viewer of viewers.values()) await (await viewer).close();
  }, { scope: 'worker' }],
});
