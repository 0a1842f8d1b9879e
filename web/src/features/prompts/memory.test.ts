import { expect, it } from "vitest";

import { Memory } from "./memory";

it("keeps the last few", () => {
  const memory = new Memory<number>(2);
  memory.set("a", 1);
  memory.set("b", 2);
  memory.set("a", 3);
  memory.set("c", 4);
  expect([memory.get("a"), memory.get("b"), memory.get("c")]).toEqual([3, undefined, 4]);
  memory.delete("a");
  expect(memory.get("a")).toBeUndefined();
});
