/** Reads server-sent events from a body, which `EventSource` could not: it sends no Authorization. */

/**
 * @param {ReadableStream} body
 * @param {() => void} alive called for every piece that comes, comments too
 * @returns {AsyncGenerator<{event: string, data: string}>} ends when the body does
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export async function* events(body, alive) {
    let rest = "";
    let event = "";
    let data = [];
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    try {
        while (true) {
            const { done, value } = await reader.read();
            if (done) return;
            alive();
            // A carriage return at the end may be half of a line's end.
            const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
            rest = lines.pop();
            for (const line of lines) {
                if (line === "") {
                    if (data.length > 0) yield { event: event || "message", data: data.join("\n") };
                    event = "";
                    data = [];
                    continue;
                }
                const [, name, text] = line.match(/^([^:]*):? ?(.*)$/s);
                if (name === "event") event = text;
                if (name === "data") data.push(text);
            }
        }
    } finally {
        await reader.cancel().catch(() => {
            // It is broken, and was to be let go anyway.
        });
    }
}
