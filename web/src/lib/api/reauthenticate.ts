/**
 * Some calls want a recent sign-in (403 `reauthentication_required`). The call then waits here: what stands on
 * the screen asks the person who they are, and the call is made once more. Whoever made it never learns of it,
 * so what was typed stays where it is.
 */

/** Asks the person; whether they proved who they are. */
export type AskAgain = () => Promise<boolean>;

export const REAUTHENTICATION_REQUIRED = "reauthentication_required";

let ask: AskAgain | null = null;
let asking: Promise<boolean> | null = null;

/** Registers what asks, for as long as it can; the function that is returned takes it away. */
export function onReauthentication(asks: AskAgain): () => void {
  ask = asks;
  return () => {
    if (ask === asks) ask = null;
  };
}

/** Has the person asked; calls that come meanwhile wait for the same answer. Nobody there to ask: no. */
export function reauthenticate(): Promise<boolean> {
  if (!ask) return Promise.resolve(false);
  asking ??= ask().finally(() => {
    asking = null;
  });
  return asking;
}
