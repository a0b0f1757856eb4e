/** The page: files come in, buttons are pressed, and the upload of the moment is told. */

import { Closed, Unreadable } from "./failures.js";
import { Hasher } from "./hasher.js";
import { Meter } from "./meter.js";
import { Outage } from "./outage.js";
import { hideUnfinished, showUnfinished } from "./unfinished.js";
import { Upload } from "./upload.js";
import { View } from "./view.js";

const element = (id) => document.getElementById(id);
const input = element("file");
const view = new View();
const hasher = new Hasher();
let upload;

async function start(file) {
    hideUnfinished();
    const meter = new Meter(file.size);
    view.begin(file);
    const show = (state) => {
        view.enter(state);
        view.progress(meter);
    };
    const outage = new Outage((reason) => {
        // A time in which nothing went says nothing about the speed.
        meter.rest();
        view.outage(reason);
    });
    const mine = new Upload({ file, hasher, outage, meter, show });
    upload = mine;
    const clock = setInterval(() => view.progress(meter), 250);
    try {
        await mine.run();
        show("done");
        view.sum(mine.md5);
    } catch (error) {
        if (error instanceof Closed && error.state === "cancel") return show("cancelled");
        show("failed");
        view.problem(error, error instanceof Unreadable);
    } finally {
        clearInterval(clock);
        view.outage(null);
    }
}

function idle() {
    view.end();
    return showUnfinished(() => input.click());
}

input.onchange = () => {
    const [file] = input.files;
    // The same one may be chosen again.
    input.value = "";
    if (file) start(file);
};

element("pause").onclick = () => {
    if (view.state === "paused") upload.resume();
    else if (view.state === "uploading") upload.pause();
};
element("cancel").onclick = () => {
    if (element("cancel").ariaDisabled === "true") return;
    element("sure").returnValue = "";
    element("sure").showModal();
};
element("sure").onclose = () => {
    if (element("sure").returnValue === "yes" && view.isBusy) upload.cancel();
};
element("again").onclick = () => start(upload.file);
element("another").onclick = idle;

// Without these a file that misses the field would be opened in place of this page.
addEventListener("dragover", (event) => {
    event.preventDefault();
    event.dataTransfer.dropEffect = view.isBusy ? "none" : "copy";
    element("page").classList.toggle("over", !view.isBusy);
});
addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) element("page").classList.remove("over");
});
addEventListener("drop", (event) => {
    event.preventDefault();
    element("page").classList.remove("over");
    const [item] = event.dataTransfer.items;
    if (view.isBusy || item?.kind !== "file") return;
    const entry = item.webkitGetAsEntry?.();
    element("hint").textContent = entry?.isDirectory
        ? "That is a folder: drop a file"
        : event.dataTransfer.items.length > 1
            ? "One at a time: drop a single file"
            : "or drop one anywhere on this page";
    if (!entry?.isDirectory && event.dataTransfer.items.length === 1) start(event.dataTransfer.files[0]);
});

showUnfinished(() => input.click());
