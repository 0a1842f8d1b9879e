const HIDDEN_FRAME_MS = 250;

/** Before the next paint; a hidden page paints none, so a timer stands in. Returns what calls it off. */
export function beforePaint(run: () => void): () => void {
  const cancel = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
  const once = () => {
    cancel();
    run();
  };
  const frame = requestAnimationFrame(once);
  const timer = setTimeout(once, HIDDEN_FRAME_MS);
  return cancel;
}
