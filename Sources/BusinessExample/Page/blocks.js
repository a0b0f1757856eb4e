/** What is still to be sent, cut into blocks as connections ask for them. Ranges are inclusive, as in the protocol. */

const smallest = 64 << 10;
const largest = 8 << 20;

export const count = (range) => range.endByte - range.startByte + 1;

/** Sorted and disjoint. */
function merged(ranges) {
    const result = [];
    for (const { startByte, endByte } of [...ranges].sort((one, other) => one.startByte - other.startByte)) {
        const last = result.at(-1);
        if (last && startByte <= last.endByte + 1) last.endByte = Math.max(last.endByte, endByte);
        else result.push({ startByte, endByte });
    }
    return result;
}

/** Both sorted and disjoint. */
function without(holes, ranges) {
    return ranges.flatMap((range) => {
        const kept = [];
        let startByte = range.startByte;
        for (const hole of holes) {
            if (hole.endByte < startByte || hole.startByte > range.endByte) continue;
            if (startByte < hole.startByte) kept.push({ startByte, endByte: hole.startByte - 1 });
            startByte = hole.endByte + 1;
        }
        if (startByte <= range.endByte) kept.push({ startByte, endByte: range.endByte });
        return kept;
    });
}

/** The right size of a block: little is lost when one breaks off, and it is worth a request. */
export class BlockSize {
    bytes = 1 << 20;
    #limit = largest;

    /** A block of this size took so many ms. */
    took(ms, bytes) {
        if (ms < 1_000 && bytes >= this.bytes) this.bytes = Math.min(this.bytes * 2, this.#limit);
        if (ms > 4_000) this.bytes = Math.max(Math.floor(this.bytes / 2), smallest);
    }

    /** The server takes none that large; false when there is no smaller size to try. */
    refused(bytes) {
        if (bytes <= smallest) return false;
        this.#limit = Math.max(Math.floor(bytes / 2), smallest);
        this.bytes = Math.min(this.bytes, this.#limit);
        return true;
    }
}

/** One round: what the server missed when it was asked, and what it asked for since. */
export class BlockQueue {
    #pending;
    #taken = [];
    #isPaused = false;
    #size;

    /** @param {BlockSize} size */
    constructor(missing, size) {
        this.#pending = merged(missing);
        this.#size = size;
    }

    get isPaused() {
        return this.#isPaused;
    }

    /** The lowest block that nobody has taken; undefined when there is none, or none is to be sent. */
    next() {
        if (this.#isPaused || this.#pending.length === 0) return undefined;
        const first = this.#pending[0];
        const { startByte } = first;
        const block = { startByte, endByte: Math.min(first.endByte, startByte + this.#size.bytes - 1) };
        if (block.endByte === first.endByte) this.#pending.shift();
        else first.startByte = block.endByte + 1;
        this.#taken.push(block);
        return block;
    }

    /** One that was taken and not sent. */
    putBack(block) {
        this.#taken = this.#taken.filter((taken) => taken !== block);
        this.#pending = merged([...this.#pending, block]);
    }

    /** Adds what nobody has taken in this round: the server may have asked before it saw what is under way. */
    add(missing) {
        const known = merged([...this.#pending, ...this.#taken]);
        this.#pending = merged([...this.#pending, ...without(known, merged(missing))]);
    }

    /** Hands out no more. */
    pause() {
        this.#isPaused = true;
    }
}
