/** The question that stands before everything that changes something. */

const element = (id) => document.getElementById(id);
const dialog = element("sure");

/**
 * @param {{title: string, text: string, yes: string, no?: string, isDangerous?: boolean, hasReason?: boolean}} question
 * @returns {Promise<{reason: string} | null>} null where it was thought better of
 */
export function sure({ title, text, yes, no = "Back", isDangerous = false, hasReason = false }) {
    element("sure-title").textContent = title;
    element("sure-text").textContent = text;
    element("yes").textContent = yes;
    element("yes").classList.toggle("danger", isDangerous);
    element("no").textContent = no;
    element("sure-reason").hidden = !hasReason;
    element("reason").value = "";
    // Left so by Escape.
    dialog.returnValue = "no";
    dialog.showModal();
    return new Promise((resolve) => {
        dialog.onclose = () =>
            resolve(dialog.returnValue === "yes" ? { reason: element("reason").value.trim() } : null);
    });
}

// Enter in the reason would press the first button, which says no.
element("reason").onkeydown = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    dialog.close("yes");
};
