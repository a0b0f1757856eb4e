/** The map of a file: where it has been received, and where it has holes. */

import { svg, write } from "./dom.js";
import { count, percent, size } from "./text.js";

const [none, some, all] = [0, 1, 2];

/**
 * Cuts the bytes from `begin` up to `end` into so many cells of equal length, and says of each whether it is received.
 *
 * @param {[first: number, last: number][]} ranges inclusive, in order
 */
export function cells(ranges, begin, end, number) {
    const result = new Uint8Array(number).fill(none);
    const length = (end - begin) / number;
    const held = new Float64Array(number);
    for (const [first, last] of ranges) {
        const [from, to] = [Math.max(first, begin), Math.min(last + 1, end)];
        if (from >= to) continue;
        const [left, right] = [Math.floor((from - begin) / length), Math.min(Math.ceil((to - begin) / length), number)];
        for (let cell = left; cell < right; cell += 1) {
            const start = begin + cell * length;
            held[cell] += Math.max(0, Math.min(to, start + length) - Math.max(from, start));
        }
    }
    // The least hole shows: what counts as all may miss no byte, but sums of fractions are not exact.
    const slack = Math.min(0.5, length * 1e-6);
    held.forEach((bytes, cell) => (result[cell] = bytes <= slack ? none : bytes >= length - slack ? all : some));
    return result;
}

/** The path around all runs of cells that are of this kind, one unit wide each and one high. */
function path(cells, kind) {
    let runs = "";
    for (let cell = 0; cell < cells.length; cell += 1) {
        if (cells[cell] !== kind) continue;
        const begin = cell;
        while (cells[cell + 1] === kind) cell += 1;
        runs += `M${begin} 0H${cell + 1}V1H${begin}z`;
    }
    return runs;
}

/** What is missing. */
export function gaps(ranges, bytes) {
    const result = [];
    let next = 0;
    for (const [first, last] of [...ranges, [bytes, bytes]]) {
        if (first > next) result.push([next, first - 1]);
        next = last + 1;
    }
    return result;
}

/** One strip of the map. */
export class MapStrip {
    element;
    #number;
    #held = svg("path", { class: "held" });
    #some = svg("path", { class: "some" });

    constructor(number) {
        this.#number = number;
        const box = `0 0 ${number} 1`;
        this.element = svg("svg", { class: "map", viewBox: box, preserveAspectRatio: "none" }, this.#some, this.#held);
    }

    show(ranges, begin, end) {
        const parts = end > begin ? cells(ranges, begin, end, this.#number) : new Uint8Array(this.#number).fill(all);
        this.#set(this.#held, path(parts, all));
        this.#set(this.#some, path(parts, some));
    }

    #set(element, d) {
        if (element.getAttribute("d") !== d) element.setAttribute("d", d);
    }
}

/** How far a task is, in words. */
export function inWords({ bytes, receivedBytes }, ranges) {
    if (bytes === 0) return "an empty file";
    const share = `${percent(receivedBytes, bytes)} % received, ${size(receivedBytes)} of ${size(bytes)}`;
    if (!ranges || receivedBytes === bytes) return share;
    return `${share}, ${count(gaps(ranges, bytes).length, "gap")}`;
}

/** The ranges as they are known: told, or plain from the number of bytes; undefined where it is not. */
export function knownRanges(task) {
    if (task.ranges) return task.ranges;
    if (task.receivedBytes === task.bytes) return task.bytes > 0 ? [[0, task.bytes - 1]] : [];
    return task.receivedBytes === 0 ? [] : undefined;
}

/** The map in one line, for a list. */
export class SmallMap {
    element;
    #strip = new MapStrip(240);
    #label;

    constructor() {
        this.element = this.#strip.element;
        this.element.setAttribute("role", "img");
        this.#label = svg("title");
        this.element.prepend(this.#label);
    }

    show(task) {
        const ranges = knownRanges(task);
        // Where it is not known which bytes are there, it is shown how many.
        this.#strip.show(ranges ?? [[0, task.receivedBytes - 1]], 0, task.bytes);
        this.element.dataset.state = task.state;
        this.element.classList.toggle("vague", ranges === undefined);
        const hint = ranges === undefined ? "; where, its own page shows" : "";
        write(this.#label, inWords(task, ranges) + hint);
    }
}
