/** The large map of a file, line by line as a text is, with its holes told in words. */

import { el, reconcile, write } from "./dom.js";
import { gaps, inWords, knownRanges, MapStrip } from "./map.js";
import { count, exact, size, trim } from "./text.js";

const lines = 8;
/** Cells in a line. */
const columns = 240;
/** A file that is smaller has one line. */
const small = 1 << 20;
/** As many gaps as are told. */
const most = 100;

export class LargeMap {
    element;
    #strips = el("div", { className: "lines", role: "img" });
    #note = el("p", { className: "hint", hidden: true }, "There are more than 2000 ranges: the smallest gaps are not shown.");
    #summary = el("summary");
    #rows = el("tbody");
    #more = el("p", { className: "hint", hidden: true });
    #details;

    constructor() {
        this.#details = el("details", { id: "gaps" }, this.#summary,
            el("table", { className: "plain" },
                el("thead", {}, el("tr", {}, ...["First byte", "Last byte", "Length"].map((head) =>
                    el("th", { scope: "col", className: "number" }, head)))),
                this.#rows),
            this.#more);
        this.element = el("div", { className: "large-map" }, this.#strips,
            el("p", { className: "legend", ariaHidden: "true" },
                el("span", { className: "held" }, "received"), el("span", { className: "some" }, "partly"),
                el("span", { className: "none" }, "missing")),
            this.#note, this.#details);
    }

    show(task, rangesCut) {
        const ranges = knownRanges(task) ?? [];
        const number = task.bytes < small ? 1 : lines;
        const length = task.bytes / number;
        const strips = Array.from({ length: number }, (_, line) => [line * length, (line + 1) * length]);
        this.element.dataset.state = task.state;
        this.#strips.ariaLabel = `Map of the file: ${inWords(task, ranges)}`;
        reconcile(this.#strips, strips, ([begin]) => begin, makeLine, (line, [begin, end]) => {
            drawn.get(line).show(ranges, begin, end);
        });
        this.#note.hidden = !rangesCut;
        this.#tell(task, gaps(ranges, task.bytes));
    }

    #tell(task, missing) {
        this.#details.hidden = missing.length === 0;
        write(this.#summary, `${count(missing.length, "gap")}, ${size(task.bytes - task.receivedBytes)} missing`);
        reconcile(this.#rows, missing.slice(0, most), ([first]) => first, () => el("tr"), (row, [first, last]) => {
            const texts = [exact(first), exact(last), size(last - first + 1)];
            reconcile(row, texts.map((text, column) => ({ text, column })), ({ column }) => column,
                () => el("td", { className: "number" }), (cell, { text }) => write(cell, text));
        });
        this.#more.hidden = missing.length <= most;
        write(this.#more, `and ${exact(missing.length - most)} more`);
    }
}

const drawn = new WeakMap();

function makeLine([begin]) {
    const strip = new MapStrip(columns);
    const line = el("div", {}, el("span", { className: "offset", ariaHidden: "true" }, trim(size(begin))), strip.element);
    drawn.set(line, strip);
    return line;
}
