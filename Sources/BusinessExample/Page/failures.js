/** What can go wrong, sorted by what helps against it. */

/** It may pass: the same call is worth repeating. */
export class Transient extends Error {
    /** @param {number} retryAfter seconds that the server asked for, or 0 */
    constructor(reason, retryAfter = 0) {
        super(reason);
        this.retryAfter = retryAfter;
    }
}

/** The server said no, and would again. */
export class Refused extends Error {
    constructor(party, retCode, status) {
        super(`The ${party} refused: ${status} (${retCode})`);
        this.retCode = retCode;
    }
}

/** The server no longer takes this task; a new one is worth a try. */
export class TaskGone extends Error {
    constructor(status) {
        super(`The upload server no longer takes this upload: ${status}`);
    }
}

/** The task has ended, and not with a file in place. */
export class Closed extends Error {
    /** @param {"cancel" | "timeout" | "fail"} state */
    constructor(state) {
        super(Closed.#sentences[state]);
        this.state = state;
    }

    static #sentences = {
        cancel: "The upload was cancelled.",
        timeout: "The upload timed out: the server had waited too long for the next block. It has to begin anew.",
        fail:
            "The server could not finish the file: what it holds is not what was announced, or it can't be put in " +
            "its place. Nothing was stored.",
    };
}

/** The file can't be read as it was when it was chosen. */
export class Unreadable extends Error {
    constructor(name) {
        super(`The file can't be read any more. Was it changed, moved or removed? Choose it again. (${name})`);
    }
}
