import { ApiError, toApiError } from "@/lib/api/problem";

/**
 * `saved`: the server has what is on the screen. `waiting`: typed, and about to be saved. `retrying`: it did
 * not get through and is tried again. `conflict`: somebody else saved meanwhile; nothing is sent until it is
 * decided whose version stays. `refused`: the server will not take it as it is; a change tries again.
 */
export type SaveState = "saved" | "waiting" | "saving" | "retrying" | "conflict" | "refused";

export interface SaveSnapshot {
  state: SaveState;
  /** When it was last saved here; null: not yet. */
  savedAt: number | null;
  error: ApiError | null;
}

export interface AutosaveOptions<T> {
  /** The revision that the first save replaces. */
  revision: number;
  /** What the server has. */
  saved: T;
  /** What there is now; called when it is sent, not when it is typed. */
  read: () => T;
  /** Stores it in place of `revision`; answers the new revision. `last`: the page is going away. */
  save: (value: T, revision: number, last: boolean) => Promise<number>;
}

const QUIET_MS = 900;
const LONGEST_MS = 5_000;
const RETRY_FIRST_MS = 1_500;
const RETRY_LAST_MS = 30_000;

/** Saves what is typed a moment after the typing stops; one request at a time, each on top of the last. */
export class Autosaver<T> {
  readonly #options: AutosaveOptions<T>;
  readonly #listeners = new Set<() => void>();
  #snapshot: SaveSnapshot = { state: "saved", savedAt: null, error: null };
  #revision: number;
  #saved: string;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #firstChangeAt: number | null = null;
  #failures = 0;
  #running: Promise<void> | null = null;

  constructor(options: AutosaveOptions<T>) {
    this.#options = options;
    this.#revision = options.revision;
    this.#saved = JSON.stringify(options.saved);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): SaveSnapshot => this.#snapshot;

  get revision(): number {
    return this.#revision;
  }

  /** Whether the server lacks something that is on the screen. */
  get dirty(): boolean {
    return JSON.stringify(this.#options.read()) !== this.#saved;
  }

  /** Something was typed. */
  readonly touch = (): void => {
    const { state } = this.#snapshot;
    if (state === "conflict") return;
    if (!this.dirty) {
      this.#wait(null);
      if (state === "waiting" || state === "refused") this.#set({ state: "saved", error: null });
      return;
    }
    if (state === "retrying" || this.#running) return;
    this.#firstChangeAt ??= Date.now();
    this.#set({ state: "waiting", error: null });
    this.#wait(Math.max(0, Math.min(QUIET_MS, this.#firstChangeAt + LONGEST_MS - Date.now())));
  };

  /** Saves now what is not saved; resolves when the server has it, or when it is clear that it will not. */
  readonly flush = async (last = false): Promise<SaveSnapshot> => {
    this.#wait(null);
    while (this.#running) await this.#running;
    if (this.dirty && this.#snapshot.state !== "conflict") {
      this.#running = this.#send(last).finally(() => {
        this.#running = null;
      });
      await this.#running;
      if (this.#snapshot.state === "waiting") this.#wait(QUIET_MS);
    } else if (this.#snapshot.state !== "conflict") this.#set({ state: "saved", error: null });
    return this.#snapshot;
  };

  /** Sends nothing more until something is typed; resolves when nothing is on its way. */
  readonly rest = async (): Promise<void> => {
    this.#wait(null);
    while (this.#running) await this.#running;
    this.#wait(null);
  };

  /** The connection may be back. */
  readonly retry = (): void => {
    if (this.#snapshot.state === "retrying") void this.flush();
  };

  /** What is on the screen is what the server has at `revision`. */
  readonly accept = (revision: number): void => {
    this.#wait(null);
    this.#revision = revision;
    this.#saved = JSON.stringify(this.#options.read());
    this.#firstChangeAt = null;
    this.#failures = 0;
    this.#set({ state: "saved", error: null });
  };

  /** Ends a conflict: what is on the screen replaces `revision`. */
  readonly insist = (revision: number): Promise<SaveSnapshot> => {
    this.#revision = revision;
    this.#set({ state: "waiting", error: null });
    return this.flush();
  };

  readonly dispose = (): void => {
    this.#wait(null);
  };

  #wait(ms: number | null): void {
    clearTimeout(this.#timer);
    this.#timer = ms === null ? undefined : setTimeout(() => void this.flush(), ms);
  }

  #set(change: Partial<SaveSnapshot>): void {
    const next = { ...this.#snapshot, ...change };
    if (next.state === this.#snapshot.state && next.savedAt === this.#snapshot.savedAt && next.error === this.#snapshot.error) return;
    this.#snapshot = next;
    for (const listener of this.#listeners) listener();
  }

  async #send(last: boolean): Promise<void> {
    const value = this.#options.read();
    const sent = JSON.stringify(value);
    this.#set({ state: "saving", error: null });
    try {
      this.#revision = await this.#options.save(value, this.#revision, last);
    } catch (thrown) {
      this.#fail(toApiError(thrown));
      return;
    }
    this.#saved = sent;
    this.#failures = 0;
    this.#firstChangeAt = null;
    this.#set({ state: this.dirty ? "waiting" : "saved", savedAt: Date.now(), error: null });
  }

  #fail(error: ApiError): void {
    if (error.status === 412) this.#set({ state: "conflict", error });
    else if ([400, 403, 404, 413, 422].includes(error.status)) this.#set({ state: "refused", error });
    else {
      this.#set({ state: "retrying", error });
      const backoff = Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** this.#failures++);
      this.#wait(error.retryAfterS === null ? backoff : Math.max(backoff, error.retryAfterS * 1_000));
    }
  }
}
