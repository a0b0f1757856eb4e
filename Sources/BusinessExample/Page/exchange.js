/** One HTTP exchange. With XMLHttpRequest, since fetch does not tell how much of a body has left. */

import { Transient } from "./failures.js";

/** How long a connection may take no bytes of a body, in ms. */
const stallLimit = 60_000;
/** How long an answer may take once the body has left, in ms. */
const answerLimit = 120_000;

/** Who has answered this page already. */
const reached = new Set();

/**
 * Throws `Transient` when no answer came, the signal's reason when it was given up.
 *
 * @param {(sent: number) => void} [sending] told the bytes of the body that have left
 * @returns {Promise<{status: number, body: any, retryAfter: number}>} `body` is undefined where it is no JSON
 */
export function exchange(party, method, url, { body, type, signal, sending } = {}) {
    return new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const request = new XMLHttpRequest();
        let timer;
        const within = (limit) => {
            clearTimeout(timer);
            timer = setTimeout(() => request.abort(), limit);
        };
        const end = (settle, value) => {
            clearTimeout(timer);
            signal?.removeEventListener("abort", giveUp);
            settle(value);
        };
        const giveUp = () => request.abort();
        signal?.addEventListener("abort", giveUp);

        request.onload = () => {
            reached.add(party);
            end(resolve, answer(request));
        };
        request.onerror = () => end(reject, unreachable(party, url));
        request.onabort = () =>
            end(reject, signal?.aborted ? signal.reason : new Transient(`the ${party} took too long to answer`));
        if (sending) {
            request.upload.onprogress = (event) => {
                within(stallLimit);
                sending(event.loaded);
            };
            request.upload.onload = () => within(answerLimit);
        }
        request.open(method, url);
        if (type) request.setRequestHeader("Content-Type", type);
        within(sending ? stallLimit : answerLimit);
        request.send(body);
    });
}

/** A browser does not tell a page whether there was no answer, or one that it may not read. */
function unreachable(party, url) {
    const isOurs = reached.has(party) || new URL(url).origin === location.origin;
    const hint = isOurs ? "" : `, or does not allow pages of ${location.origin} (server.allowedOrigins)`;
    return new Transient(`the ${party} can't be reached${hint}`);
}

function answer(request) {
    let body;
    try {
        body = JSON.parse(request.responseText);
    } catch {
        // Whoever asked sees by its absence that it was no answer of the protocol.
    }
    return { status: request.status, body, retryAfter: Number(request.getResponseHeader("Retry-After")) || 0 };
}
