/** Repeats calls that fail for a passing reason, for as long as it takes. */

import { Transient } from "./failures.js";

const floor = 200;
const ceiling = 10_000;
/** The longest that a server may ask us to wait, in ms. */
const patience = 30_000;

/**
 * The wait after so many failures in a row, in ms: doubling, with jitter, so that the connections of one page, and many
 * pages, do not come back in step.
 *
 * @param {number} random from 0 up to 1
 */
export function delay(failures, retryAfter, random) {
    const step = Math.min(floor * 2 ** Math.min(failures - 1, 30), ceiling);
    return Math.max(step * (0.5 + 0.5 * random), Math.min(retryAfter * 1000, patience));
}

/** Waits; the signal ends it with its reason, a network that is back ends it at once. */
export function pause(ms, signal) {
    return new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const end = (settle, value) => {
            clearTimeout(timer);
            signal?.removeEventListener("abort", giveUp);
            removeEventListener("online", goOn);
            settle(value);
        };
        const giveUp = () => end(reject, signal.reason);
        const goOn = () => end(resolve);
        const timer = setTimeout(goOn, ms);
        signal?.addEventListener("abort", giveUp);
        addEventListener("online", goOn);
    });
}

export class Outage {
    #changed;
    #isTold = false;

    /** @param {(reason: string | null) => void} changed told why nothing goes on, and `null` once something does */
    constructor(changed) {
        this.#changed = changed;
    }

    /** Runs `call` until it succeeds, or throws anything but `Transient`. */
    async persist(call, signal) {
        for (let failures = 1; ; failures += 1) {
            try {
                const result = await call();
                this.#recovered();
                return result;
            } catch (error) {
                if (!(error instanceof Transient)) {
                    this.#recovered();
                    throw error;
                }
                // The first failure may be no more than a kept connection that went stale.
                if (failures > 1) this.#failed(error.message);
                await pause(delay(failures, error.retryAfter, Math.random()), signal);
            }
        }
    }

    #failed(reason) {
        this.#isTold = true;
        this.#changed(reason);
    }

    #recovered() {
        if (this.#isTold) this.#changed(null);
        this.#isTold = false;
    }
}
