/** The list of uploads that were begun and are not done, as their server tells of them. */

import * as api from "./api.js";
import { TaskGone, Transient } from "./failures.js";
import { forget, remembered } from "./memory.js";
import { percent, size } from "./text.js";

const section = document.getElementById("unfinished");
const list = document.getElementById("entries");
const template = document.getElementById("entry");

export function hideUnfinished() {
    section.hidden = true;
}

/** @param {() => void} choose opens the choice of a file */
export async function showUnfinished(choose) {
    const items = await Promise.all(remembered().map(async (entry) => item(entry, await state(entry), choose)));
    list.replaceChildren(...items.filter((item) => item !== undefined));
    section.hidden = list.children.length === 0;
}

/** What is to be said of it; undefined where it has come to its end. */
async function state(entry) {
    try {
        const info = await api.blocksInfo(entry.task);
        const held = `${size(info.receivedSize)} of ${size(entry.size)} (${percent(info.receivedSize, entry.size)} %)`;
        if (info.status === "upload") return `${held} on the server`;
        if (info.status === "pause") return `${held} on the server, paused`;
        if (info.status === "verify") return "complete, being verified";
    } catch (error) {
        if (error instanceof Transient) return `${size(entry.size)}; ${error.message}`;
        if (!(error instanceof TaskGone)) return error.message;
    }
    forget(entry.key);
    return undefined;
}

function item(entry, text, choose) {
    if (text === undefined) return undefined;
    const item = template.content.cloneNode(true).firstElementChild;
    item.querySelector("strong").textContent = entry.name;
    item.querySelector(".hint").textContent = text;
    const [again, remove] = [item.querySelector(".choose"), item.querySelector(".remove")];
    again.ariaLabel = `Choose ${entry.name} again`;
    again.onclick = choose;
    remove.ariaLabel = `Remove ${entry.name} from the server`;
    remove.onclick = async () => {
        try {
            await api.changeState(entry.task, "cancel");
        } catch (error) {
            if (!(error instanceof TaskGone)) {
                item.querySelector(".hint").textContent = error.message;
                return;
            }
        }
        forget(entry.key);
        item.remove();
        section.hidden = list.children.length === 0;
    };
    return item;
}
