/** Keeps the last few values in memory, by name: what a screen left behind is there when one comes back to it. */
export class Memory<T> {
  readonly #values = new Map<string, T>();

  constructor(readonly most: number) {}

  get(name: string): T | undefined {
    return this.#values.get(name);
  }

  set(name: string, value: T): void {
    this.#values.delete(name);
    this.#values.set(name, value);
    const [oldest] = this.#values.keys();
    if (this.#values.size > this.most && oldest !== undefined) this.#values.delete(oldest);
  }

  delete(name: string): void {
    this.#values.delete(name);
  }
}
