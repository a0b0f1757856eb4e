/** The calls of the admin API, one exchange each; repeating them is the caller's. */

import { Refused, Unreachable } from "./failures.js";
import { session } from "./session.js";

/** How long an answer may take, in ms. */
const limit = 20_000;

/** Beside this script's own folder, wherever a proxy has put it. */
const base = new URL("../", import.meta.url);

/**
 * Throws `Unreachable` when no answer came, `Refused` when it was no, the signal's reason when it was given up.
 *
 * @param {object} parameters of the query; those that are empty are left out
 */
export async function get(path, parameters = {}, signal = undefined) {
    const url = new URL(`api/${path}`, base);
    const given = Object.entries(parameters).filter(([, value]) => value !== "" && value !== undefined && value !== null);
    // A plus sign is a space in forms only; everywhere else it is a plus sign.
    url.search = new URLSearchParams(given).toString().replaceAll("+", "%20");
    return json(await exchange(url, {}, within(signal)));
}

/** Changes something; as `get`. The header is what no page of somebody else's can send. */
export async function post(path, body) {
    const headers = { "Content-Type": "application/json", "X-Fupload-Admin": "1" };
    const options = { method: "POST", headers, body: JSON.stringify(body) };
    return json(await exchange(new URL(`api/${path}`, base), options, within()));
}

/** The stream of events; as `get`, but it ends when it does. */
export async function events(signal) {
    const headers = { Accept: "text/event-stream" };
    return (await exchange(new URL("api/events", base), { headers }, signal)).body;
}

/** Whether the server takes this token. */
export async function accepts(token) {
    try {
        await exchange(new URL("api/overview", base), {}, within(), token);
        return true;
    } catch (error) {
        if (error instanceof Refused && error.wantsToken) return false;
        throw error;
    }
}

async function exchange(url, options, signal, token = session.token) {
    const headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
    let answer;
    try {
        answer = await fetch(url, { ...options, headers, signal, cache: "no-store", credentials: "omit", redirect: "error" });
    } catch (error) {
        throw given(signal) ?? new Unreachable("The server does not answer", { cause: error });
    }
    if (!answer.ok) throw await refusal(answer, token);
    return answer;
}

async function json(answer) {
    try {
        return await answer.json();
    } catch (error) {
        throw new Unreachable("The server's answer broke off", { cause: error });
    }
}

async function refusal(answer, token) {
    let message;
    try {
        message = (await answer.json()).error?.message;
    } catch {
        // A proxy's page, for example: the status says what there is to say.
    }
    // The token may have been replaced while this was under way.
    if (answer.status === 401 && token === session.token) session.refused();
    return new Refused(message ?? `The server answered HTTP ${answer.status}`, answer.status);
}

const within = (signal) => AbortSignal.any([AbortSignal.timeout(limit), ...(signal ? [signal] : [])]);

/** Why it was given up, where that was ours; a time limit is the server's. */
function given(signal) {
    return signal?.aborted && signal.reason?.name !== "TimeoutError" ? signal.reason : undefined;
}
