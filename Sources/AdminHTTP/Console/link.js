/** The connection over which events come: made again for as long as it takes, with a growing pause. */

import * as api from "./api.js";
import { events } from "./events.js";
import { Refused, Unreachable } from "./failures.js";
import { session } from "./session.js";

/** Pauses after so many failures in a row, in seconds; the last one repeats. */
const pauses = [1, 2, 4, 8, 15];
/** How long nothing may come, in ms; the server says something every 15 s. */
const silence = 30_000;
/** How long a page that nobody sees keeps it, in ms. A browser makes no more than six connections to one server. */
const unseen = 60_000;

/**
 * Dispatches `change` when `state` has changed:
 *
 * - `connecting`: for the first time, or after a pause that was none of an outage
 * - `live`: events come
 * - `waiting`: there was trouble, `reason`; it is tried again at `retryAt`, by `performance.now()`
 * - `locked`: a token is wanted
 * - `resting`: nobody looks
 */
export class Link extends EventTarget {
    state = "connecting";
    reason = "";
    retryAt = 0;
    #receive;
    #connection = new AbortController();
    #goOn = () => {};

    /** @param {(event: string, data: any) => void} receive */
    constructor(receive) {
        super();
        this.#receive = receive;
        session.addEventListener("change", () => this.#restart());
        addEventListener("online", () => this.retry());
        let timer;
        document.addEventListener("visibilitychange", () => {
            clearTimeout(timer);
            if (document.hidden) timer = setTimeout(() => this.#rest(), unseen);
            else if (this.state === "resting") this.#goOn();
        });
    }

    /** Runs for as long as the page does. */
    async run() {
        for (let failures = 0; ; ) {
            this.#connection = new AbortController();
            try {
                await this.#listen(() => (failures = 0));
            } catch (error) {
                if (this.#connection.signal.aborted) {
                    if (this.state === "resting") await this.#pause();
                } else if (error instanceof Refused && error.wantsToken) {
                    this.#become("locked");
                    await this.#pause();
                } else {
                    failures += 1;
                    const seconds = pauses[Math.min(failures, pauses.length) - 1];
                    this.retryAt = performance.now() + seconds * 1000;
                    this.#become("waiting", error.message);
                    await this.#pause(seconds * 1000);
                    continue;
                }
                this.#become("connecting");
            }
        }
    }

    /** Tries at once where it would wait. */
    retry() {
        if (this.state === "waiting") this.#goOn();
    }

    /** Returns never: throws what ended it. */
    async #listen(succeeded) {
        const { signal } = this.#connection;
        let timer;
        const silent = new AbortController();
        const alive = () => {
            clearTimeout(timer);
            timer = setTimeout(() => silent.abort(new Unreachable("The server has gone silent")), silence);
        };
        try {
            alive();
            const body = await api.events(AbortSignal.any([signal, silent.signal]));
            for await (const { event, data } of events(body, alive)) {
                this.#receive(event, JSON.parse(data));
                succeeded();
                this.#become("live");
            }
        } catch (error) {
            if (silent.signal.aborted) throw silent.signal.reason;
            throw error instanceof Refused ? error : new Unreachable("The server does not answer", { cause: error });
        } finally {
            clearTimeout(timer);
        }
        throw new Unreachable("The server has ended the connection");
    }

    /** Waits, until somebody wants it to go on or, where that is given, for so many ms. */
    #pause(ms) {
        return new Promise((resolve) => {
            const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
            this.#goOn = () => {
                clearTimeout(timer);
                resolve();
            };
        });
    }

    #restart() {
        this.#connection.abort();
        this.#goOn();
    }

    #rest() {
        if (this.state !== "live") return;
        this.#become("resting");
        this.#connection.abort();
    }

    #become(state, reason = "") {
        if (state === this.state && state !== "waiting") return;
        this.state = state;
        this.reason = reason;
        this.dispatchEvent(new Event("change"));
    }
}
