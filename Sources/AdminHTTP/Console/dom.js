/** Elements are made here, and texts are put in as texts: what a file is called is never read as markup. */

/**
 * @param {object} properties of the element, or attributes where it has no such property
 * @param {...(Node | string | null | undefined)} children
 */
export function el(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
        if (value === undefined || value === null) continue;
        if (name in element) element[name] = value;
        else element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
}

export function svg(tag, attributes = {}, ...children) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
}

/** Leaves alone what says so already: a selection in it stays, and a screen reader is not told again. */
export function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes the children of `parent` those of `items`, in order. Elements are kept by key, and moved only where they have to
 * be, so that the focus stays where it is.
 */
export function reconcile(parent, items, key, make, update) {
    const names = new Set(items.map((item) => String(key(item))));
    // First of all, or whatever comes after them would have to be moved.
    for (const child of [...parent.children]) if (!names.has(child.dataset.key)) child.remove();
    const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
    let place = parent.firstElementChild;
    for (const item of items) {
        const name = String(key(item));
        let child = old.get(name);
        if (!child) {
            child = make(item);
            child.dataset.key = name;
        }
        if (child === place) place = place.nextElementSibling;
        else parent.insertBefore(child, place);
        update(child, item);
    }
}

/** A term and what is to be said of it, for a `dl`. */
export function fact(term, ...content) {
    return el("div", {}, el("dt", {}, term), el("dd", {}, ...content));
}
