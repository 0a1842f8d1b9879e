// Medians of rounds.

export function median(values) {
  const sorted = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function rounded(value, digits = 2) {
  return value === null || !Number.isFinite(value) ? null : Number(value.toFixed(digits));
}

/** The median of each numeric field over the rounds of one subject, and its spread for `cpu_us`. */
export function summary(rounds) {
  const result = { rounds: rounds.length };
  for (const [name, value] of Object.entries(rounds[0] ?? {})) {
    if (typeof value === 'number') result[name] = rounded(median(rounds.map((round) => round[name])));
  }
  const cpu = rounds.map((round) => round.cpu_us).filter(Number.isFinite);
  if (cpu.length > 1) result.cpu_us_range = [rounded(Math.min(...cpu)), rounded(Math.max(...cpu))];
  return result;
}

/** The median of the per-round quotients: both sides of each were measured seconds apart. */
export function ratio(above, below, field) {
  const quotients = above.map((round, i) => round[field] / below[i]?.[field]);
  return rounded(median(quotients));
}

/** The median of the per-round differences. */
export function difference(above, below, field) {
  return rounded(median(above.map((round, i) => round[field] - below[i]?.[field])), 1);
}
