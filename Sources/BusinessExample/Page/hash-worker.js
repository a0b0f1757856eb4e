/** Hashes files off the page's own thread, which would stand still for seconds otherwise. */

import { MD5 } from "./md5.js";

const chunkSize = 4 << 20;
const cancelled = new Set();

async function hash(id, blob) {
    const md5 = new MD5();
    const read = (at) => blob.slice(at, at + chunkSize).arrayBuffer();
    let next = read(0);
    for (let at = 0; at < blob.size; at += chunkSize) {
        const bytes = new Uint8Array(await next);
        if (cancelled.delete(id)) return;
        // The disk works while we do.
        if (at + chunkSize < blob.size) next = read(at + chunkSize);
        md5.update(bytes);
        postMessage({ id, done: at + bytes.length });
    }
    await next;
    postMessage({ id, md5: md5.hex() });
}

onmessage = async ({ data }) => {
    if (data.cancel) return void cancelled.add(data.cancel);
    try {
        await hash(data.id, data.blob);
    } catch (error) {
        postMessage({ id: data.id, error: error.name });
    }
};
