// What the pages may weigh and take: one table, checked by budgets.spec.mjs. Sizes are in KiB and of the
// gzip form, whatever form a browser is given; times in milliseconds, on a slow phone link with a quarter
// of the processor.

/** What comes only where it is shown, on top of its page: the editor of prompts, the colours of code. */
const EDITOR = 100;
const CODE = 50;

/** Each page: what it is, and how much script it may load cold until it is ready and quiet. */
export const PAGES = [
  { screen: 'login', js: 235 },
  { screen: 'register', js: 235 },
  { screen: 'forgot', js: 235 },
  { screen: 'reset', js: 235 },
  { screen: 'verify', js: 235 },
  { screen: 'dashboard', js: 360 },
  // The list of first steps is a file of its own.
  { screen: 'dashboard-empty', js: 360, requests: 32 + 1 },
  { screen: 'agents-cards', js: 260 },
  // With the reminder that an address is not proved.
  { screen: 'agents-empty', js: 260 },
  { screen: 'prompts', js: 260 },
  { screen: 'runs', js: 260 },
  { screen: 'errors', js: 260 },
  { screen: 'errors-empty', js: 260 },
  { screen: 'activity', js: 260 },
  { screen: 'admin-users', js: 335 },
  { screen: 'settings-profile', js: 335 },
  { screen: 'settings-keys', js: 335 },
  { screen: 'settings-security', js: 335 },
  { screen: 'org-members', js: 335 },
  { screen: 'org-roles', js: 335 },
  // A page of its own, for people who never saw the app.
  { screen: 'visitor', js: 265 },
  { screen: 'wizard-start', js: 335 },
  { screen: 'wizard-identity', js: 335 },
  { screen: 'wizard-instructions', js: 335 + EDITOR },
  { screen: 'prompt', js: 335 + EDITOR },
  { screen: 'agent-chat', js: 335 },
  // Each exchange that is read back is a request of its own; here are two.
  { screen: 'agent-conversation', js: 335 + CODE, requests: 32 + 2 },
  { screen: 'run-completed', js: 335 + CODE },
];

export const PER_PAGE = { css: 14, fonts: 55, requests: 32, shift: 0.02 };

/** Everything that the program carries for the browser, in the smallest form of each. */
export const EMBEDDED_KIB = 2048;

/** Pages whose times are measured: one that is whole in its HTML, a list, the heaviest. */
export const TIMED = { login: { paint: 800, ready: 2600 }, 'agents-cards': { paint: 800, ready: 2600 }, dashboard: { paint: 800, ready: 2600 } };

/** A long conversation scrolls at this rate. */
export const SCROLL = { messages: 500, framesPerSecond: 50 };

/** Slow 4G as browsers' tools have it, and a phone's processor. */
export const SLOW = { latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 0.75e6 / 8, cpu: 4 };

/**
 * A machine that builds and tests many things at once is no phone. Times count as missed only beyond this
 * many times the budget, on top of how much the machine was shared while they were taken.
 */
export const LENIENCE = 2.5;
