/** Sending callbacks again: one, or all that were given up since a time. */

import { announce } from "./announce.js";
import * as api from "./api.js";
import { el } from "./dom.js";
import { sure } from "./sure.js";
import { count } from "./text.js";
import { forField, forServer, local, now } from "./time.js";

const texts = {
    dead: "It was given up. It is sent at once, and tried again as a new one is.",
    pending: "It waits for its next attempt. It is sent at once.",
    delivered: "The receiver has taken it already. It gets it once more, with the same webhook-id.",
};

/**
 * A button that sends a callback again, once it was asked about; hidden until `show` is given one that can be.
 *
 * @param {() => void} done
 * @param {(message: string) => void} failed told why it did not work, "" when it is tried anew
 */
export function replayButton(done, failed) {
    const button = el("button", { type: "button", className: "quiet small replay", hidden: true }, "Send again");
    let callback;
    button.show = (given) => {
        callback = given;
        button.hidden = !given || !(given.state in texts);
        button.ariaLabel = given ? `Send the callback of task ${given.taskId} again` : "";
    };
    button.onclick = async () => {
        const { id, state, taskId } = callback;
        const title = `Send the callback of task ${taskId} again?`;
        if (await sure({ title, text: texts[state], yes: "Send it again" })) await replay({ ids: [id] }, done, failed);
    };
    return button;
}

/** The form for all that were given up. */
export function replayForm(done, failed) {
    const field = el("input", { type: "datetime-local", id: "since", required: true });
    // A day is what an outage lasts that is noticed in the morning.
    field.value = forField(new Date(now() - 86_400_000));
    const button = el("button", { className: "quiet", id: "replay-all" }, "Send all again");
    const form = el("form", { className: "replay-all" },
        el("label", {}, "Given up, with a task that ended since ", field), button);
    form.onsubmit = async (event) => {
        event.preventDefault();
        failed("");
        const date = new Date(field.value);
        const since = forServer(date);
        try {
            const { callbacks, more } = await api.get("callbacks", { state: "dead", since, limit: 1000 });
            if (callbacks.length === 0) return failed(`None was given up whose task has ended since ${local(date)}.`);
            const number = more ? `More than ${count(callbacks.length, "callback")}` : count(callbacks.length, "callback");
            const answer = await sure({
                title: "Send all of these again?",
                text: `${number} of tasks that ended since ${local(date)} ${callbacks.length === 1 ? "was" : "were"} given ` +
                    "up. They are sent at once, each with the webhook-id it had.",
                yes: "Send them again",
            });
            if (answer) await replay({ since, state: "dead" }, done, failed);
        } catch (error) {
            failed(`${error.message}.`);
        }
    };
    return form;
}

async function replay(body, done, failed) {
    failed("");
    try {
        const { replayed, left } = await api.post("callbacks/replay", body);
        const rest = left > 0 ? ` ${count(left, "callback")} had been under way already.` : "";
        announce(`${count(replayed, "callback is", "callbacks are")} being sent again.${rest}`);
    } catch (error) {
        failed(`It was not sent again: ${error.message}.`);
    }
    done();
}
