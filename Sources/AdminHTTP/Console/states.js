/** States, in words and colours. */

import { el, write } from "./dom.js";

/** @type {Record<string, [word: string, tone: string]>} */
const states = {
    receiving: ["Receiving", "accent"],
    paused: ["Paused", "wait"],
    verifying: ["Verifying", "accent"],
    publishing: ["Publishing", "accent"],
    finished: ["Finished", "good"],
    failed: ["Failed", "bad"],
    cancelled: ["Cancelled", "dim"],
    timedOut: ["Timed out", "bad"],
    // Callbacks.
    pending: ["Waiting", "wait"],
    sending: ["Sending", "accent"],
    delivered: ["Delivered", "good"],
    dead: ["Given up", "bad"],
};

export const word = (state) => states[state]?.[0] ?? state;

export const isOpen = ({ state }) => ["receiving", "paused", "verifying", "publishing"].includes(state);

/** What is to be said beside the state: why it does not go on, or why it ended so. */
export const remark = ({ state, trouble, reason }) => trouble ?? (state === "finished" ? "" : reason);

/** A mark that is given its state by `showState`. */
export const stateMark = () => el("span", { className: "state" });

export function showState(mark, state) {
    write(mark, word(state));
    mark.dataset.tone = states[state]?.[1] ?? "dim";
    return mark;
}
