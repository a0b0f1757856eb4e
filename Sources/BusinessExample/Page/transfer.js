/** Brings one task to its end: asks what is missing, sends it, and asks again until the server says that it is done. */

import * as api from "./api.js";
import { BlockQueue, BlockSize, count } from "./blocks.js";
import { Closed, Refused, TaskGone } from "./failures.js";
import { delay, pause } from "./outage.js";

const connections = 4;

export class Transfer {
    #file;
    #task;
    #hasher;
    #outage;
    #meter;
    #show;
    #size = new BlockSize();
    #queue;
    #round;
    /** The change of state that was asked for last. */
    #change = Promise.resolve();
    #wake = new AbortController();

    /** @param {(state: string) => void} show told what goes on: uploading, pausing, paused, verifying, cancelling */
    constructor({ file, task, hasher, outage, meter, show }) {
        this.#file = file;
        this.#task = task;
        this.#hasher = hasher;
        this.#outage = outage;
        this.#meter = meter;
        this.#show = show;
    }

    /** Ends when the file is in place. Throws `TaskGone` when a new task is worth a try, or why none is. */
    async run() {
        let polls = 0;
        let previous;
        for (;;) {
            // What was asked for counts, not what the task was before.
            await this.#change;
            const info = await this.#outage.persist(() => api.blocksInfo(this.#task));
            this.#meter.acknowledged = info.receivedSize;
            const isWaiting = info.status !== "upload" || info.expectBlocks.length === 0;
            polls = isWaiting && info.status === previous ? polls + 1 : 1;
            previous = info.status;
            switch (info.status) {
                case "finish":
                    return;
                case "cancel":
                case "timeout":
                case "fail":
                    throw new Closed(info.status);
                case "pause":
                    this.#meter.rest();
                    this.#show("paused");
                    await this.#wait(polls, 5_000);
                    break;
                case "verify":
                    this.#show("verifying");
                    await this.#wait(polls, 2_000);
                    break;
                default:
                    if (info.expectBlocks.length === 0) {
                        await this.#wait(polls, 2_000);
                        break;
                    }
                    this.#show("uploading");
                    await this.#send(info.expectBlocks);
            }
        }
    }

    /** Blocks that are under way may end. */
    pause() {
        this.#queue?.pause();
        this.#show("pausing");
        this.#ask("pause");
    }

    resume() {
        this.#ask("upload");
    }

    /** What the server holds goes, and blocks that are under way are cut. */
    cancel() {
        this.#queue?.pause();
        this.#show("cancelling");
        this.#ask("cancel", () => this.#round?.abort());
    }

    #ask(status, then = () => {}) {
        this.#change = this.#change.then(async () => {
            try {
                await this.#outage.persist(() => api.changeState(this.#task, status));
            } catch (error) {
                // The task came to an end meanwhile: which one, is asked next.
                if (!(error instanceof TaskGone)) throw error;
            }
            then();
        });
        // It is awaited, and so reported, where the task is asked next.
        this.#change.catch(() => {});
        this.#wake.abort();
    }

    async #wait(polls, longest) {
        this.#wake = new AbortController();
        try {
            await pause(Math.min(delay(polls, 0, 1), longest), this.#wake.signal);
        } catch {
            // Somebody pressed a button.
        }
    }

    async #send(missing) {
        const queue = new BlockQueue(missing, this.#size);
        const round = new AbortController();
        [this.#queue, this.#round] = [queue, round];
        try {
            await Promise.all(Array.from({ length: connections }, () => this.#work(queue, round.signal)));
        } catch (error) {
            if (error === round.signal.reason) return;
            if (!(error instanceof TaskGone)) throw error;
            await this.#settle(error);
        } finally {
            // One connection's failure ends the others.
            round.abort();
            this.#queue = undefined;
        }
        // Should the task seem open when asked next, it is not asked in a tight loop.
        if (queue.isPaused) await this.#wait(1, 200);
    }

    async #work(queue, signal) {
        for (let block = queue.next(); block; block = queue.next()) {
            const { outcome, missing } = await this.#outage.persist(() => this.#sendBlock(block, signal), signal);
            if (outcome === "paused") queue.pause();
            else if (outcome === "tooLarge") {
                if (!this.#size.refused(count(block))) {
                    throw new Refused("upload server", "10", "it takes no blocks that are worth sending");
                }
                queue.putBack(block);
            } else queue.add(missing);
        }
    }

    async #sendBlock(block, signal) {
        const blob = this.#file.slice(block.startByte, block.endByte + 1);
        const md5 = await this.#hasher.md5(blob, { signal });
        const began = performance.now();
        try {
            const answer = await api.sendBlock(this.#task, block, blob, md5, {
                signal,
                // A form is a little more than its file.
                sending: (sent) => this.#meter.sending(block, Math.min(sent, blob.size)),
            });
            if (answer.outcome === "stored") {
                this.#size.took(performance.now() - began, blob.size);
                this.#meter.stored(block, blob.size);
            }
            return answer;
        } finally {
            this.#meter.lost(block);
        }
    }

    /** A block was refused for good. Where the task does not say why, a new one is worth a try. */
    async #settle(gone) {
        const info = await this.#outage.persist(() => api.blocksInfo(this.#task));
        if (["upload", "pause"].includes(info.status)) throw gone;
    }
}
