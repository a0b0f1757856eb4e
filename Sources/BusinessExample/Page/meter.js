/** How far an upload is: bytes that the server has acknowledged, those under way, speed and time left. */

/** What the speed is measured over, in ms. */
const window = 10_000;

export class Meter {
    total;
    #acknowledged = 0;
    #sending = new Map();
    #samples = [];

    constructor(total) {
        this.total = total;
    }

    /** What the server says that it holds. */
    set acknowledged(bytes) {
        this.#acknowledged = Math.min(bytes, this.total);
    }

    get acknowledged() {
        return this.#acknowledged;
    }

    /** Bytes that have left and are not acknowledged: they may have to be sent again. */
    get underWay() {
        const sent = [...this.#sending.values()].reduce((sum, bytes) => sum + bytes, 0);
        return Math.min(sent, this.total - this.#acknowledged);
    }

    /** So much of this block has left. */
    sending(block, bytes) {
        this.#sending.set(block, bytes);
    }

    /** The block is acknowledged. */
    stored(block, bytes) {
        this.#sending.delete(block);
        this.acknowledged = this.#acknowledged + bytes;
        this.#samples.push({ at: performance.now(), bytes });
    }

    /** The block has to be sent again. */
    lost(block) {
        this.#sending.delete(block);
    }

    /** Time in which nothing is sent on purpose is not measured. */
    rest() {
        this.#samples = [];
    }

    /** Bytes a second that were acknowledged of late; undefined before that is known. */
    get speed() {
        const now = performance.now();
        // A slow line has few blocks in the window, so those before it count, too.
        while (this.#samples.length > 8 && now - this.#samples[0].at > window) this.#samples.shift();
        if (this.#samples.length < 3) return undefined;
        // The first one's bytes came before it.
        const bytes = this.#samples.slice(1).reduce((sum, sample) => sum + sample.bytes, 0);
        return bytes / Math.max((now - this.#samples[0].at) / 1000, 0.001);
    }

    /** Seconds; undefined before that is known. */
    get timeLeft() {
        const speed = this.speed;
        return speed ? (this.total - this.#acknowledged) / speed : undefined;
    }
}
