/** What can go wrong with a request, sorted by what helps against it. */

/** No answer came, or none that the server itself gave: worth another try. */
export class Unreachable extends Error {}

/** The server said no. */
export class Refused extends Error {
    /** @param {number} status of HTTP */
    constructor(message, status) {
        super(message);
        this.status = status;
    }

    /** Whether a token is wanted, or another one. */
    get wantsToken() {
        return this.status === 401;
    }
}
