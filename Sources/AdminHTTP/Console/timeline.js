/** What happened to a task, in order. */

import { el, reconcile, write } from "./dom.js";
import { clock, show as showTime } from "./time.js";

/** What is told of each kind of event, and its colour. */
const kinds = {
    created: ["Registered", "accent"],
    blocks: ["Blocks", "accent"],
    paused: ["Paused", "wait"],
    resumed: ["Resumed", "accent"],
    received: ["All received", "accent"],
    bytesLost: ["Bytes lost", "bad"],
    verified: ["Verified", "good"],
    finished: ["Finished", "good"],
    failed: ["Failed", "bad"],
    cancelled: ["Cancelled", "dim"],
    timedOut: ["Timed out", "bad"],
    callback: ["Callback", "dim"],
};

export class Timeline {
    element = el("ol", { className: "timeline", id: "timeline" });

    /** @param {{at: string, what: string, detail: string}[]} events */
    show(events) {
        const items = events.map((event, index) => ({ ...event, index }));
        reconcile(this.element, items, ({ index, what }) => `${index} ${what}`, makeEntry, (entry, { at, what, detail }) => {
            showTime(entry.querySelector("time"), at);
            write(entry.querySelector(".detail"), detail);
            entry.dataset.tone = tone(what, detail);
        });
    }
}

function makeEntry({ what }) {
    return el("li", {}, clock(), el("strong", {}, kinds[what]?.[0] ?? what), el("span", { className: "detail" }));
}

/** An attempt that was not taken is told as what went wrong. */
function tone(what, detail) {
    if (what === "callback") return /: HTTP 2\d\d /.test(detail) ? "good" : "wait";
    return kinds[what]?.[1] ?? "dim";
}
