/** One callback: its facts, its body, its attempts. */

import { el, fact, reconcile, write } from "./dom.js";
import { showState, stateMark } from "./states.js";
import { count, milliseconds } from "./text.js";
import { at, clock, show as showTime, since } from "./time.js";

/** What the last attempt came to, in words. */
export function outcome({ attempts, lastStatus, lastError }) {
    if (attempts === 0) return "not tried yet";
    // Of an answer, the status says all.
    if (lastStatus !== null) return `HTTP ${lastStatus}`;
    return lastError ?? "no answer";
}

/** What it will come to, as content of an element. */
export function prospect({ state, nextAttemptAt, settledAt }) {
    if (state === "pending" && nextAttemptAt) return ["next attempt ", since(nextAttemptAt)];
    if (state === "sending") return ["under way"];
    if (settledAt) return [state === "dead" ? "given up " : "delivered ", since(settledAt)];
    return [];
}

/** @see the README: what a callback tells. */
const meanings = {
    0: "the file is in place", "-1": "the upload timed out", "-2": "the whole file's MD5 is wrong", "-3": "it was cancelled",
    "-4": "the file could not be published",
};

/** The whole of it, as `GET /api/callbacks/{id}` gives it. */
export class CallbackDetails {
    element = el("div", { className: "callback" });
    #state = stateMark();
    #facts = el("dl", { className: "facts" });
    #attempts = el("tbody");
    #table;
    #body = el("pre");

    constructor() {
        this.#table = el("table", { className: "plain attempts" },
            el("caption", {}, "Attempts"),
            el("thead", {}, el("tr", {}, ...["", "Sent", "Answer", "Took"].map((head, column) =>
                el("th", { scope: "col", className: column === 3 ? "number" : "" }, head)))),
            this.#attempts);
        this.element.append(this.#facts, this.#table,
            el("details", {}, el("summary", {}, "What is sent"), this.#body));
    }

    show({ callback, body, attempts }) {
        showState(this.#state, callback.state);
        // Rebuilt only when something in it has changed, so that a text that is being copied stays selected.
        const signature = JSON.stringify(callback);
        if (this.#facts.dataset.of !== signature) {
            this.#facts.dataset.of = signature;
            this.#facts.replaceChildren(
                fact("State", this.#state, " ", ...(callback.settledAt ? [since(callback.settledAt)] : prospect(callback))),
                fact("To", callback.destination),
                fact("Tells", `retCode ${callback.retCode}: ${meanings[callback.retCode] ?? "of no kind that this page knows"}`),
                fact("Attempts", count(callback.attempts, "attempt"), ", the last: ", outcome(callback)),
                fact("Task ended", at(callback.createdAt)),
                fact("webhook-id", el("code", {}, callback.webhookId)));
        }
        this.#table.hidden = attempts.length === 0;
        reconcile(this.#attempts, attempts, ({ attempt }) => attempt, makeAttempt, (row, attempt) => {
            const [, sent, answer, took] = row.children;
            showTime(sent.firstElementChild, attempt.startedAt);
            write(answer, attempt.status === null ? attempt.error ?? "no answer" : `HTTP ${attempt.status}`);
            answer.dataset.tone = attempt.error === null ? "good" : "bad";
            write(took, milliseconds(attempt.durationMs));
        });
        write(this.#body, JSON.stringify(body, null, 2));
    }
}

function makeAttempt({ attempt }) {
    return el("tr", {}, el("th", { scope: "row" }, String(attempt)), el("td", {}, clock()), el("td"),
        el("td", { className: "number" }));
}
