/** A line of the list of tasks. */

import { el, write } from "./dom.js";
import { live } from "./live.js";
import { SmallMap } from "./map.js";
import { isOpen, remark, showState, stateMark } from "./states.js";
import { duration, percent, rate, size } from "./text.js";
import { clock, show as showTime } from "./time.js";

const none = "–";
const parts = new WeakMap();

export function makeRow({ id }) {
    const part = {
        name: el("a", { className: "name", href: `#/tasks/${id}` }),
        who: el("span", { className: "hint" }),
        state: stateMark(),
        note: el("span", { className: "note" }),
        map: new SmallMap(),
        sizes: el("span", { className: "sizes" }),
        pace: el("td", { role: "cell", className: "number pace" }),
        left: el("td", { role: "cell", className: "number left" }),
        active: clock(),
    };
    const row = el("tr", { role: "row" },
        el("th", { role: "rowheader", scope: "row", className: "file" }, part.name, part.who),
        el("td", { role: "cell", className: "standing" }, part.state, part.note),
        el("td", { role: "cell", className: "progress" }, part.map.element, part.sizes),
        part.pace,
        part.left,
        el("td", { role: "cell", className: "number activity" }, part.active));
    parts.set(row, part);
    return row;
}

/** @param {object} listed the task as the list has it; what is told live is newer */
export function updateRow(row, listed) {
    const task = { ...listed, ...live.task(listed.id) };
    const part = parts.get(row);
    write(part.name, task.file);
    write(part.who, `${task.user} · ${task.businessServer} · ${task.id}`);
    showState(part.state, task.state);
    write(part.note, remark(task));
    part.note.dataset.tone = task.trouble ? "bad" : "dim";
    part.map.show(task);
    const share = `${percent(task.receivedBytes, task.bytes)} %`;
    write(part.sizes, task.receivedBytes === task.bytes
        ? size(task.bytes) : `${size(task.receivedBytes)} of ${size(task.bytes)} · ${share}`);
    const { speed, left } = going(task);
    for (const [cell, text] of [[part.pace, speed], [part.left, left]]) {
        write(cell, text);
        cell.toggleAttribute("data-none", text === none);
    }
    showTime(part.active, isOpen(task) ? task.activeAt : task.closedAt ?? task.activeAt, true);
}

/** How fast a task is and how long it will take, as texts. */
export function going(task) {
    const pace = task.state === "receiving" ? live.pace(task.id) : undefined;
    const time = pace?.timeFor(task.bytes - task.receivedBytes);
    return {
        speed: pace?.speed ? rate(pace.speed) : none,
        left: time === undefined ? none : duration(time),
    };
}
