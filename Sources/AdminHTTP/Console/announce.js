/** What screen readers are told as it happens: changes of state, not each byte that comes. */

const region = document.getElementById("announcements");
/** What is read out takes a while, in ms. */
const interval = 3_000;

let waiting = [];
let timer;

/** @param {(sentences: string[]) => string} many what is said in place of more than three */
export function announce(sentence, many = (sentences) => sentences.join(" ")) {
    waiting.push({ sentence, many });
    timer ??= setTimeout(tell, 100);
}

function tell() {
    timer = undefined;
    if (waiting.length === 0) return;
    const sentences = waiting.map(({ sentence }) => sentence);
    region.textContent = sentences.length > 3 ? waiting.at(-1).many(sentences) : sentences.join(" ");
    waiting = [];
    timer = setTimeout(tell, interval);
}
