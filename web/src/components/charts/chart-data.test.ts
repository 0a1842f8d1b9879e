import { describe, expect, it } from "vitest";

import { hasValues, isAlone, rowsOf, type ChartPoint, type ChartSeries } from "./chart-data";

const series: ChartSeries[] = [{ key: "a", label: "A", tone: "accent" }, { key: "b", label: "B", tone: "danger" }];
const point = (at: string, a: number | null, b: number | null = null): ChartPoint => ({ at, values: { a, b } });

describe("data of charts", () => {
  it("knows when there is nothing to draw", () => {
    expect(hasValues([], series)).toBe(false);
    expect(hasValues([point("1", 0, null), point("2", null, 0)], series)).toBe(false);
    expect(hasValues([point("1", 0), point("2", 0, 3)], series)).toBe(true);
  });

  it("finds the points that no line reaches", () => {
    const points = [point("1", 5), point("2", null), point("3", 4), point("4", 2), point("5", null), point("6", 1)];
    expect(points.map((_, i) => isAlone(points, i, "a"))).toEqual([true, false, false, false, false, true]);
    expect(points.map((_, i) => isAlone(points, i, "b"))).toEqual(Array(6).fill(false));
  });

  it("lists what happened, newest first", () => {
    expect(rowsOf([point("1", 1), point("2", 0, null), point("3", null, 2)], series).map(({ at }) => at)).toEqual(["3", "1"]);
  });
});
