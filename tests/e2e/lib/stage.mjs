// Where many screens are looked at one after the other: one seeded server per worker, and one page per
// form and account that goes from screen to screen, because starting them is what takes time.
import { devices, expect, test as base } from '@playwright/test';

import { allow, signIn, watch, world } from './fixtures.mjs';
import { seed } from './seed.mjs';
import { words } from './words.mjs';

export { expect };

const WIDE = { viewport: { width: 1440, height: 900 }, locale: 'en-GB', colorScheme: 'light' };

/** The forms every screen is looked at in. */
export const FORMS = {
  light: WIDE,
  dark: { ...WIDE, colorScheme: 'dark' },
  phone: { ...WIDE, viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, userAgent: devices['Pixel 7'].userAgent },
  arabic: { ...WIDE, locale: 'ar' },
  // What a browser's zoom does to a page: half as many pixels, twice as large.
  zoomed: { ...WIDE, viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 },
};

const QUIET_MS = 10_000;

/** A page on its way from screen to screen, and what it complains about. */
class Viewer {
  #busy = new Map();

  constructor({ page, origin, seed: seeded, locale }) {
    Object.assign(this, { page, origin, seed: seeded, locale, t: words(locale) });
    this.complaints = watch(page, origin);
    page.on('request', (request) => this.#busy.set(request, request.url()));
    for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => this.#busy.delete(request));
  }

  /** Everything asked for has come, but for streams. */
  async quiet() {
    await expect.poll(() => [...this.#busy.values()].filter((url) => !/\/events$|\/v1\/ai\//.test(url)), { timeout: QUIET_MS }).toEqual([]);
  }

  /** Goes to a screen of the table and returns when it is there. */
  async show(screen) {
    const { page, complaints, seed: seeded } = this;
    const at = { page, seed: seeded, t: this.t, set: this };
    this.#busy.clear();
    complaints.length = 0;
    await page.goto(typeof screen.path === 'function' ? screen.path(seeded) : screen.path);
    await expect(screen.ready(at)).toBeVisible();
    await screen.act?.(at);
    await this.quiet();
    if (screen.also !== 'stream') await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
    await page.evaluate(() => document.fonts.ready.then(() => undefined));
    // The browser itself logs a reply that is an error: of who is not signed in, and of what is not there.
    if (screen.who === 'nobody') allow(complaints, /status of 401/);
    if (screen.absent) allow(complaints, /status of 404/);
  }

  async leave(screen) {
    await screen.undo?.({ page: this.page, seed: this.seed, t: this.t, set: this });
  }
}

export const test = base.extend({
  world,

  seed: [async ({ world: server }, use) => use(await seed(server)), { scope: 'worker' }],

  /** `stage(options, who)`: the page of that form, signed in as that account. */
  stage: [async ({ browser, world: { server }, seed: seeded }, use) => {
    const origin = `http://localhost:${server.port}`;
    const sets = new Map();
    const open = async (options, who) => {
      const context = await browser.newContext({ timezoneId: 'Europe/Berlin', reducedMotion: 'reduce', baseURL: origin, ...options });
      if (who !== 'nobody') await signIn(context, seeded[who], origin);
      return new Viewer({ page: await context.newPage(), origin, seed: seeded, locale: options.locale.split('-')[0] });
    };
    await use((options, who = 'ada') => {
      const key = JSON.stringify([options, who]);
      if (!sets.has(key)) sets.set(key, open(options, who));
      return sets.get(key);
    });
    for (const set of sets.values()) await (await set).page.context().close();
  }, { scope: 'worker' }],
});
