/** The server's times, shown as those of the reader's clock. */

import { el } from "./dom.js";
import { duration } from "./text.js";

/** How far the server's clock is ahead of ours, in ms. */
let skew = 0;

/** The server's `2026-11-27 12:03:04.567`, which is UTC. */
export const parse = (text) => new Date(`${text.replace(" ", "T")}Z`);

/** Told the server's time, as it answers. */
export function setClock(text) {
    skew = parse(text) - Date.now();
}

/** The server's present. */
export const now = () => new Date(Date.now() + skew);

const pad = (number) => String(number).padStart(2, "0");
const day = (date) => `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;

/** Local time to the minute. */
export const minute = (date) => `${pad(date.getHours())}:${pad(date.getMinutes())}`;

/** Local time; with its day where that is not today. */
export function local(date) {
    const time = `${minute(date)}:${pad(date.getSeconds())}`;
    return day(date) === day(now()) ? time : `${day(date)} ${time}`;
}

const full = (date) => `${day(date)} ${minute(date)}:${pad(date.getSeconds())}`;

/** What a field of `datetime-local` takes. */
export const forField = (date) => `${day(date)}T${minute(date)}`;

/** As the server reads it. */
export const forServer = (date) => date.toISOString().replace("T", " ").replace("Z", "");

function ago(date) {
    const seconds = (now() - date) / 1000;
    // What is due in less than that is due.
    if (seconds < -1) return `in ${duration(-seconds)}`;
    return seconds < 1 ? "just now" : `${duration(seconds)} ago`;
}

/** A `time` that is empty until it is given one. */
export const clock = () => el("time");

/**
 * Shows a point in time.
 *
 * @param {string | null} text the server's time
 * @param {boolean} isRelative as `3 min ago`, which goes on by itself
 */
export function show(element, text, isRelative = false) {
    if (element.dataset.at === (text ?? "")) return element;
    element.dataset.at = text ?? "";
    if (!text) {
        element.textContent = "–";
        element.removeAttribute("title");
        return element;
    }
    const date = parse(text);
    element.dateTime = date.toISOString();
    element.title = isRelative ? `${full(date)}, that is ${text} UTC` : `${text} UTC`;
    element.toggleAttribute("data-ago", isRelative);
    element.textContent = isRelative ? ago(date) : local(date);
    return element;
}

export const at = (text) => show(clock(), text);
export const since = (text) => show(clock(), text, true);

/** Brings every relative time up to date. */
export function tick() {
    for (const element of document.querySelectorAll("time[data-ago]")) {
        const text = ago(new Date(element.dateTime));
        if (element.textContent !== text) element.textContent = text;
    }
}
