/** Asks for the token when the server wants one, and has it forgotten. */

import * as api from "./api.js";
import { live } from "./live.js";
import { session } from "./session.js";

const element = (id) => document.getElementById(id);
const [dialog, field, problem] = [element("gate"), element("token"), element("gate-problem")];

function open() {
    if (dialog.open) return;
    field.value = "";
    problem.textContent = session.token ? "The server does not take the token that this tab had." : "";
    dialog.showModal();
}

/** What a header can carry; anything else is no token. */
const isToken = (text) => /^[\x21-\x7e]+$/.test(text);

async function enter() {
    const token = field.value.trim();
    element("gate-enter").ariaDisabled = "true";
    try {
        if (isToken(token) && (await api.accepts(token))) {
            session.keep(token);
            dialog.close();
        } else {
            problem.textContent = "This is not the token.";
            field.select();
        }
    } catch (error) {
        problem.textContent = `${error.message}. Try again.`;
    } finally {
        element("gate-enter").ariaDisabled = "false";
    }
}

const showForget = () => (element("forget").hidden = !session.token);

export function guard() {
    showForget();
    session.addEventListener("refused", open);
    session.addEventListener("change", showForget);
    element("gate-form").onsubmit = (event) => {
        event.preventDefault();
        enter();
    };
    element("gate-later").onclick = () => dialog.close();
    // It does not outlive the question, answered or not.
    dialog.onclose = () => (field.value = "");
    element("forget").onclick = () => {
        session.forget();
        // What was shown was for who has the token.
        location.reload();
    };
    live.link.addEventListener("change", () => (element("unlock").hidden = live.link.state !== "locked"));
    element("unlock").onclick = open;
}
