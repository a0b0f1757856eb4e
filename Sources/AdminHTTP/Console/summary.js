/** What a chart shows, in words and as a table, for those who do not see it. */

import { el } from "./dom.js";
import { local, minute } from "./time.js";

/** Rows of the table. */
const rows = 12;

const known = (samples, value) => samples.map((sample) => ({ at: sample.time, value: value(sample) }))
    .filter(({ value }) => value !== null && value !== undefined);

/** One sentence for each series. */
export function sentence(series, samples, format) {
    return series.map(({ name, value }) => {
        const points = known(samples, value);
        if (points.length === 0) return `${name}: nothing was measured.`;
        const most = points.reduce((most, point) => (point.value > most.value ? point : most));
        const mean = points.reduce((sum, point) => sum + point.value, 0) / points.length;
        return `${name}: now ${format(points.at(-1).value)}, ${format(mean)} on average, at most ${format(most.value)} at ` +
            `${local(new Date(most.at))}.`;
    }).join(" ");
}

/** Mean and highest value of each twelfth of the time in which anything was measured. */
export function table(series, samples, format, from, to) {
    const length = (to - from) / rows;
    const cell = (text) => el("td", { className: "number" }, text);
    const body = Array.from({ length: rows }, (_, row) => {
        const begin = from + row * length;
        const part = samples.filter(({ time }) => time >= begin && time < begin + length);
        return part.length > 0 && el("tr", {}, el("th", { scope: "row" }, minute(new Date(begin))), ...series.flatMap(({ value }) => {
            const values = known(part, value).map((point) => point.value);
            if (values.length === 0) return [cell("–"), cell("–")];
            return [cell(format(values.reduce((sum, value) => sum + value, 0) / values.length)), cell(format(Math.max(...values)))];
        }));
    });
    const heads = series.flatMap(({ name }) => [`${name}, average`, "at most"]);
    return el("table", { className: "plain" },
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "From"), ...heads.map((head) =>
            el("th", { scope: "col", className: "number" }, head)))),
        el("tbody", {}, ...body.filter(Boolean)));
}
