/** Uploads a file from the first look at it until it is in place, going on where an earlier page ended. */

import * as api from "./api.js";
import { Closed, TaskGone, Transient } from "./failures.js";
import { fingerprint, forget, recall, remember, visitor } from "./memory.js";
import { Transfer } from "./transfer.js";

export class Upload {
    file;
    md5;
    #key;
    #hasher;
    #outage;
    #meter;
    #show;
    #transfer;
    #end = new AbortController();

    constructor({ file, hasher, outage, meter, show }) {
        this.file = file;
        this.#key = fingerprint(file);
        this.#hasher = hasher;
        this.#outage = outage;
        this.#meter = meter;
        this.#show = show;
    }

    /** Ends when the file is in place. Throws what a person is to be told; unless `Closed`, it can be resumed then. */
    async run() {
        const known = recall(this.#key);
        this.#show(known ? "registering" : "hashing");
        this.md5 = known?.md5 ?? (await this.#hash());
        try {
            if (known && (await this.#isBeingFinished(known.task))) await this.#send(known.task);
            else await this.#registerAndSend();
        } catch (error) {
            if (error instanceof Closed) forget(this.#key);
            throw error;
        }
        forget(this.#key);
    }

    pause() {
        this.#transfer?.pause();
    }

    resume() {
        this.#transfer?.resume();
    }

    cancel() {
        if (this.#transfer) this.#transfer.cancel();
        else this.#end.abort(new Closed("cancel"));
    }

    #hash() {
        return this.#hasher.md5(this.file, {
            signal: this.#end.signal,
            progress: (done) => (this.#meter.acknowledged = done),
        });
    }

    /** Registered again, a file that is complete would get another task, and all of it be sent again. */
    async #isBeingFinished(task) {
        try {
            return ["verify", "finish"].includes((await api.blocksInfo(task, this.#end.signal)).status);
        } catch (error) {
            if (error instanceof TaskGone || error instanceof Transient) return false;
            throw error;
        }
    }

    async #registerAndSend() {
        for (let isFirst = true; ; isFirst = false) {
            const { name: fileName, size: fileSize } = this.file;
            const registration = { userId: visitor(), fileName, fileSize, fileMd5: this.md5 };
            this.#meter.acknowledged = 0;
            this.#show("registering");
            const { signal } = this.#end;
            const task = await this.#outage.persist(() => api.newTask(registration, signal), signal);
            remember({ key: this.#key, name: fileName, size: fileSize, md5: this.md5, task });
            try {
                return await this.#send(task);
            } catch (error) {
                if (!(error instanceof TaskGone && isFirst)) throw error;
            }
        }
    }

    #send(task) {
        this.#transfer = new Transfer({
            file: this.file,
            task,
            hasher: this.#hasher,
            outage: this.#outage,
            meter: this.#meter,
            show: this.#show,
        });
        return this.#transfer.run();
    }
}
