/** What the server has told last. Views read it, and are told when it changes. */

import { Link } from "./link.js";
import { Pace } from "./pace.js";
import { setClock } from "./time.js";

/**
 * Dispatches `overview` once a second, `tasks` when tasks have changed, and `moved`, with the tasks whose state has, in
 * `detail`.
 */
class Live extends EventTarget {
    link = new Link((event, data) => this.#receive(event, data));
    overview = null;
    /** Whether there are more open tasks than are told. */
    isCut = false;
    arriving = new Pace();
    #tasks = new Map();
    #paces = new Map();

    /** An open task as it was told last, with its ranges; undefined where it is none of the 100 that are told. */
    task(id) {
        return this.#tasks.get(id);
    }

    /** Who is told and in which state: another text whenever a task has come, gone or moved on. */
    get standing() {
        return [...this.#tasks.values()].map(({ id, state }) => `${id} ${state}`).sort().join();
    }

    pace(id) {
        return this.#paces.get(id);
    }

    #receive(event, data) {
        if (event === "overview") {
            this.overview = data;
            setClock(data.now);
            this.arriving.note(data.receivedBytes);
            // What was not told again is what it was.
            for (const [id, task] of this.#tasks) this.#paces.get(id).note(task.receivedBytes);
        }
        if (event === "tasks") {
            this.isCut = data.more;
            this.#take(data.tasks);
        }
        this.dispatchEvent(new Event(event));
    }

    #take(tasks) {
        const before = this.#tasks;
        this.#tasks = new Map(tasks.map((task) => [task.id, task]));
        this.#paces = new Map(tasks.map(({ id }) => [id, this.#paces.get(id) ?? new Pace()]));
        for (const { id, receivedBytes } of tasks) this.#paces.get(id).note(receivedBytes);
        const moved = tasks.filter(({ id, state }) => before.has(id) && before.get(id).state !== state);
        if (moved.length > 0) this.dispatchEvent(new CustomEvent("moved", { detail: moved }));
    }
}

export const live = new Live();
