/** The MD5 of files and of parts of them, worked out by a worker. */

import { Unreadable } from "./failures.js";

export class Hasher {
    #worker = new Worker(new URL("hash-worker.js", import.meta.url), { type: "module" });
    #jobs = new Map();
    #last = 0;

    constructor() {
        this.#worker.onmessage = ({ data }) => this.#answer(data);
        this.#worker.onerror = () => {
            const failure = new Error("The part of this page that hashes files failed. Reload it.");
            for (const job of this.#jobs.values()) job.reject(failure);
            this.#jobs.clear();
        };
    }

    /**
     * Throws `Unreadable` when the file was changed or removed since it was chosen.
     *
     * @param {(done: number) => void} progress told the bytes hashed so far
     */
    md5(blob, { signal, progress } = {}) {
        const id = ++this.#last;
        return new Promise((resolve, reject) => {
            signal?.throwIfAborted();
            const settle = (end) => (value) => {
                signal?.removeEventListener("abort", abort);
                this.#jobs.delete(id);
                end(value);
            };
            const job = { resolve: settle(resolve), reject: settle(reject), progress };
            const abort = () => {
                this.#worker.postMessage({ cancel: id });
                job.reject(signal.reason);
            };
            signal?.addEventListener("abort", abort);
            this.#jobs.set(id, job);
            this.#worker.postMessage({ id, blob });
        });
    }

    #answer({ id, done, md5, error }) {
        const job = this.#jobs.get(id);
        // One that was given up may have answered before it knew.
        if (!job) return;
        if (error) return job.reject(new Unreadable(error));
        if (md5) return job.resolve(md5);
        job.progress?.(done);
    }
}
