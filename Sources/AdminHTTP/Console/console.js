/** The page: which view is shown, and what runs beside all of them. */

import { watchLink } from "./banner.js";
import { CallbacksView } from "./callbacks.js";
import { ChartsView } from "./charts.js";
import { guard } from "./gate.js";
import { live } from "./live.js";
import { read } from "./route.js";
import { watchOverview } from "./strip.js";
import { TaskView } from "./task.js";
import { TasksView } from "./tasks.js";
import { tick } from "./time.js";

const main = document.getElementById("main");
const views = { tasks: TasksView, task: TaskView, callbacks: CallbacksView, charts: ChartsView };

let shown;

function show() {
    const route = read(location.hash);
    const isSame = shown && shown.view === route.view && shown.id === route.id;
    if (isSame) return shown.page.route(route);
    shown?.end.abort(new DOMException("another view is shown", "AbortError"));
    const isFirst = !shown;
    const end = new AbortController();
    const page = new views[route.view](route, end.signal);
    shown = { ...route, page, end };
    main.replaceChildren(page.element);
    document.title = `${page.title} · fuploadServer`;
    const current = route.view === "task" ? "tasks" : route.view;
    for (const link of document.querySelectorAll("nav a")) link.ariaCurrent = link.dataset.view === current ? "page" : null;
    // What had the focus may be gone; and whoever reads by ear begins at the top of what is new.
    if (!isFirst) {
        main.querySelector("h1").focus({ preventScroll: true });
        scrollTo(0, 0);
    }
}

// As an address it would be taken for a view.
document.getElementById("skip").onclick = (event) => {
    event.preventDefault();
    main.querySelector("h1").focus();
};
addEventListener("hashchange", show);
guard();
watchLink();
watchOverview();
setInterval(tick, 1000);
show();
live.link.run();
