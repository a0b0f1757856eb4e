/** How fast bytes arrive, worked out from what was there from moment to moment. */

/** What it is measured over, in ms. */
const window = 10_000;
/** Below this it would be no more than one block's luck, in ms. */
const least = 1_500;

export class Pace {
    #samples = [];

    /** So many bytes are there at this moment, of `performance.now()`. */
    note(bytes, now = performance.now()) {
        // A server that started anew counts from 0, and lost bytes did not travel back.
        if (bytes < this.#samples.at(-1)?.bytes) this.#samples = [];
        this.#samples.push({ at: now, bytes });
        while (this.#samples.length > 2 && now - this.#samples[1].at > window) this.#samples.shift();
    }

    /** Bytes a second; undefined before that is known. */
    get speed() {
        const [first, last] = [this.#samples[0], this.#samples.at(-1)];
        if (!first || last.at - first.at < least) return undefined;
        return ((last.bytes - first.bytes) / (last.at - first.at)) * 1000;
    }

    /** Seconds that so many bytes will take; undefined before that is known, and where nothing comes. */
    timeFor(bytes) {
        return this.speed ? bytes / this.speed : undefined;
    }
}
