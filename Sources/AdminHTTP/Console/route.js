/** Addresses: what comes after the # says what is shown. */

/**
 * `#/tasks?state=closed`, `#/tasks/123`, `#/callbacks`, `#/charts`; anything else is the list of tasks.
 *
 * @returns {{view: "tasks" | "task" | "callbacks" | "charts", id: number | undefined, query: URLSearchParams}}
 */
export function read(hash) {
    const [path, query] = hash.replace(/^#\/?/, "").split("?", 2);
    const [view, id, ...rest] = path.split("/");
    const isTask = view === "tasks" && /^\d{1,16}$/.test(id ?? "") && rest.length === 0;
    return {
        view: isTask ? "task" : ["callbacks", "charts"].includes(view) ? view : "tasks",
        id: isTask ? Number(id) : undefined,
        query: new URLSearchParams(query ?? ""),
    };
}

/** Changes the query of what is shown, without a step back to it. */
export function replaceQuery(query) {
    const [path] = (location.hash || "#/tasks").split("?", 1);
    history.replaceState(null, "", query.size > 0 ? `${path}?${query}` : path);
}
