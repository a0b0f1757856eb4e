/** One task: its map, its facts, what happened to it, its callback. */

import * as api from "./api.js";
import { CallbackDetails } from "./callback.js";
import { el, fact, write } from "./dom.js";
import { Refused } from "./failures.js";
import { LargeMap } from "./gaps.js";
import { live } from "./live.js";
import { Refresh } from "./refresh.js";
import { replayButton } from "./replay.js";
import { going } from "./row.js";
import { isOpen, remark, showState, stateMark } from "./states.js";
import { Steering } from "./steering.js";
import { exact, percent, size } from "./text.js";
import { at, since } from "./time.js";
import { Timeline } from "./timeline.js";

export class TaskView {
    title;
    element;
    #id;
    #told;
    #answer;
    #refresh;
    #name = el("h1", { tabIndex: -1 });
    #state = stateMark();
    #note = el("p", { className: "note" });
    #problem = el("p", { className: "problem", role: "alert" });
    #refusal = el("p", { className: "problem", role: "alert", id: "refusal" });
    #figures = Object.fromEntries(["Received", "Rate", "Time left", "Blocks"].map((term) => [term, el("dd")]));
    #map = new LargeMap();
    #steering;
    #facts = el("dl", { className: "facts" });
    #timeline = new Timeline();
    #callback = new CallbackDetails();
    #noCallback = el("p", { className: "hint" });
    #replay;
    #content;
    #gone = el("div", { className: "empty", hidden: true });

    constructor({ id }, signal) {
        this.#id = id;
        this.title = `Task ${id}`;
        write(this.#name, this.title);
        this.#steering = new Steering((task) => this.#steered(task), (text) => write(this.#refusal, text));
        this.#replay = replayButton(() => this.#refresh.now(), (text) => write(this.#refusal, text));
        this.#content = this.#layOut();
        this.element = el("section", { className: "task" },
            el("p", {}, el("a", { href: "#/tasks", className: "back" }, "All tasks")),
            el("div", { className: "head" }, this.#name, this.#state), this.#problem, this.#content, this.#gone);
        this.#refresh = new Refresh((signal) => this.#load(signal), 5, (text) => write(this.#problem, text), signal);
        live.addEventListener("tasks", () => this.#follow(), { signal });
        live.addEventListener("overview", () => this.#pace(), { signal });
        this.#refresh.now();
    }

    route() {
        // The address says nothing more than which it is.
    }

    #layOut() {
        const panel = (title, ...content) => el("section", { className: "panel" }, el("h2", {}, title), ...content);
        return el("div", { hidden: true },
            this.#note,
            el("section", { className: "panel", ariaLabel: "Progress" },
                el("dl", { className: "figures" }, ...Object.entries(this.#figures).map(([term, dd]) =>
                    el("div", {}, el("dt", {}, term), dd))),
                this.#map.element, this.#refusal, this.#steering.element),
            el("div", { className: "columns" },
                el("div", {}, panel("Facts", this.#facts),
                    panel("Callback", this.#noCallback, this.#callback.element, el("div", { className: "buttons" }, this.#replay))),
                panel("What happened", this.#timeline.element)));
    }

    async #load(signal) {
        try {
            const answer = await api.get(`tasks/${this.#id}`, {}, signal);
            // Its attempts and its body are told apart.
            const whole = answer.callback ? await api.get(`callbacks/${answer.callback.id}`, {}, signal) : null;
            this.#answer = answer;
            this.#show(answer, whole);
        } catch (error) {
            if (!(error instanceof Refused && error.status === 404)) throw error;
            this.#gone.hidden = false;
            this.#content.hidden = true;
            this.#state.hidden = true;
            this.#gone.replaceChildren(el("h2", {}, "There is no such task"), el("p", {}, "It was never registered, or " +
                "was closed so long ago that the server has forgotten it (retention)."));
        }
    }

    #show(answer, callback) {
        const { task, ranges, rangesCut, timeline } = answer;
        this.title = task.file;
        write(this.#name, task.file);
        document.title = `${task.file} · fuploadServer`;
        showState(this.#state, task.state);
        write(this.#note, remark(task));
        this.#note.dataset.tone = task.trouble || ["failed", "timedOut"].includes(task.state) ? "bad" : "dim";
        this.#map.show({ ...task, ranges }, rangesCut);
        this.#steering.show(task);
        this.#pace();
        this.#showFacts(answer);
        this.#timeline.show(timeline);
        this.#showCallback(task, callback);
        this.#gone.hidden = true;
        this.#state.hidden = false;
        this.#content.hidden = false;
    }

    #pace() {
        if (!this.#answer) return;
        const { task: listed, blocks } = this.#answer;
        const task = { ...listed, ...live.task(this.#id) };
        const { speed, left } = going(task);
        write(this.#figures.Received,
            `${size(task.receivedBytes)} of ${size(task.bytes)} (${percent(task.receivedBytes, task.bytes)} %)`);
        write(this.#figures.Rate, speed);
        write(this.#figures["Time left"], left);
        write(this.#figures.Blocks, exact(blocks));
    }

    #showFacts({ task, expiresAt }) {
        // Rebuilt only when something in it has changed, so that a text that is being copied stays selected.
        const signature = JSON.stringify([task.activeAt, task.closedAt, expiresAt]);
        if (this.#facts.dataset.of === signature) return;
        this.#facts.dataset.of = signature;
        this.#facts.replaceChildren(...[
            fact("Task", el("code", {}, String(task.id))),
            fact("User", task.user),
            fact("Business server", task.businessServer),
            fact("Goes to", el("code", {}, task.targetPath)),
            fact("Length", `${exact(task.bytes)} bytes`),
            fact("MD5", el("code", {}, task.md5)),
            fact("Registered", at(task.createdAt)),
            fact("Last activity", since(task.activeAt)),
            task.closedAt ? fact("Closed", at(task.closedAt)) : null,
            expiresAt ? fact("Times out", since(expiresAt), " unless it goes on") : null,
        ].filter(Boolean));
    }

    #showCallback(task, whole) {
        this.#noCallback.hidden = whole !== null;
        write(this.#noCallback, isOpen(task)
            ? "The business server is called back when the upload has ended, however it does." : "There is none.");
        this.#callback.element.hidden = whole === null;
        if (whole) this.#callback.show(whole);
        this.#replay.show(whole?.callback);
    }

    #steered(task) {
        this.#answer = { ...this.#answer, task };
        this.#steering.show(task);
        showState(this.#state, task.state);
        this.#refresh.now();
    }

    /** Asks again when it has moved on, or was told before and is not any more. */
    #follow() {
        const task = live.task(this.#id);
        const told = task && `${task.state} ${task.receivedBytes} ${task.activeAt}`;
        if (told !== this.#told) this.#refresh.now();
        this.#told = told;
    }
}
