// How one talks to an agent, wherever a conversation is.

/** Where one writes. */
export const composer = (scope) => scope.getByRole('textbox', { name: 'Message', exact: true });

/** The turns on the screen. */
export const questions = (scope) => scope.getByRole('article', { name: 'Your message' });
export const answers = (scope) => scope.getByRole('article', { name: /^Message from / });
/** The newest one: a greeting may stand before it. */
export const answer = (scope) => answers(scope).last();

/** Says something. */
export async function ask(scope, text) {
  await composer(scope).fill(text);
  await composer(scope).press('Enter');
}
