/** The outbox: callbacks that are not delivered, and others when asked for. */

import * as api from "./api.js";
import { CallbackDetails, outcome, prospect } from "./callback.js";
import { el, reconcile, write } from "./dom.js";
import { live } from "./live.js";
import { Refresh } from "./refresh.js";
import { replayButton, replayForm } from "./replay.js";
import { replaceQuery } from "./route.js";
import { showState, stateMark } from "./states.js";
import { count, exact } from "./text.js";
import { since } from "./time.js";

const states = [
    ["undelivered", "Those that are not delivered"], ["pending", "Waiting"], ["sending", "Sending"], ["dead", "Given up"],
    ["delivered", "Delivered"], ["all", "All"],
];
const [page, most] = [100, 1000];

export class CallbacksView {
    title = "Callbacks";
    element;
    #limit = page;
    #query;
    #told = "";
    #refresh;
    #state = el("select", { id: "state" }, ...states.map(([value, label]) => el("option", { value }, label)));
    #count = el("p", { className: "count", id: "count" });
    #problem = el("p", { className: "problem", role: "alert" });
    #refusal = el("p", { className: "problem", role: "alert", id: "refusal" });
    #list = el("ul", { className: "callbacks", id: "callbacks" });
    #empty = el("div", { className: "empty", id: "empty", hidden: true });
    #more = el("button", { type: "button", className: "quiet", id: "more", hidden: true }, "Show more");
    #entries = new WeakMap();

    constructor(route, signal) {
        this.element = el("section", {},
            el("div", { className: "head" }, el("h1", { tabIndex: -1 }, "Callbacks"), this.#count),
            el("div", { className: "filters" }, el("label", {}, "Show ", this.#state),
                replayForm(() => this.#refresh.now(), (text) => write(this.#refusal, text))),
            this.#problem, this.#refusal, this.#list, this.#empty, this.#more);
        this.#refresh = new Refresh((signal) => this.#load(signal), 5, (text) => write(this.#problem, text), signal);
        this.#state.onchange = () => {
            if (this.#state.value === "undelivered") this.#query.delete("state");
            else this.#query.set("state", this.#state.value);
            replaceQuery(this.#query);
            this.route({ query: this.#query });
        };
        this.#more.onclick = () => {
            this.#limit = Math.min(this.#limit + page, most);
            this.#refresh.now();
        };
        live.addEventListener("overview", () => this.#follow(), { signal });
        this.route(route);
    }

    route({ query }) {
        this.#query = query;
        this.#state.value = query.get("state") ?? "undelivered";
        this.#limit = page;
        this.#refresh.now();
    }

    #follow() {
        const told = JSON.stringify(live.overview.callbacks);
        if (told !== this.#told) this.#refresh.now();
        this.#told = told;
    }

    async #load(signal) {
        const state = this.#state.value;
        const { callbacks, more } = await api.get("callbacks", { state, limit: this.#limit }, signal);
        reconcile(this.#list, callbacks, ({ id }) => id, () => this.#make(), (item, callback) => this.#update(item, callback));
        write(this.#count, `${exact(callbacks.length)}${more ? " and more" : ""}`);
        this.#list.hidden = callbacks.length === 0;
        this.#empty.hidden = callbacks.length > 0;
        this.#empty.replaceChildren(...(callbacks.length === 0 ? nothing(state) : []));
        this.#more.hidden = !more || this.#limit >= most;
    }

    #make() {
        const entry = {
            state: stateMark(),
            task: el("a", { className: "name" }),
            server: el("span", { className: "hint" }),
            destination: el("span", { className: "destination" }),
            outcome: el("p", { className: "outcome" }),
            prospect: el("p", { className: "hint" }),
            replay: replayButton(() => this.#refresh.now(), (text) => write(this.#refusal, text)),
            toggle: el("button", { type: "button", className: "quiet small", ariaExpanded: "false" }, "Details"),
            details: null,
            shown: "",
        };
        const item = el("li", {},
            el("div", { className: "what" }, entry.state, entry.task, entry.server),
            el("div", { className: "where" }, entry.destination, entry.outcome, entry.prospect),
            el("div", { className: "buttons" }, entry.toggle, entry.replay));
        entry.toggle.onclick = () => this.#toggle(item, entry);
        this.#entries.set(item, entry);
        return item;
    }

    #update(item, callback) {
        const entry = this.#entries.get(item);
        entry.replay.show(callback);
        const signature = JSON.stringify(callback);
        if (entry.shown === signature) return;
        entry.shown = signature;
        entry.callback = callback;
        showState(entry.state, callback.state);
        write(entry.task, `Task ${callback.taskId}`);
        entry.task.href = `#/tasks/${callback.taskId}`;
        entry.server.replaceChildren(`${callback.businessServer} · ended `, since(callback.createdAt));
        write(entry.destination, callback.destination);
        const attempts = callback.attempts > 1 ? `, after ${count(callback.attempts, "attempt")}` : "";
        write(entry.outcome, `${outcome(callback)}${attempts}`);
        entry.outcome.dataset.tone = callback.state === "delivered" ? "good" : callback.attempts === 0 ? "dim" : "bad";
        entry.prospect.replaceChildren(...prospect(callback));
        entry.toggle.ariaLabel = `Details of the callback of task ${callback.taskId}`;
        if (entry.details) this.#loadDetails(entry);
    }

    #toggle(item, entry) {
        entry.toggle.ariaExpanded = String(!entry.details);
        if (entry.details) {
            entry.details.element.remove();
            entry.details = null;
            return;
        }
        entry.details = new CallbackDetails();
        item.append(entry.details.element);
        this.#loadDetails(entry);
    }

    async #loadDetails(entry) {
        try {
            const whole = await api.get(`callbacks/${entry.callback.id}`);
            entry.details?.show(whole);
        } catch (error) {
            write(this.#refusal, `The details are not to be had: ${error.message}.`);
        }
    }
}

function nothing(state) {
    if (state === "undelivered") {
        return [el("h2", {}, "Every callback is delivered"), el("p", {}, "Those that a receiver does not take would be here, " +
            "with what it answered and when it is tried again.")];
    }
    return [el("h2", {}, "None"), el("p", {}, "Callbacks in this state would be here.")];
}
