import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { addTurn, chooseTurn, EMPTY_TREE, pathTo, removeTurn, shownPath, treeOf, updateTurn, versionsOf, type ChatTree, type Turn } from "./chat-tree";

const turn = (id: string, parentId: string | null, role: Turn["role"] = "user"): Turn => ({ id, parentId, role, text: id, status: "done" });
const ids = (path: readonly Turn[]) => path.map(({ id }) => id).join(" ");

/** Two questions; the first answer was asked for twice, the second question edited. */
function sample(): ChatTree {
  let tree = EMPTY_TREE;
  for (const [id, parent] of [["q", null], ["a1", "q"], ["q2", "a1"], ["b1", "q2"], ["a2", "q"], ["q2x", "a1"]] as const) tree = addTurn(tree, turn(id, parent));
  return tree;
}

/** Every turn is in its parent's list, every choice is a child, and nothing hangs in the air. */
function expectSound({ turns, children, chosen }: ChatTree): void {
  for (const { id, parentId } of turns.values()) {
    expect(children.get(parentId ?? "")).toContain(id);
    if (parentId !== null) expect(turns.has(parentId)).toBe(true);
  }
  for (const [key, list] of children) {
    expect(list.length).toBeGreaterThan(0);
    expect(new Set(list).size).toBe(list.length);
    for (const id of list) expect(turns.get(id)?.parentId ?? "").toBe(key);
  }
  for (const [key, id] of chosen) expect(children.get(key)).toContain(id);
}

describe("the tree", () => {
  it("shows the newest version and remembers the others", () => {
    const tree = sample();
    expect(ids(shownPath(tree))).toBe("q a2");
    expect(versionsOf(tree, "a2")).toEqual(["a1", "a2"]);
    expect(ids(pathTo(tree, "b1"))).toBe("q a1 q2 b1");
  });

  it("shows behind a version what was last seen there", () => {
    const tree = chooseTurn(sample(), "a1");
    expect(ids(shownPath(tree))).toBe("q a1 q2x");
    expect(ids(shownPath(chooseTurn(tree, "q2")))).toBe("q a1 q2 b1");
  });

  it("changes one turn and leaves the others as they are", () => {
    const before = sample();
    const after = updateTurn(before, "a2", { text: "new" });
    expect(after.turns.get("a2")?.text).toBe("new");
    expect(before.turns.get("a2")?.text).toBe("a2");
    for (const id of ["q", "a1", "b1"]) expect(after.turns.get(id)).toBe(before.turns.get(id));
    expect(versionsOf(after, "a2")).toBe(versionsOf(before, "a2"));
  });

  it("removes a turn with what follows, and shows the one before it", () => {
    const tree = removeTurn(chooseTurn(sample(), "a1"), "a1");
    expect(ids(shownPath(tree))).toBe("q a2");
    expect(tree.turns.size).toBe(2);
    expect(shownPath(removeTurn(tree, "q"))).toEqual([]);
  });

  it("does nothing to a turn that is gone", () => {
    const tree = sample();
    expect(updateTurn(tree, "zz", { text: "" })).toBe(tree);
    expect(removeTurn(tree, "zz")).toBe(tree);
    expect(chooseTurn(tree, "zz")).toBe(tree);
  });

  it("refuses a turn twice, and one behind nothing", () => {
    expect(() => addTurn(sample(), turn("q", null))).toThrow(RangeError);
    expect(() => addTurn(sample(), turn("n", "zz"))).toThrow(RangeError);
  });

  it("holds a stored exchange", () => {
    expect(ids(shownPath(treeOf([turn("x", null), turn("y", null)])))).toBe("x y");
  });

  it("stays sound whatever is done to it", () => {
    const action = fc.record({ kind: fc.constantFrom("add", "root", "remove", "choose"), at: fc.nat() });
    fc.assert(fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      let tree = EMPTY_TREE;
      actions.forEach(({ kind, at }, i) => {
        const all = [...tree.turns.keys()];
        const id = all[at % Math.max(1, all.length)] ?? "";
        if (kind === "root" || (kind === "add" && all.length === 0)) tree = addTurn(tree, turn(`t${i}`, null));
        else if (kind === "add") tree = addTurn(tree, turn(`t${i}`, id));
        else if (kind === "remove") tree = removeTurn(tree, id);
        else tree = chooseTurn(tree, id);
        expectSound(tree);
        const path = shownPath(tree);
        expect(path.length === 0).toBe(tree.turns.size === 0);
        if (kind === "choose" && id) expect(pathTo(tree, id).at(-1)?.id).toBe(id);
      });
    }));
  });
});
