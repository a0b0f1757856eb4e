/** The calls of the protocol, one exchange each; repeating them is the caller's. */

import { exchange } from "./exchange.js";
import { Refused, TaskGone, Transient } from "./failures.js";

const [business, server] = ["business server", "upload server"];
const json = "application/json";

/** Asks the business server for an upload; the same file asked for again gives the task that is still open. */
export async function newTask(registration, signal) {
    const url = new URL("../api/business/new/task", import.meta.url);
    const answer = await exchange(business, "POST", url, { body: JSON.stringify(registration), type: json, signal });
    const task = requireSuccess(envelope(answer, business), business).data;
    if (!task?.taskId || !task.uploadUrl || !task.blocksUrl || !task.stateUrl) throw unexpected(business, "no task");
    return task;
}

/** What the upload server holds. */
export async function blocksInfo(task, signal) {
    const answer = requireSuccess(envelope(await exchange(server, "GET", task.blocksUrl, { signal }), server), server);
    // Bare or inside `data`: servers of this protocol do either.
    const info = Array.isArray(answer.expectBlocks) ? answer : answer.data;
    if (!Array.isArray(info?.expectBlocks)) throw unexpected(server, "no missing ranges");
    return info;
}

/** Asks for `pause`, `upload` or `cancel`; being in that state already is success too. */
export async function changeState(task, status, signal) {
    const body = JSON.stringify({ taskId: task.taskId, status });
    const answer = envelope(await exchange(server, "POST", task.stateUrl, { body, type: json, signal }), server);
    if (answer.retCode !== "5") requireSuccess(answer, server);
}

/**
 * Sends one block.
 *
 * Throws `Transient` also where the bytes arrived damaged.
 *
 * @param {(sent: number) => void} sending
 * @returns {Promise<{outcome: "stored" | "paused" | "tooLarge", missing: object[]}>}
 */
export async function sendBlock(task, range, blob, md5, { signal, sending }) {
    const form = new FormData();
    form.append("startByte", range.startByte);
    form.append("endByte", range.endByte);
    form.append("partMd5", md5);
    form.append("file", blob);
    const answer = envelope(await exchange(server, "POST", task.uploadUrl, { body: form, signal, sending }), server);
    switch (answer.retCode) {
        case "1":
            return { outcome: "stored", missing: answer.data?.expectBlocks ?? [answer.data] };
        case "4":
            return { outcome: "paused", missing: [] };
        case "7":
            throw new Transient("a block arrived damaged");
        case "10":
            return { outcome: "tooLarge", missing: [] };
        default:
            requireSuccess(answer, server);
            return { outcome: "stored", missing: [] };
    }
}

/** What the protocol and HTTP say to try again is `Transient`, what is no envelope is refused. */
function envelope({ status, body, retryAfter }, party) {
    const retCode = body?.retCode === undefined ? undefined : String(body.retCode);
    if (["3", "11", "20"].includes(retCode)) {
        throw new Transient(`the ${party} says: ${body.status}`, retryAfter);
    }
    if (status >= 500 || status === 408 || status === 429) {
        throw new Transient(`the ${party} answered HTTP ${status}`, retryAfter);
    }
    if (retCode === undefined) throw unexpected(party, `HTTP ${status}`);
    return { ...body, retCode };
}

function requireSuccess(answer, party) {
    if (answer.retCode === "0") return answer;
    if (party === server && ["2", "9"].includes(answer.retCode)) throw new TaskGone(answer.status);
    throw new Refused(party, answer.retCode, answer.status);
}

function unexpected(party, detail) {
    return new Refused(party, "-", `it gave no answer of the protocol (${detail})`);
}
