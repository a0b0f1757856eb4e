/** A chart over time, drawn as SVG; with what it shows in words and as a table. */

import { el, svg, write } from "./dom.js";
import { lines, marks } from "./scale.js";
import { sentence, table } from "./summary.js";
import { trim } from "./text.js";
import { local, minute } from "./time.js";

const [height, above, below, right] = [190, 12, 24, 10];

export class Chart {
    element;
    #options;
    #data;
    #width = 0;
    #graph = svg("svg", { class: "chart", role: "img", height });
    #cursor = svg("line", { class: "cursor", y1: above, y2: height - below, visibility: "hidden" });
    #values;
    #moment = el("span", { className: "hint" });
    #table = el("div");
    #details = el("details", {}, el("summary", {}, "As a table"), this.#table);

    /**
     * @param {{title: string, base: 1024 | 1000, least: number, format: (value: number) => string,
     *   series: {name: string, tone: string, isArea?: boolean, value: (sample: object) => number | null}[]}} options
     *   `least`: what the scale reaches to at the least
     */
    constructor(options) {
        this.#options = options;
        this.#values = options.series.map(() => el("strong", {}, "–"));
        this.element = el("figure", { className: "panel" },
            el("figcaption", {}, el("h2", {}, options.title),
                el("p", { className: "legend" }, ...options.series.map(({ name, tone }, index) => {
                    const key = el("span", {}, `${name} `, this.#values[index]);
                    key.dataset.tone = tone;
                    return key;
                }), this.#moment)),
            this.#graph, this.#details);
        this.#graph.addEventListener("pointermove", ({ offsetX }) => this.#point(offsetX));
        this.#graph.addEventListener("pointerleave", () => this.#point(undefined));
        new ResizeObserver(() => this.#draw()).observe(this.element);
        this.#details.ontoggle = () => this.#tabulate();
    }

    /** @param {{time: number}[]} samples in order; `step`: seconds from one to the next */
    show(samples, step, hours, to) {
        this.#data = { samples, step, hours, to, from: to - hours * 3_600_000 };
        this.#draw();
        this.#tabulate();
    }

    #tabulate() {
        const { series, format } = this.#options;
        if (!this.#details.open || !this.#data) return;
        this.#table.replaceChildren(table(series, this.#data.samples, format, this.#data.from, this.#data.to));
    }

    #draw() {
        if (!this.#data) return;
        const { samples, from, to, hours } = this.#data;
        const { series, base, least, format, title } = this.#options;
        // 0 while it is not laid out yet.
        this.#width = this.#graph.clientWidth || 600;
        const values = samples.flatMap((sample) => series.map(({ value }) => value(sample) ?? 0));
        const steps = lines(Math.max(0, ...values), base, least);
        const labels = steps.map((value) => trim(format(value)));
        // As wide as its longest label is, roughly: the digits of a text are as wide as half its height.
        const left = Math.max(...labels.map((label) => label.length)) * 6.6 + 10;
        const x = (time) => left + ((time - from) / (to - from)) * (this.#width - left - right);
        const y = (value) => height - below - (value / steps.at(-1)) * (height - above - below);
        this.#data.x = x;

        this.#graph.setAttribute("viewBox", `0 0 ${this.#width} ${height}`);
        this.#graph.setAttribute("aria-label", `${title}. ${sentence(series, samples, format)}`);
        this.#graph.replaceChildren(
            ...steps.map((value) => svg("line", { class: "rule", x1: left, x2: this.#width - right, y1: y(value), y2: y(value) })),
            ...steps.map((value, index) => label(labels[index], left - 6, y(value) + 4, "end")),
            ...marks(from, to, hours, this.#width < 480).map((time) => label(minute(new Date(time)), x(time), height - 6, "middle")),
            ...series.flatMap((one) => this.#plot(one, x, y)),
            this.#cursor);
        this.#tell(samples.at(-1));
    }

    /** Lines break off where nothing was measured: the server did not run, or there was nothing to measure. */
    #plot({ value, tone, isArea }, x, y) {
        const { samples, step } = this.#data;
        const runs = [];
        let last = -Infinity;
        for (const sample of samples) {
            const number = value(sample);
            if (number === null || number === undefined) {
                last = -Infinity;
                continue;
            }
            if (sample.time - last > step * 2500) runs.push([]);
            runs.at(-1).push(`${x(sample.time).toFixed(1)} ${y(number).toFixed(1)}`);
            last = sample.time;
        }
        // A single point is drawn as a line of no length, which has round ends.
        const line = svg("path", { class: `line ${tone}`, d: runs.map((run) => `M${run.join("L")}${run.length === 1 ? "h0" : ""}`).join("") });
        if (!isArea) return [line];
        const area = runs.map((run) => {
            const [first, end] = [run[0], run.at(-1)].map((point) => point.split(" ")[0]);
            return `M${first} ${y(0)}L${run.join("L")}L${end} ${y(0)}z`;
        });
        return [svg("path", { class: `area ${tone}`, d: area.join("") }), line];
    }

    /** Reads the values below the pointer. */
    #point(offset) {
        if (!this.#data?.samples.length) return;
        const { samples, x } = this.#data;
        this.#cursor.setAttribute("visibility", offset === undefined ? "hidden" : "visible");
        if (offset === undefined) return this.#tell(samples.at(-1));
        const distance = ({ time }) => Math.abs(x(time) - offset);
        const nearest = samples.reduce((best, sample) => (distance(sample) < distance(best) ? sample : best));
        this.#cursor.setAttribute("x1", x(nearest.time));
        this.#cursor.setAttribute("x2", x(nearest.time));
        this.#tell(nearest, true);
    }

    #tell(sample, isPast = false) {
        this.#options.series.forEach(({ value }, index) => {
            const number = sample ? value(sample) : null;
            write(this.#values[index], number === null || number === undefined ? "–" : this.#options.format(number));
        });
        write(this.#moment, sample ? (isPast ? local(new Date(sample.time)) : "now") : "");
    }
}

function label(text, x, y, anchor) {
    return svg("text", { x, y, "text-anchor": anchor, "aria-hidden": "true" }, text);
}
