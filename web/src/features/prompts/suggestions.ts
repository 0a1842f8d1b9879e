/** Something that a suggesting field offers. */
export interface Suggestion {
  value: string;
  label: string;
  /** Stands at the end, quiet: a count, a provider. */
  hint?: string | undefined;
  selected?: boolean | undefined;
  /** A new value, not one of those that exist. */
  fresh?: boolean | undefined;
}

const MOST_OFFERED = 50;

function folded(text: string): string {
  return text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLocaleLowerCase();
}

/** Those that hold every word of `query`, whatever its case and accents; those that begin with it first. */
export function matching(suggestions: readonly Suggestion[], query: string): Suggestion[] {
  const wanted = folded(query.trim());
  const words = wanted.split(/\s+/).filter(Boolean);
  const found = suggestions.filter(({ label, value }) => {
    const text = folded(`${label} ${value}`);
    return words.every((word) => text.includes(word));
  });
  const begins = ({ label }: Suggestion) => (wanted && folded(label).startsWith(wanted) ? 0 : 1);
  return found.sort((a, b) => begins(a) - begins(b)).slice(0, MOST_OFFERED);
}

export function isOffered(suggestions: readonly Suggestion[], typed: string): boolean {
  const wanted = folded(typed.trim());
  return suggestions.some(({ value, label }) => folded(value) === wanted || folded(label) === wanted);
}

/** Where a step in a list of `count` leads; it goes round. -1 is before the list. */
export function stepFrom(active: number, by: 1 | -1, count: number): number {
  if (count === 0) return -1;
  if (active < 0) return by > 0 ? 0 : count - 1;
  return (active + by + count) % count;
}
