/** The operator's token: known to this tab alone, gone with it, and never part of an address. */

const key = "fupload.admin.token";

class Session extends EventTarget {
    get token() {
        return sessionStorage.getItem(key) ?? "";
    }

    /** Uses it from now on. */
    keep(token) {
        sessionStorage.setItem(key, token);
        this.dispatchEvent(new Event("change"));
    }

    forget() {
        sessionStorage.removeItem(key);
        this.dispatchEvent(new Event("change"));
    }

    /** The server wants a token that this is not. */
    refused() {
        this.dispatchEvent(new Event("refused"));
    }
}

export const session = new Session();
