/** What was over the last hours. */

import * as api from "./api.js";
import { Chart } from "./chart.js";
import { el, write } from "./dom.js";
import { Refresh } from "./refresh.js";
import { replaceQuery } from "./route.js";
import { exact, milliseconds, rate } from "./text.js";
import { now, parse } from "./time.js";

const spans = [1, 6, 24, 48];
const whole = (value) => exact(Math.round(value));

const charts = [
    {
        title: "Throughput", base: 1024, least: 1024, format: rate,
        series: [{ name: "Received", tone: "accent", isArea: true, value: (sample) => sample.bytesPerSecond }],
    },
    {
        title: "Time of a block", base: 1000, least: 1, format: (value) => (value === 0 ? "0" : milliseconds(value)),
        series: [{ name: "One block", tone: "good", value: (sample) => sample.blockLatencyMs }],
    },
    {
        title: "Outbox", base: 1000, least: 4, format: whole,
        series: [
            { name: "Waiting", tone: "wait", isArea: true, value: (sample) => sample.outboxDepth },
            { name: "Given up", tone: "bad", value: (sample) => sample.deadCallbacks },
        ],
    },
    {
        title: "Open tasks", base: 1000, least: 4, format: whole,
        series: [{ name: "Open", tone: "accent", value: (sample) => sample.openTasks }],
    },
];

export class ChartsView {
    title = "Charts";
    element;
    #hours = 6;
    #query;
    #refresh;
    #charts = charts.map((options) => new Chart(options));
    #problem = el("p", { className: "problem", role: "alert" });
    #grid;
    #empty = el("div", { className: "empty", id: "empty", hidden: true }, el("h2", {}, "Nothing was measured yet"),
        el("p", {}, "A point is added every ten seconds, and kept for two days, restarts or not."));
    #spans = spans.map((hours) => el("input", { type: "radio", name: "hours", value: String(hours) }));

    constructor(route, signal) {
        this.#grid = el("div", { className: "charts", id: "charts" }, ...this.#charts.map((chart) => chart.element));
        this.element = el("section", {},
            el("div", { className: "head" }, el("h1", { tabIndex: -1 }, "Charts"),
                el("fieldset", { className: "choice" }, el("legend", { className: "unseen" }, "Time span"),
                    ...this.#spans.map((input) => el("label", {}, input, `${input.value} h`)))),
            this.#problem, this.#grid, this.#empty);
        for (const input of this.#spans) input.onchange = () => this.#choose(input.value);
        this.#refresh = new Refresh((signal) => this.#load(signal), 10, (text) => write(this.#problem, text), signal);
        this.route(route);
    }

    route({ query }) {
        this.#query = query;
        const hours = Number(query.get("hours"));
        this.#hours = spans.includes(hours) ? hours : 6;
        for (const input of this.#spans) input.checked = Number(input.value) === this.#hours;
        this.#refresh.now();
    }

    #choose(hours) {
        this.#query.set("hours", hours);
        replaceQuery(this.#query);
        this.route({ query: this.#query });
    }

    async #load(signal) {
        const hours = this.#hours;
        const { step, samples } = await api.get("history", { hours }, signal);
        // The one that asked for another span is on its way.
        if (hours !== this.#hours) return;
        const points = samples.map((sample) => ({ ...sample, time: parse(sample.at).getTime() }));
        this.#grid.hidden = points.length === 0;
        this.#empty.hidden = points.length > 0;
        for (const chart of this.#charts) chart.show(points, step, hours, Number(now()));
    }
}
