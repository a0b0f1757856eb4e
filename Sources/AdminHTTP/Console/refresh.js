/** Keeps what a view has asked for up to date: asks again from time to time, and when something has happened. */

import { Refused, Unreachable } from "./failures.js";
import { live } from "./live.js";

export class Refresh {
    #work;
    #failed;
    #signal;
    #timer;
    #seconds;
    #isRunning = false;
    #isWanted = false;

    /**
     * @param {(signal: AbortSignal) => Promise<void>} work
     * @param {number} seconds from one time to the next
     * @param {(message: string) => void} failed told why the server said no, and "" once it does not. That it does not
     *   answer is told for the whole page.
     * @param {AbortSignal} signal ends it
     */
    constructor(work, seconds, failed, signal) {
        this.#work = work;
        this.#seconds = seconds;
        this.#failed = failed;
        this.#signal = signal;
        let was = live.link.state;
        live.link.addEventListener(
            "change",
            () => {
                // Whatever it was before, much may have happened since.
                if (live.link.state === "live" && was !== "live") this.now();
                was = live.link.state;
            },
            { signal },
        );
        signal.addEventListener("abort", () => clearTimeout(this.#timer));
    }

    /** Asks; where an answer is under way, once more after it. */
    async now() {
        this.#isWanted = true;
        if (this.#isRunning) return;
        this.#isRunning = true;
        while (this.#isWanted && !this.#signal.aborted) {
            this.#isWanted = false;
            clearTimeout(this.#timer);
            await this.#once();
        }
        this.#isRunning = false;
    }

    async #once() {
        try {
            await this.#work(this.#signal);
            this.#failed("");
        } catch (error) {
            if (this.#signal.aborted) return;
            if (error instanceof Refused) this.#failed(error.wantsToken ? "" : error.message);
            // A fault of ours is not to look like silence.
            else if (!(error instanceof Unreachable)) reportError(error);
        }
        this.#timer = setTimeout(() => this.#tick(), this.#seconds * 1000);
    }

    #tick() {
        if (live.link.state === "live" && !document.hidden) this.now();
        else this.#timer = setTimeout(() => this.#tick(), this.#seconds * 1000);
    }
}
