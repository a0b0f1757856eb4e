/** The strip at the top: whether the service works, and what it has in hand. */

import { announce } from "./announce.js";
import { el, reconcile, write } from "./dom.js";
import { live } from "./live.js";
import { word } from "./states.js";
import { clock, show as showTime } from "./time.js";
import { count, exact, rate, size } from "./text.js";

const element = (id) => document.getElementById(id);
let wasReady;

export function watchOverview() {
    live.addEventListener("overview", show);
}

function show() {
    const overview = live.overview;
    readiness(overview);

    const open = Object.entries(overview.openTasks);
    const total = open.reduce((sum, [, number]) => sum + number, 0);
    const parts = open.filter(([, number]) => number > 0).map(([state, number]) => `${number} ${word(state).toLowerCase()}`);
    tile("open", exact(total), [parts.join(" · ") || "no upload is under way"]);

    const speed = live.arriving.speed;
    const since = element("arriving").querySelector("time") ?? clock();
    showTime(since, overview.startedAt, true);
    tile("arriving", speed === undefined ? "–" : rate(speed), [
        `${size(overview.receivedBytes)} in ${count(overview.receivedBlocks, "block")}`, ["since the start, ", since],
    ]);

    const { freeBytes: free, missingBytes: missing, promisedBytes: promised } = overview;
    const isShort = free !== null && free < missing;
    tile("space", free === null ? "unknown" : size(free), [
        `${size(missing)} to come of ${size(promised)} promised`, ...(isShort ? ["less than what is to come"] : []),
    ]);
    element("space").dataset.tone = isShort ? "bad" : "";

    outbox(overview.callbacks);
    write(element("version"), overview.version);
}

function readiness({ ready, reasons }) {
    tile("readiness", ready ? "Ready" : "Not ready", ready ? ["takes and delivers files"] : reasons);
    element("readiness").dataset.tone = ready ? "good" : "bad";
    if (wasReady !== undefined && wasReady !== ready) {
        announce(ready ? "The service is ready again." : `The service is not ready: ${reasons.join("; ")}.`);
    }
    wasReady = ready;
}

function outbox({ waiting, dead, oldestWaitingAt }) {
    const lines = dead > 0 && waiting > 0 ? [`${exact(waiting)} waiting`] : [];
    if (oldestWaitingAt) {
        const oldest = element("outbox").querySelector("time") ?? clock();
        showTime(oldest, oldestWaitingAt, true);
        lines.push(["the oldest: ", oldest]);
    }
    // Those are for somebody to look after; others look after themselves.
    const figure = dead > 0 ? `${exact(dead)} given up` : waiting > 0 ? `${exact(waiting)} waiting` : "Empty";
    tile("outbox", figure, lines.length > 0 ? lines : [dead > 0 ? "no other is waiting" : "every callback is delivered"]);
    element("outbox").dataset.tone = dead > 0 ? "bad" : waiting > 0 ? "wait" : "";
}

/** @param {(string | (string | Node)[])[]} lines texts, or texts and elements that stay the same ones */
function tile(id, figure, lines) {
    write(element(id).querySelector(".figure"), figure);
    const items = lines.map((line, index) => ({ index, parts: Array.isArray(line) ? line : [line] }));
    reconcile(element(id).querySelector(".detail"), items, ({ index }) => index, () => el("p"), (p, { parts }) => {
        const isSame = p.childNodes.length === parts.length && parts.every((part, index) =>
            typeof part === "string" ? p.childNodes[index].data === part : p.childNodes[index] === part);
        if (!isSame) p.replaceChildren(...parts);
    });
}
