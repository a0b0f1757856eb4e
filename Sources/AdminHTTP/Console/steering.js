/** The buttons of a task: what they ask before they do it, and what they do. */

import { announce } from "./announce.js";
import * as api from "./api.js";
import { el } from "./dom.js";
import { word } from "./states.js";
import { sure } from "./sure.js";

const actions = {
    pause: {
        label: "Pause",
        states: ["receiving"],
        text: "The client is told that it is paused and sends nothing more. What has been received is kept, and the upload " +
            "can be resumed here, or by the client.",
    },
    resume: {
        label: "Resume",
        states: ["paused"],
        text: "The server takes blocks again. The client goes on when it asks next.",
    },
    cancel: {
        label: "Cancel",
        states: ["receiving", "paused", "verifying"],
        text: "What has been received of it is removed, and the business server is called back with −3. This can't be " +
            "undone.",
        isDangerous: true,
    },
};

export class Steering {
    element = el("div", { className: "buttons" });
    #buttons = {};
    #task;
    #isActing = false;
    #changed;
    #failed;

    /**
     * @param {(task: object) => void} changed given the task as it is now
     * @param {(message: string) => void} failed told why it did not work, "" when it is tried anew
     */
    constructor(changed, failed) {
        this.#changed = changed;
        this.#failed = failed;
        for (const [name, { label, isDangerous }] of Object.entries(actions)) {
            const button = el("button", { type: "button", id: name }, label);
            button.classList.add("quiet");
            button.classList.toggle("danger", Boolean(isDangerous));
            button.onclick = () => this.#act(name);
            this.#buttons[name] = button;
            this.element.append(button);
        }
    }

    show(task) {
        this.#task = task;
        const focused = document.activeElement;
        for (const [name, { states }] of Object.entries(actions)) {
            this.#buttons[name].hidden = !states.includes(task.state);
        }
        // The button that was pressed has made room for the one that takes it back.
        if (this.element.contains(focused) && focused.hidden) {
            (this.element.querySelector("button:not([hidden])") ?? document.querySelector("h1")).focus();
        }
    }

    async #act(name) {
        if (this.#isActing) return;
        const task = this.#task;
        const { label, text, isDangerous } = actions[name];
        const answer = await sure({
            title: `${label} “${task.file}”?`, text, yes: `${label} the upload`, isDangerous, hasReason: true,
        });
        if (!answer) return;
        this.#isActing = true;
        this.#failed("");
        try {
            const body = answer.reason ? { reason: answer.reason } : {};
            const changed = (await api.post(`tasks/${task.id}/${name}`, body)).task;
            announce(`${changed.file}: ${word(changed.state)}.`);
            this.#changed(changed);
        } catch (error) {
            this.#failed(`${label}: ${error.message}.`.replace(/\.\.$/, "."));
        } finally {
            this.#isActing = false;
        }
    }
}
