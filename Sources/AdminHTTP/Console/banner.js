/** Says whether what is shown is what is, and when it will be tried again. */

import { announce } from "./announce.js";
import { write } from "./dom.js";
import { live } from "./live.js";
import { local, parse } from "./time.js";

const element = (id) => document.getElementById(id);

const words = {
    connecting: "Connecting",
    live: "Live",
    waiting: "Not connected",
    locked: "Locked",
    resting: "Resting",
};

let wasLive = false;
let isOut = false;
let timer;

export function watchLink() {
    live.link.addEventListener("change", show);
    element("retry").onclick = () => live.link.retry();
    show();
}

function show() {
    const { state, reason } = live.link;
    element("link").dataset.link = state;
    write(element("link"), words[state]);
    element("main").classList.toggle("stale", state === "waiting");
    clearInterval(timer);
    if (state === "waiting") {
        const shown = live.overview ? ` What is shown is from ${local(parse(live.overview.now))}.` : "";
        write(element("outage"), `${reason}.${shown}`);
        element("banner").hidden = false;
        timer = setInterval(count, 250);
        count();
        if (!isOut) announce(`${reason}.`);
        isOut = true;
    } else if (state !== "connecting") {
        const hadFocus = element("banner").contains(document.activeElement);
        element("banner").hidden = true;
        if (hadFocus) element("main").focus();
        if (state === "live" && isOut && wasLive) announce("The server answers again.");
        if (state === "live") [isOut, wasLive] = [false, true];
    }
}

function count() {
    const seconds = Math.ceil((live.link.retryAt - performance.now()) / 1000);
    write(element("again"), seconds > 0 ? `Trying again in ${seconds}\u00a0s.` : "Trying again now …");
}
