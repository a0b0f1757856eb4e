/** The list of tasks: filtered and sorted by the server, kept up to date by what it tells live. */

import { announce } from "./announce.js";
import * as api from "./api.js";
import { el, reconcile, write } from "./dom.js";
import { live } from "./live.js";
import { Refresh } from "./refresh.js";
import { replaceQuery } from "./route.js";
import { makeRow, updateRow } from "./row.js";
import { word } from "./states.js";
import { exact } from "./text.js";

const groups = [
    ["Open", [["open", "All that are open"], ...["receiving", "paused", "verifying", "publishing"].map(named)]],
    ["Closed", [["closed", "All that are closed"], ...["finished", "failed", "cancelled", "timedOut"].map(named)]],
];
const sorts = [
    ["created desc", "Newest first"], ["created asc", "Oldest first"],
    ["activity desc", "Latest activity first"], ["activity asc", "Longest idle first"],
    ["size desc", "Largest first"], ["size asc", "Smallest first"],
    ["progress desc", "Nearest to done first"], ["progress asc", "Farthest from done first"],
];
const heads = [["File", ""], ["State", ""], ["Received", ""], ["Rate", "number"], ["Time left", "number"], ["Activity", "number"]];
/** As many as are shown to begin with, and as many as there may be. */
const [page, most] = [100, 1000];

export class TasksView {
    title = "Tasks";
    element;
    #query;
    #limit = page;
    #listed = [];
    #refresh;
    #told = live.standing;
    #state = el("select", { id: "state" }, ...groups.map(([label, options]) =>
        el("optgroup", { label }, ...options.map(option))), option(["all", "Open and closed"]));
    #search = el("input", { type: "search", id: "search", placeholder: "File name, user or task id", autocomplete: "off",
        spellcheck: false });
    #sort = el("select", { id: "sort" }, ...sorts.map(option));
    #count = el("p", { className: "count", id: "count" });
    #problem = el("p", { className: "problem", role: "alert" });
    #rows = el("tbody", { role: "rowgroup", id: "rows" });
    #table;
    #empty = el("div", { className: "empty", id: "empty", hidden: true });
    #more = el("button", { type: "button", className: "quiet", id: "more", hidden: true }, "Show more");

    constructor(route, signal) {
        this.#table = el("table", { role: "table", className: "tasks", hidden: true },
            el("caption", { className: "unseen" }, "Tasks"),
            el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...heads.map(([head, className]) =>
                el("th", { role: "columnheader", scope: "col", className }, head)))),
            this.#rows);
        this.element = el("section", {},
            el("div", { className: "head" }, el("h1", { tabIndex: -1 }, "Tasks"), this.#count),
            el("div", { className: "filters", role: "search" },
                el("label", { className: "wide" }, "Search ", this.#search), el("label", {}, "Show ", this.#state),
                el("label", {}, "Order ", this.#sort)),
            this.#problem, this.#table, this.#empty, this.#more);
        this.#refresh = new Refresh((signal) => this.#load(signal), 5, (text) => write(this.#problem, text), signal);
        this.#watch(signal);
        this.route(route);
    }

    /** The filters stand in the address, so that it can be kept and given to somebody. */
    route({ query }) {
        this.#query = query;
        this.#state.value = query.get("state") ?? "open";
        this.#sort.value = query.get("sort") ?? sorts[0][0];
        if (document.activeElement !== this.#search) this.#search.value = query.get("search") ?? "";
        this.#limit = page;
        this.#refresh.now();
    }

    #watch(signal) {
        this.#state.onchange = () => this.#choose("state", this.#state.value, "open");
        this.#sort.onchange = () => this.#choose("sort", this.#sort.value, sorts[0][0]);
        let typing;
        this.#search.oninput = () => {
            clearTimeout(typing);
            typing = setTimeout(() => this.#choose("search", this.#search.value.trim(), ""), 250);
        };
        signal.addEventListener("abort", () => clearTimeout(typing));
        this.#more.onclick = () => {
            this.#limit = Math.min(this.#limit + page, most);
            this.#refresh.now();
        };
        live.addEventListener("tasks", () => this.#follow(), { signal });
        // Rates fall where nothing comes, too.
        live.addEventListener("overview", () => this.#draw(), { signal });
        live.addEventListener("moved", ({ detail }) => {
            for (const task of detail) {
                announce(`${task.file}: ${word(task.state)}.`, (all) => `${all.length} tasks have changed their state.`);
            }
        }, { signal });
    }

    #choose(name, value, standard) {
        if (value === standard) this.#query.delete(name);
        else this.#query.set(name, value);
        replaceQuery(this.#query);
        this.route({ query: this.#query });
    }

    async #load(signal) {
        const [sort, order] = this.#sort.value.split(" ");
        const state = this.#state.value;
        const search = this.#query.get("search") ?? "";
        const { tasks, more } = await api.get("tasks", { state, search, sort, order, limit: this.#limit }, signal);
        this.#listed = tasks;
        this.#draw();
        write(this.#count, `${exact(tasks.length)}${more ? " and more" : ""}`);
        this.#table.hidden = tasks.length === 0;
        this.#empty.hidden = tasks.length > 0;
        this.#empty.replaceChildren(...(tasks.length === 0 ? this.#nothing(state, search) : []));
        this.#more.hidden = !more || this.#limit >= most;
    }

    #draw() {
        reconcile(this.#rows, this.#listed, ({ id }) => id, makeRow, updateRow);
    }

    /** Asks again where a task has come, gone or moved on, which the list may have to show or to drop. */
    #follow() {
        const told = live.standing;
        // Where there are more than are told, who is among them says little.
        const isOther = !live.isCut && told !== this.#told;
        this.#told = told;
        if (isOther) this.#refresh.now();
        else this.#draw();
    }

    #nothing(state, search) {
        if (search) {
            return [el("h2", {}, "Nothing is found"), el("p", {}, `No task has “${search}” in its file's name or its ` +
                "user's, or as its id. Closed ones are found under “Open and closed”.")];
        }
        if (state === "open" || state === "receiving") {
            return [el("h2", {}, "No upload is under way"), el("p", {}, "As soon as a business server registers a file, it " +
                "is here, with a map of what has been received of it.")];
        }
        return [el("h2", {}, "None"), el("p", {}, "Tasks in this state would be here. Closed ones stay until the server " +
            "forgets them (retention).")];
    }
}

function named(state) {
    return [state, word(state)];
}

function option([value, label]) {
    return el("option", { value }, label);
}
