/** The direction of a field: that of its text, or, while there is none and a placeholder is shown, of the page. */
export function directionOf(text: string): "auto" | undefined {
  return text === "" ? undefined : "auto";
}
