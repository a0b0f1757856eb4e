/** What is seen of an upload. It is told what there is to show, and decides nothing. */

import { percent, size, time } from "./text.js";

const element = (id) => document.getElementById(id);

const sentences = {
    hashing: "Reading the file to work out its MD5 …",
    registering: "Asking the business server for an upload …",
    uploading: "Uploading",
    pausing: "Pausing: blocks under way may end …",
    paused: "Paused",
    cancelling: "Cancelling …",
    verifying: "Every byte is on the server, which verifies the whole file …",
    done: "Done: the file is in its place.",
    failed: "This did not work.",
    cancelled: "Cancelled. Nothing of it is left on the server.",
};

/** The states in which speed and time left are of interest. */
const paced = ["uploading", "pausing", "paused"];

/** The buttons of each state. */
const buttons = {
    hashing: ["cancel"],
    registering: ["cancel"],
    uploading: ["pause", "cancel"],
    pausing: ["pause", "cancel"],
    paused: ["pause", "cancel"],
    cancelling: ["cancel"],
    verifying: ["cancel"],
    done: ["another"],
    failed: ["again", "another"],
    cancelled: ["again", "another"],
};

export class View {
    state = "idle";
    #isHeldUp = false;

    get isIdle() {
        return this.state === "idle";
    }

    /** Whether an upload is going on. */
    get isBusy() {
        return !["idle", "done", "failed", "cancelled"].includes(this.state);
    }

    begin(file) {
        element("name").textContent = file.name;
        element("size").textContent = size(file.size);
        for (const id of ["outage", "problem", "sum"]) element(id).textContent = "";
        element("drop").hidden = true;
        element("card").hidden = false;
        // What had the focus is hidden now.
        element("name").focus({ preventScroll: true });
    }

    end() {
        this.#enter("idle");
        element("card").hidden = true;
        element("drop").hidden = false;
        document.title = "Upload a file";
        element("file").focus();
    }

    enter(state) {
        if (state === this.state) return;
        const focused = document.activeElement;
        this.#enter(state);
        this.#tell();
        for (const button of document.querySelectorAll("#card .buttons button")) {
            button.hidden = !buttons[state].includes(button.id);
        }
        element("pause").textContent = state === "paused" ? "Resume" : "Pause";
        element("another").textContent = state === "done" ? "Upload another file" : "Choose a file";
        element("pause").ariaDisabled = String(state === "pausing");
        element("cancel").ariaDisabled = String(["cancelling", "verifying"].includes(state));
        element("done-label").textContent = state === "hashing" ? "Read" : "On the server";
        element("figures").hidden = ["registering", "failed", "cancelled"].includes(state);
        for (const figure of document.querySelectorAll(".pace")) figure.hidden = !paced.includes(state);
        if (focused?.closest(".buttons") && !focused.checkVisibility()) {
            document.querySelector("#card .buttons button:not([hidden])").focus();
        }
    }

    #enter(state) {
        this.state = state;
        element("page").dataset.state = state;
    }

    /** Bytes under way are shown behind those that are acknowledged, and are not counted. */
    progress(meter) {
        const isDone = this.state === "done";
        const held = isDone ? meter.total : meter.acknowledged;
        const part = isDone ? 100 : percent(held, meter.total);
        const width = (bytes) => `${meter.total === 0 ? part : (bytes / meter.total) * 100}%`;
        element("held").style.width = width(held);
        element("way").style.width = width(held + (isDone ? 0 : meter.underWay));
        element("bar").ariaValueNow = String(part);
        element("done").textContent = `${size(held)} of ${size(meter.total)} (${part} %)`;
        const { speed, timeLeft } = this.state === "uploading" && !this.#isHeldUp ? meter : {};
        element("speed").textContent = speed ? `${size(speed)}/s` : "–";
        element("left").textContent = timeLeft === undefined ? "–" : time(timeLeft);
        document.title = `${part} % · ${element("name").textContent}`;
    }

    #tell() {
        element("status").textContent = this.#isHeldUp && this.isBusy ? "Held up" : sentences[this.state];
    }

    outage(reason) {
        this.#isHeldUp = reason !== null;
        this.#tell();
        element("outage").textContent = reason ? `Trying again until it works: ${reason}.` : "";
    }

    /** @param {boolean} isHopeless whether the same file is not worth another try */
    problem(error, isHopeless) {
        element("problem").textContent = error.message;
        if (!isHopeless) return;
        const hadFocus = document.activeElement === element("again");
        element("again").hidden = true;
        if (hadFocus) element("another").focus();
    }

    sum(md5) {
        element("sum").textContent = `MD5 ${md5}`;
    }
}
