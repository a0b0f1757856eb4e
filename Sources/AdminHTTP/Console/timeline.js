/** What happened to a task, in order. */

import { el, reconcile, write } from "./dom.js";
import { count, size } from "./text.js";
import { clock, local, parse, show as showTime } from "./time.js";

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
            write(entry.querySelector(".detail"), readable(at, detail));
            entry.dataset.tone = tone(what, detail);
        });
    }
}

function makeEntry({ what }) {
    return el("li", {}, clock(), el("strong", {}, kinds[what]?.[0] ?? what), el("span", { className: "detail" }));
}

/** Blocks are told with the time of the last one, which is UTC in the database, and the day that of the first. */
function readable(at, detail) {
    const [, blocks, bytes, until] = detail.match(/^(\d+) blocks?, (\d+) bytes, until ([\d:.]+)$/) ?? [];
    if (!until) return detail;
    return `${count(Number(blocks), "block")}, ${size(Number(bytes))}, until ${local(parse(`${at.slice(0, 10)} ${until}`))}`;
}

/** An attempt that was not taken is told as what went wrong. */
function tone(what, detail) {
    if (what === "callback") return /: HTTP 2\d\d /.test(detail) ? "good" : "wait";
    return kinds[what]?.[1] ?? "dim";
}
