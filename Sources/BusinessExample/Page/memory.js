/** What is kept about unfinished uploads while the page is away. It saves work and nothing depends on it. */

const name = "fupload.uploads";
const visitorName = "fupload.visitor";
/** More than that is of no use to anybody. */
const most = 20;

/** What tells one file of this machine from another, as far as a page may know. */
export const fingerprint = (file) => `${file.name}/${file.size}/${file.lastModified}`;

/** @returns {{key: string, name: string, size: number, md5: string, task: object}[]} the newest first */
export function remembered() {
    try {
        const entries = JSON.parse(localStorage.getItem(name) ?? "[]");
        return Array.isArray(entries) ? entries.filter((entry) => entry?.key && entry.md5 && entry.task) : [];
    } catch {
        // Storage that is closed to us, or holds what is not ours: then nothing is remembered.
        return [];
    }
}

export const recall = (key) => remembered().find((entry) => entry.key === key);

export function remember(entry) {
    store([entry, ...remembered().filter((other) => other.key !== entry.key)].slice(0, most));
}

export function forget(key) {
    store(remembered().filter((entry) => entry.key !== key));
}

/** Whom the business server is told a file is from. A business server of your own knows that by itself. */
export function visitor() {
    try {
        const known = localStorage.getItem(visitorName);
        if (known) return known;
        const made = `visitor-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
        localStorage.setItem(visitorName, made);
        return made;
    } catch {
        return "visitor";
    }
}

function store(entries) {
    try {
        localStorage.setItem(name, JSON.stringify(entries));
    } catch {
        // Full, or closed to us: after a reload the file is hashed anew, and its task found by that.
    }
}
